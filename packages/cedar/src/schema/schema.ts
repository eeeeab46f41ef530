import * as official from '#official';
import { CedarError, positionAt } from '../errors.js';
import { tokenPattern } from '../policy/lexical.js';
import { Nesting } from '../policy/nesting.js';
import { utf16Offset } from '../policy/read-text.js';
import { finish, type Steps } from '../steps.js';
import { type EntityUid, uidText } from '../values/uid.js';
import { checkExpansion } from './expansion.js';
import type { CedarType, RecordType } from './types.js';

export interface EntityTypeDeclaration {
  readonly memberOf: ReadonlySet<string>;
  readonly attributes: RecordType;
  readonly tags: CedarType | undefined;
  /** The allowed ids of an enumerated type. */
  readonly ids: ReadonlySet<string> | undefined;
}

export interface ActionDeclaration {
  readonly uid: EntityUid;
  readonly memberOf: readonly EntityUid[];
  readonly principalTypes: ReadonlySet<string>;
  readonly resourceTypes: ReadonlySet<string>;
  readonly context: RecordType;
}

type Json = Readonly<Record<string, unknown>>;
const EMPTY_RECORD: RecordType = { kind: 'record', attributes: new Map() };
const BUILT_IN: Readonly<Record<string, CedarType>> = {
  Long: { kind: 'long' },
  String: { kind: 'string' },
  Boolean: { kind: 'bool' },
  Bool: { kind: 'bool' },
  ipaddr: { kind: 'extension', name: 'ipaddr' },
  decimal: { kind: 'extension', name: 'decimal' },
  datetime: { kind: 'extension', name: 'datetime' },
  duration: { kind: 'extension', name: 'duration' },
};

/** A schema as plain data, with every name resolved. */
export interface ResolvedSchema {
  readonly text: string;
  /** Its definitions by namespace, in Cedar's JSON form. */
  readonly namespaces: Json;
}

/** A Cedar schema with every type resolved: what entities and requests may look like. */
export class Schema {
  readonly entityTypes: ReadonlyMap<string, EntityTypeDeclaration>;
  private readonly declared: readonly ActionDeclaration[];
  /** By type, then by id: looked up with every request. */
  private readonly actionsByType = new Map<string, Map<string, ActionDeclaration>>();

  private constructor(
    entityTypes: Map<string, EntityTypeDeclaration>,
    actions: Map<string, ActionDeclaration>,
    /** The schema in Cedar syntax, for the official validator. */
    readonly text: string,
  ) {
    this.entityTypes = entityTypes;
    this.declared = [...actions.values()];
    for (const action of this.declared) {
      const { type, id } = action.uid;
      const byId = this.actionsByType.get(type) ?? new Map<string, ActionDeclaration>();
      this.actionsByType.set(type, byId.set(id, action));
    }
  }

  /**
   * Reads a schema from Cedar text or from its JSON form.
   *
   * @throws {CedarError} `schema`, with the position when it was text
   */
  static parse(schema: string | object): Schema {
    return finish(Schema.reading(Schema.resolve(typeof schema === 'string' ? schema : schemaText(schema))));
  }

  /** Resolves the names of a schema text: the part of {@link parse} that the official engine does. @throws {CedarError} `schema` */
  static resolve(text: string): ResolvedSchema {
    checkNesting(text);
    checkExpansion(text);
    // A schema that parses can still name a type that is not there; only this call tells.
    const checked = official.checkParseSchema(text);
    if (checked.type === 'failure') throw schemaError(text, checked.errors);
    const answer = official.schemaToJsonWithResolvedTypes(text);
    if (answer.type === 'failure') throw schemaError(text, answer.errors);
    return { text, namespaces: answer.json as unknown as Json };
  }

  /** Reads a schema that was resolved, step by step, for a caller that does other work in between. @throws {CedarError} `schema` */
  static *reading({ text, namespaces }: ResolvedSchema): Steps<Schema> {
    const reader = new SchemaReader(namespaces);
    return new Schema(yield* reader.entityTypes(), yield* reader.actions(), text);
  }

  action(uid: EntityUid): ActionDeclaration | undefined {
    return this.actionsByType.get(uid.type)?.get(uid.id);
  }

  /** Returns whether a uid is of an enumerated type that does not have its id (RFC 53). */
  isOutsideEnumeration({ type, id }: EntityUid): boolean {
    return this.entityTypes.get(type)?.ids?.has(id) === false;
  }

  get actions(): Iterable<ActionDeclaration> {
    return this.declared;
  }
}

const TOKEN = tokenPattern();

function checkNesting(text: string): void {
  if (!text.isWellFormed()) throw new CedarError('schema', 'the text contains half of a surrogate pair');
  const nesting = new Nesting(text, 'schema');
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith('//')) continue;
    // A type parameter nests as brackets do.
    nesting.token(token === '<' ? '[' : token === '>' ? ']' : token, index);
  }
}

function schemaText(schema: object): string {
  if (depthOf(schema) > 60) throw new CedarError('schema', 'the schema nests too deep');
  const answer = official.schemaToText(schema as official.Schema);
  if (answer.type === 'failure') throw schemaError(undefined, answer.errors);
  return answer.text;
}

