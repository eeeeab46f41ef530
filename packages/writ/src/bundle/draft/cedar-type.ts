import { cedarText } from './cedar-text.js';
import { isSchema, type JsonSchema, listIn, recordIn, referred } from './json-schema.js';

/** The most parts of one schema that are looked at: references can be written so that a few lines stand for millions. */
const MAX_PARTS = 2_000;
const MAX_DEPTH = 8;

/** Members of a schema that say nothing of the type. */
const NOTES: ReadonlySet<string> = new Set(
  '$ref allOf title description default examples example deprecated readOnly writeOnly $comment'.split(' '),
);
/** Names that Cedar's JSON format, or an object of JavaScript, has a meaning of its own for. */
const TAKEN: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr', '__proto__']);

/**
 * Returns the type that Cedar has for what a JSON Schema admits, as the text of a schema; undefined if Cedar has none. A type that is
 * too narrow would deny calls, so that a schema that is not read whole has none.
 */
export function cedarTypeOf(schema: unknown, root: unknown = schema): string | undefined {
  return new Reader(root).typeOf(schema, 0);
}

/** Returns whether Cedar can have an attribute of this name. */
export function canBeAttribute(name: string): boolean {
  return !TAKEN.has(name);
}

class Reader {
  private parts = 0;

  constructor(private readonly root: unknown) {}

  typeOf(schema: unknown, depth: number): string | undefined {
    this.parts += 1;
    if (depth > MAX_DEPTH || this.parts > MAX_PARTS || !isSchema(schema)) return undefined;
    const { $ref, type, enum: values, anyOf, oneOf, allOf } = schema;
    const isAlone = Object.keys(schema).every((key) => NOTES.has(key));
    if (typeof $ref === 'string') return isAlone ? this.typeOf(referred($ref, this.root), depth + 1) : undefined;
    if (allOf !== undefined) {
      const [only, ...more] = listIn(allOf);
      return isAlone && more.length === 0 ? this.typeOf(only, depth + 1) : undefined;
    }
    const choices = anyOf ?? oneOf;
    if (Array.isArray(choices)) return this.sameOf(choices, depth);
    if (Array.isArray(type))
      return this.sameOf(
        type.map((one) => ({ ...schema, type: one as unknown })),
        depth,
      );
    const listed = listIn(values).filter((value) => value !== null);
    if (listed.length > 0 && listed.every((value) => typeof value === 'string')) return 'String';
    return this.plainType(schema, depth);
  }

  private plainType(schema: JsonSchema, depth: number): string | undefined {
    switch (schema.type) {
      case 'string':
        return 'String';
      case 'integer':
        return 'Long';
      case 'boolean':
        return 'Bool';
      case 'array': {
        if (schema.prefixItems !== undefined || admitsNull(schema.items, this.root)) return undefined;
        const element = this.typeOf(schema.items, depth + 1);
        return element === undefined ? undefined : `Set<${element}>`;
      }
      case 'object':
        return isClosed(schema) ? this.recordType(schema, depth) : undefined;
      default:
        return undefined;
    }
  }

  /** `null` is the absence of an attribute. */
  private sameOf(choices: readonly unknown[], depth: number): string | undefined {
    const others = choices.filter((choice) => !isSchema(choice) || choice.type !== 'null');
    const types = new Set(others.map((choice) => this.typeOf(choice, depth + 1)));
    const [type] = types;
    return types.size === 1 ? type : undefined;
  }

  private recordType({ properties, required }: JsonSchema, depth: number): string | undefined {
    const known = Object.entries(recordIn(properties));
    if (known.length === 0) return undefined;
    const needed = listIn(required);
    const attributes: string[] = [];
    for (const [name, schema] of known) {
      const type = canBeAttribute(name) ? this.typeOf(schema, depth + 1) : undefined;
      if (type === undefined) return undefined;
      attributes.push(
        `${cedarText(name)}${needed.includes(name) && !admitsNull(schema, this.root) ? '' : '?'}: ${type}`,
      );
    }
    return `{ ${attributes.join(', ')} }`;
  }
}

/** Returns whether a record has the members that `properties` says and no others: one of whatever names has no type. */
function isClosed({ additionalProperties, patternProperties, if: condition, dependentSchemas }: JsonSchema): boolean {
  const others = [patternProperties, condition, dependentSchemas];
  return (
    (additionalProperties === undefined || additionalProperties === false) && others.every((one) => one === undefined)
  );
}

/** Returns whether an argument may be `null`, which is as if it were not there. */
export function admitsNull(schema: unknown, root: unknown): boolean {
  const { $ref } = recordIn(schema);
  const {
    type,
    anyOf,
    oneOf,
    enum: values,
    nullable,
  } = recordIn(typeof $ref === 'string' ? referred($ref, root) : schema);
  if (nullable === true || type === 'null' || listIn(values).includes(null)) return true;
  if (Array.isArray(type)) return type.includes('null');
  return listIn(anyOf ?? oneOf).some((choice) => recordIn(choice).type === 'null');
}
