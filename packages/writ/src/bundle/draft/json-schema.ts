/** A JSON Schema as a server writes it: anything. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The arguments that a schema of a tool's input has, wherever in the schema they are said. */
interface ListedArguments {
  /** All that is said of each argument, by its name. */
  readonly of: ReadonlyMap<string, readonly unknown[]>;
  /** The arguments that every call has. */
  readonly required: ReadonlySet<string>;
  /** Whether it takes arguments whose names it does not say. */
  readonly isOpen: boolean;
  /** The parts that cannot be read: a reference to elsewhere, or too many. */
  readonly unread: readonly string[];
}

const MAX_DEPTH = 12;
/** References can be written so that a few lines stand for millions. */
const MAX_PARTS = 5_000;

/**
 * Reads the arguments of a tool: under `properties`, and under `$ref`, `allOf`, `anyOf`, `oneOf`, `if`, `then`, `else` and
 * `dependentSchemas` at the root. An argument that only one of several choices has is not required.
 */
export function argumentsIn(root: unknown): ListedArguments {
  const of = new Map<string, unknown[]>();
  const required = new Set<string>();
  const unread = new Set<string>();
  let [isOpen, parts] = [false, 0];
  const collect = (schema: unknown, isNeeded: boolean, depth: number): void => {
    parts += 1;
    if (!isSchema(schema)) return;
    if (depth > MAX_DEPTH || parts > MAX_PARTS) {
      unread.add('what is nested too deep');
      return;
    }
    if (typeof schema.$ref === 'string') {
      const found = referred(schema.$ref, root);
      if (found === undefined) unread.add(schema.$ref);
      else collect(found, isNeeded, depth + 1);
    }
    for (const [name, one] of Object.entries(recordIn(schema.properties))) of.set(name, [...(of.get(name) ?? []), one]);
    if (isNeeded) for (const name of listIn(schema.required)) if (typeof name === 'string') required.add(name);
    for (const one of listIn(schema.allOf)) collect(one, isNeeded, depth + 1);
    for (const one of [...listIn(schema.anyOf), ...listIn(schema.oneOf)]) collect(one, false, depth + 1);
    for (const one of [schema.if, schema.then, schema.else]) collect(one, false, depth + 1);
    for (const one of Object.values(recordIn(schema.dependentSchemas))) collect(one, false, depth + 1);
    const { additionalProperties: more, patternProperties: patterns } = schema;
    isOpen ||= more === true || isSchema(more) || Object.keys(recordIn(patterns)).length > 0;
  };
  collect(root, true, 0);
  return { of, required: new Set([...required].filter((name) => of.has(name))), isOpen, unread: [...unread] };
}

/** Returns the part of a schema that a reference within it names (`#/$defs/Name`); undefined if it names another place. */
export function referred(ref: string, root: unknown): unknown {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let at = root;
  for (const part of ref.slice(2).split('/')) {
    const name = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as JsonSchema)[name] : undefined;
  }
  return at;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Returns the texts by which a schema says what a value is: its type, its format, its description, those of what it is made of. */
export function saidOf(
  schema: unknown,
  root: unknown,
): { types: ReadonlySet<string>; formats: ReadonlySet<string>; text: string } {
  const types = new Set<string>();
  const formats = new Set<string>();
  const texts: string[] = [];
  let parts = 0;
  const collect = (one: unknown, depth: number): void => {
    parts += 1;
    if (!isSchema(one) || depth > 6 || parts > 100) return;
    for (const type of [one.type].flat()) if (typeof type === 'string' && type !== 'null') types.add(type);
    if (typeof one.format === 'string') formats.add(one.format);
    for (const text of [one.title, one.description]) if (typeof text === 'string') texts.push(text.slice(0, 2_000));
    if (typeof one.$ref === 'string') collect(referred(one.$ref, root), depth + 1);
    for (const part of [...listIn(one.anyOf), ...listIn(one.oneOf), ...listIn(one.allOf)]) collect(part, depth + 1);
    if (isSchema(one.items)) collect(one.items, depth + 1);
  };
  collect(schema, 0);
  return { types, formats, text: texts.join(' ') };
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function recordIn(value: unknown): JsonSchema {
  return isSchema(value) ? value : {};
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