/** Without recursion: the schema may be deeper than the stack. */
function depthOf(json: object): number {
  let deepest = 0;
  const stack: [object, number][] = [[json, 1]];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const [node, depth] = top;
    deepest = Math.max(deepest, depth);
    if (deepest > 1_000) break;
    for (const child of Object.values(node))
      if (typeof child === 'object' && child !== null) stack.push([child as object, depth + 1]);
  }
  return deepest;
}

function schemaError(text: string | undefined, errors: readonly official.DetailedError[]): CedarError {
  const error = errors[0];
  const location = error?.sourceLocations?.[0];
  const position =
    text === undefined || location === undefined ? undefined : positionAt(text, utf16Offset(text, location.start));
  return new CedarError('schema', error?.message ?? 'this schema does not parse', {
    position,
    help: error?.help ?? location?.label ?? undefined,
  });
}

class SchemaReader {
  private readonly common = new Map<string, Json>();
  private readonly resolved = new Map<string, CedarType>();
  private enumerated: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  constructor(private readonly namespaces: Json) {
    for (const [namespace, definition] of this.definitions()) {
      for (const [name, type] of Object.entries((definition.commonTypes ?? {}) as Json)) {
        this.common.set(qualify(namespace, name), type as Json);
      }
    }
  }

  private definitions(): [string, Json][] {
    return Object.entries(this.namespaces) as [string, Json][];
  }

  *entityTypes(): Steps<Map<string, EntityTypeDeclaration>> {
    const out = new Map<string, EntityTypeDeclaration>();
    for (const [namespace, definition] of this.definitions()) {
      for (const [name, entity] of Object.entries((definition.entityTypes ?? {}) as Record<string, Json>)) {
        const shape = entity.shape === undefined ? EMPTY_RECORD : this.type(entity.shape as Json);
        out.set(qualify(namespace, name), {
          memberOf: new Set((entity.memberOfTypes ?? []) as string[]),
          attributes: shape as RecordType,
          tags: entity.tags === undefined ? undefined : this.type(entity.tags as Json),
          ids: this.idsOf(qualify(namespace, name)),
        });
        yield;
      }
    }
    return out;
  }

  *actions(): Steps<Map<string, ActionDeclaration>> {
    const out = new Map<string, ActionDeclaration>();
    for (const [namespace, definition] of this.definitions()) {
      for (const [id, action] of Object.entries((definition.actions ?? {}) as Record<string, Json>)) {
        const uid = { type: qualify(namespace, 'Action'), id };
        const appliesTo = (action.appliesTo ?? {}) as Json;
        const context = appliesTo.context;
        out.set(uidText(uid), {
          uid,
          memberOf: ((action.memberOf ?? []) as { id: string; type?: string }[]).map((parent) => ({
            type: parent.type ?? uid.type,
            id: parent.id,
          })),
          principalTypes: new Set((appliesTo.principalTypes ?? []) as string[]),
          resourceTypes: new Set((appliesTo.resourceTypes ?? []) as string[]),
          context: context === undefined ? EMPTY_RECORD : (this.type(context as Json) as RecordType),
        });
        yield;
      }
    }
    return out;
  }

  /** The ids of an enumerated entity type (RFC 53); undefined if it is not one. */
  private idsOf(name: string): ReadonlySet<string> | undefined {
    this.enumerated ??= new Map(
      this.definitions().flatMap(([namespace, { entityTypes }]) =>
        Object.entries((entityTypes ?? {}) as Record<string, Json>)
          .filter(([, entity]) => entity.enum !== undefined)
          .map(([type, entity]) => [qualify(namespace, type), new Set(entity.enum as string[])] as const),
      ),
    );
    return this.enumerated.get(name);
  }

  private type(json: Json): CedarType {
    const name = json.type as string;
    switch (name) {
      case 'Set':
        return { kind: 'set', element: this.type(json.element as Json) };
      case 'Record': {
        const attributes = new Map<string, { type: CedarType; required: boolean }>();
        for (const [key, value] of Object.entries((json.attributes ?? {}) as Record<string, Json>)) {
          attributes.set(key, { type: this.type(value), required: value.required !== false });
        }
        return { kind: 'record', attributes };
      }
      case 'Entity':
        return { kind: 'entity', name: json.name as string, ids: this.idsOf(json.name as string) };
      case 'Extension':
        return this.named(json.name as string);
      default:
        return this.named(name === 'EntityOrCommon' ? (json.name as string) : name);
    }
  }

  private named(name: string): CedarType {
    const done = this.resolved.get(name);
    if (done !== undefined) return done;
    const common = this.common.get(name);
    const type = common === undefined ? builtIn(name.replace(/^__cedar::/, '')) : this.type(common);
    if (type === undefined) throw new CedarError('schema', `the type \`${name}\` is not declared`);
    this.resolved.set(name, type);
    return type;
  }
}

function builtIn(name: string): CedarType | undefined {
  return Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
}

function qualify(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}::${name}`;
}
