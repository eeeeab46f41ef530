import { CedarError } from '../errors.js';
import { parseJson } from '../json.js';
import type { Schema } from '../schema/schema.js';
import { Entity, type EntityUid, uidText } from '../values/entity.js';
import { ValueReader } from '../values/read-value.js';
import type { RecordValue } from '../values/value.js';

/** An entity of Cedar's JSON entities format. */
export interface EntityJson {
  readonly uid: unknown;
  readonly attrs?: unknown;
  readonly parents?: readonly unknown[];
  readonly tags?: unknown;
}

/**
 * The resident entities that decisions read. One object for each uid; ancestors are kept resolved, so `in` is one
 * look-up however deep the hierarchy.
 *
 * @example
 * const entities = Entities.fromJson([{ uid: { type: 'User', id: 'ana' }, attrs: { level: 3 }, parents: [] }]);
 */
export class Entities {
  private readonly byType = new Map<string, Map<string, Entity>>();

  private constructor() {}

  /**
   * Reads Cedar's JSON entities format, from text or from parsed JSON. With a schema, entities must fit it, and the
   * schema's action hierarchy is added, as the official engine does.
   *
   * @throws {CedarError} `entities` (malformed, duplicate, cyclic, not in the schema) or `json`, with path or position
   */
  static fromJson(
    json: string | readonly EntityJson[],
    options: { readonly schema?: Schema | undefined } = {},
  ): Entities {
    const list = typeof json === 'string' ? parseJson(json) : json;
    if (!Array.isArray(list)) throw new CedarError('entities', 'entities are a list', { path: '$' });
    const entities = new Entities();
    for (const [i, item] of list.entries()) entities.load(item, `$[${i}]`, options.schema);
    for (const { uid, memberOf } of options.schema?.actions ?? []) {
      const action = entities.intern(uid);
      action.exists = true;
      action.parents = new Set([...action.parents, ...memberOf.map((parent) => entities.intern(parent))]);
    }
    entities.resolveAncestors();
    return entities;
  }

  /** The entity of this uid, or undefined when the store has never heard of it. */
  get(uid: EntityUid): Entity | undefined {
    return this.byType.get(uid.type)?.get(uid.id);
  }

  /** The one object of this uid; made, as not existing, when it is new. */
  intern(uid: EntityUid): Entity {
    let ids = this.byType.get(uid.type);
    if (ids === undefined) {
      ids = new Map();
      this.byType.set(uid.type, ids);
    }
    let entity = ids.get(uid.id);
    if (entity === undefined) {
      entity = new Entity(uid.type, uid.id);
      ids.set(uid.id, entity);
    }
    return entity;
  }

  /**
   * The same entities, and some more that hold only for one request. An attribute given here fills in what the store
   * does not hold and never overrides what it does.
   *
   * @throws {CedarError} `request` when the attributes are malformed or do not fit the schema
   */
  withAttributes(uid: EntityUid, attrs: unknown, schema?: Schema): Entity {
    const resident = this.get(uid);
    const filled = new Entity(uid.type, uid.id);
    filled.exists = true;
    filled.parents = resident?.parents ?? filled.parents;
    filled.ancestors = resident?.ancestors ?? filled.ancestors;
    filled.tags = resident?.tags ?? filled.tags;
    const declared = schema?.entityTypes.get(uid.type)?.attributes;
    const reader = new ValueReader('request', (other) => this.get(other) ?? new Entity(other.type, other.id));
    const given = new Map<string, unknown>(Object.entries(reader.object(attrs, `${uidText(uid)}.properties`)));
    const attributes = new Map(resident?.attributes ?? []);
    for (const [name, json] of given) {
      const type = declared?.attributes.get(name)?.type;
      if (attributes.has(name) || (declared !== undefined && type === undefined)) continue;
      attributes.set(name, reader.value(json, type, `${uidText(uid)}.properties.${name}`));
    }
    filled.attributes = attributes;
    return filled;
  }

  /** Every entity that exists. */
  *[Symbol.iterator](): Iterator<Entity> {
    for (const ids of this.byType.values()) for (const entity of ids.values()) if (entity.exists) yield entity;
  }

  private load(json: unknown, path: string, schema: Schema | undefined): void {
    const reader = new ValueReader('entities', (uid) => this.intern(uid));
    const object = reader.object(json, path);
    const uid = reader.uid(object.uid, `${path}.uid`);
    const entity = this.intern(uid);
    if (entity.exists) reader.fail(path, `the entity ${uidText(uid)} is given twice`);
    const isAction = schema?.action(uid) !== undefined;
    const declared = schema?.entityTypes.get(uid.type);
    if (schema !== undefined && declared === undefined && !isAction) {
      reader.fail(path, `the entity type ${uid.type} is not declared in the schema`);
    }
    if (declared?.ids !== undefined && !declared.ids.has(uid.id)) {
      reader.fail(path, `${uidText(uid)} is not one of the ids that the schema enumerates`);
    }
    entity.exists = true;
    entity.attributes = reader.record(object.attrs ?? {}, declared?.attributes, `${path}.attrs`);
    entity.tags = this.readTags(reader, object.tags ?? {}, declared?.tags, `${path}.tags`);
    const parents = object.parents ?? [];
    if (!Array.isArray(parents)) reader.fail(`${path}.parents`, 'the parents are a list');
    entity.parents = new Set(
      (parents as unknown[]).map((parent, i) => {
        const parentUid = reader.uid(parent, `${path}.parents[${i}]`);
        if (declared !== undefined && !declared.memberOf.has(parentUid.type)) {
          reader.fail(`${path}.parents[${i}]`, `the schema does not let ${uid.type} be in ${parentUid.type}`);
        }
        return this.intern(parentUid);
      }),
    );
  }

  private readTags(
    reader: ValueReader,
    json: unknown,
    type: Parameters<ValueReader['value']>[1],
    path: string,
  ): RecordValue {
    return new Map(
      Object.entries(reader.object(json, path)).map(([name, tag]) => [
        name,
        reader.value(tag, type, `${path}.${name}`),
      ]),
    );
  }

  /** Depth first, each entity once, without recursion: a hierarchy may be deeper than the stack. */
  private resolveAncestors(): void {
    const done = new Set<Entity>();
    const open = new Set<Entity>();
    for (const ids of this.byType.values()) {
      for (const start of ids.values()) {
        const stack = [start];
        while (stack.length > 0) {
          const entity = stack[stack.length - 1] as Entity;
          if (!done.has(entity) && !open.has(entity)) {
            open.add(entity);
            for (const parent of entity.parents) {
              if (open.has(parent)) throw cycle(parent);
              if (!done.has(parent)) stack.push(parent);
            }
            continue;
          }
          stack.pop();
          if (open.delete(entity)) {
            done.add(entity);
            if (entity.parents.size > 0) entity.ancestors = union(entity.parents);
          }
        }
      }
    }
  }
}

function union(parents: ReadonlySet<Entity>): Set<Entity> {
  const ancestors = new Set(parents);
  for (const parent of parents) for (const ancestor of parent.ancestors) ancestors.add(ancestor);
  return ancestors;
}

function cycle(at: Entity): CedarError {
  return new CedarError('entities', `${uidText(at)} is its own ancestor`, {
    help: 'the hierarchy of entities has no cycles; remove one of the parents',
  });
}
