import { CedarError } from '../errors.js';
import { parseJson } from '../json.js';
import type { Schema } from '../schema/schema.js';
import type { Steps } from '../steps.js';
import { ValueReader } from '../values/read-value.js';
import { type EntityUid, outsideEnumeration, uidText } from '../values/uid.js';
import { Entity, type RecordValue, type Value } from '../values/value.js';
import { WithheldAttributes } from '../values/withheld.js';
import { resolveAncestors } from './hierarchy.js';

/** An entity of Cedar's JSON entities format. */
export interface EntityJson {
  readonly uid: EntityUid | { readonly __entity: EntityUid };
  readonly attrs?: object;
  readonly parents?: readonly (EntityUid | { readonly __entity: EntityUid })[];
  readonly tags?: object;
}

export interface EntitiesOptions {
  /** With a schema, every entity must fit it, and its action hierarchy is part of the store. */
  readonly schema?: Schema | undefined;
  /** The attributes of an entity of which nothing is stored: {@link WithheldAttributes}, where not to know is not to have none. */
  readonly unknown?: ((uid: EntityUid) => RecordValue | undefined) | undefined;
}

/** A change that has been read and checked, and not yet made. */
interface Staged {
  readonly entity: Entity;
  readonly attributes: RecordValue;
  readonly tags: RecordValue;
  readonly parents: ReadonlySet<Entity>;
}

/** A change that can be made as it is read, as long as no other is made first. */
export interface PreparedChange {
  /**
   * Makes it.
   *
   * @returns the new revision
   * @throws {Error} when the store has changed since it was prepared
   */
  apply(): number;
}

/** How many entities one step of {@link Entities.loading} reads. */
const LOADED_AT_ONCE = 50;
const NOTHING: RecordValue = new Map();
const NONE: ReadonlySet<Entity> = new Set();

/**
 * The resident entities that decisions read. One object for each uid; ancestors are kept resolved, so `in` is one
 * look-up however deep the hierarchy. A change is made whole or not at all, and no decision sees half of one.
 *
 * @example
 * const entities = Entities.fromJson([{ uid: { type: 'User', id: 'ana' }, attrs: { level: 3 }, parents: [] }]);
 * entities.upsert([{ uid: { type: 'User', id: 'ana' }, attrs: { level: 4 } }]);
 * entities.remove([{ type: 'User', id: 'ana' }]);
 */
export class Entities {
  private readonly byType = new Map<string, Map<string, Entity>>();
  /** Who has an entity as a parent. Built when the hierarchy first changes: a store that is only read needs it not. */
  private children: Map<Entity, Set<Entity>> | undefined;
  /** Most entities have one parent, and few different ones: one set serves all of the same. */
  private readonly onlyParents = new Map<Entity, ReadonlySet<Entity>>();
  /** Made by {@link withValues}, and referred to by nothing. */
  private readonly loose = new Set<Entity>();
  private changes = 0;
  private count = 0;

  private readonly schema: Schema | undefined;
  private readonly unknown: EntitiesOptions['unknown'];

  private constructor({ schema, unknown }: EntitiesOptions) {
    this.schema = schema;
    this.unknown = unknown;
  }

  /**
   * Reads Cedar's JSON entities format, from text or from parsed JSON.
   *
   * @throws {CedarError} `entities` (malformed, duplicate, cyclic, not in the schema) or `json`, with path or position
   */
  static fromJson(json: string | readonly EntityJson[], options: EntitiesOptions = {}): Entities {
    const entities = new Entities(options);
    entities.apply(entities.withActions(entities.stageAll(listOf(json))));
    return entities;
  }

  /**
   * Reads the same step by step, for a caller that does other work in between.
   *
   * @throws {CedarError} as {@link fromJson}, but `json`
   */
  static *loading(list: readonly EntityJson[], options: EntitiesOptions): Steps<Entities> {
    const entities = new Entities(options);
    const isAction = ({ uid }: EntityJson): boolean =>
      options.schema?.action('__entity' in uid ? uid.__entity : uid) !== undefined;
    const seen = new Set<Entity>();
    // Data about an action is joined with the schema's.
    entities.apply(entities.withActions(entities.stageAll(list.filter(isAction), seen)));
    for (let i = 0; i < list.length; i += LOADED_AT_ONCE) {
      yield;
      const some = list.slice(i, i + LOADED_AT_ONCE).filter((entity) => !isAction(entity));
      entities.apply(entities.stageAll(some, seen));
    }
    return entities;
  }

  /** Goes up with every change. Two equal numbers: nothing has changed in between, but values that were put in by {@link withValues}. */
  get revision(): number {
    return this.changes;
  }

  /** How many entities exist. */
  get size(): number {
    return this.count;
  }

  /** The entity of this uid, or undefined when the store has never heard of it. */
  get(uid: EntityUid): Entity | undefined {
    return this.byType.get(uid.type)?.get(uid.id);
  }

  /** The one object of this uid; made, as not existing, when it is new. */
  intern(uid: EntityUid): Entity {
    const entity = this.internLoose(uid);
    // Whoever asks for it may keep it.
    if (this.loose.size > 0) this.loose.delete(entity);
    return entity;
  }

  private internLoose(uid: EntityUid): Entity {
    let ids = this.byType.get(uid.type);
    if (ids === undefined) {
      ids = new Map();
      this.byType.set(uid.type, ids);
    }
    let entity = ids.get(uid.id);
    if (entity === undefined) {
      entity = new Entity(uid.type, uid.id, true);
      entity.attributes = this.unknown?.(entity) ?? entity.attributes;
      ids.set(uid.id, entity);
    }
    return entity;
  }

  /** The entities of a type that exist. */
  *ofType(type: string): IterableIterator<Entity> {
    for (const entity of this.byType.get(type)?.values() ?? []) if (entity.exists) yield entity;
  }

  /** Every entity that exists. */
  *[Symbol.iterator](): IterableIterator<Entity> {
    for (const type of this.byType.keys()) yield* this.ofType(type);
  }

  /**
   * Adds entities, or puts them in the place of those with the same uid. All or none.
   *
   * @returns the new revision
   * @throws {CedarError} `entities` when one is malformed, given twice, not in the schema, or would close a cycle
   */
  upsert(entities: readonly EntityJson[]): number {
    return this.prepare(entities).apply();
  }

  /**
   * Reads and checks a change without making it, for a caller that has to store it before it may take effect.
   *
   * @param removed is taken out, as by {@link remove}
   * @throws {CedarError} as {@link upsert}
   */
  prepare(entities: readonly EntityJson[], removed: readonly EntityUid[] = []): PreparedChange {
    const staged = this.stageAll(entities);
    const given = new Set(staged.map(({ entity }) => entity));
    const gone = [...new Set(removed.map((uid) => this.get(uid)))].filter(
      (entity): entity is Entity => entity?.exists === true && !given.has(entity),
    );
    const all = [...staged, ...gone.map((entity) => ({ entity, attributes: NOTHING, tags: NOTHING, parents: NONE }))];
    const ancestors = this.ancestorsAfter(all);
    const { changes } = this;
    return {
      apply: () => {
        if (this.changes !== changes) throw new Error('the entities have changed since this change was prepared');
        this.make(all, ancestors);
        for (const entity of gone) {
          entity.exists = false;
          entity.attributes = this.unknown?.(entity) ?? NOTHING;
          this.count -= 1;
        }
        return this.changes;
      },
    };
  }

  /**
   * The same, for many at once and from text: bulk import, in batches of some tens of thousands.
   *
   * @throws {CedarError} as {@link upsert}, and `json`
   */
  load(json: string): number {
    return this.apply(this.stageAll(listOf(json)));
  }

  /**
   * Takes entities out. What refers to one still does, as to an entity that does not exist; what was in one is still in
   * it, and no longer in what it was in. A uid that is not there is no error.
   *
   * @returns the new revision
   */
  remove(uids: readonly EntityUid[]): number {
    return this.prepare([], uids).apply();
  }

  /**
   * Values of attributes of a type, read and checked as an entity's are; for {@link withValues}.
   *
   * @throws {CedarError} `entities` when one is malformed or not of its declared type
   */
  values(type: string, attrs: object): RecordValue {
    const reader = new ValueReader('entities', (uid) => this.intern(uid));
    const declared = this.schema?.entityTypes.get(type)?.attributes;
    const values = new Map<string, Value>();
    for (const [name, json] of Object.entries(reader.object(attrs, '$'))) {
      const attribute = declared?.attributes.get(name);
      if (declared !== undefined && attribute === undefined)
        reader.fail(`$.${name}`, `the schema has no attribute ${name} of ${type}`);
      values.set(name, reader.value(json, attribute?.type, `$.${name}`));
    }
    return values;
  }

  /**
   * Values of tags of a type, read and checked as an entity's are.
   *
   * @throws {CedarError} `entities` when one is malformed or not of its declared type
   */
  tags(type: string, tags: object): RecordValue {
    const reader = new ValueReader('entities', (uid) => this.intern(uid));
    const declared = this.schema?.entityTypes.get(type)?.tags;
    return new Map(
      Object.entries(reader.object(tags, '$')).map(([name, json]) => [name, reader.value(json, declared, `$.${name}`)]),
    );
  }

  /**
   * Puts these attributes in the place of all that an entity has. What it is in does not change.
   *
   * @param exists false for one of which it is known that there is none
   */
  withValues(uid: EntityUid, attributes: RecordValue, exists = true): Entity {
    const isNew = this.get(uid) === undefined;
    const entity = this.internLoose(uid);
    if (isNew) this.loose.add(entity);
    if (entity.exists !== exists) this.count += exists ? 1 : -1;
    entity.exists = exists;
    entity.attributes = attributes;
    return entity;
  }

  /** Takes out what {@link withValues} put in and nothing else says of an entity; what nothing refers to takes no room then. */
  withoutValues(uid: EntityUid): void {
    const entity = this.get(uid);
    if (entity === undefined) return;
    if (entity.exists) this.count -= 1;
    entity.exists = false;
    entity.attributes = this.unknown?.(entity) ?? NOTHING;
    if (this.loose.delete(entity)) this.byType.get(uid.type)?.delete(uid.id);
  }

  /** Everything that is in the entity, directly or not. */
  descendants(entity: Entity): ReadonlySet<Entity> {
    const children = this.childIndex();
    const direct = children.get(entity) ?? NONE;
    if (!hasKeyOf(children, direct)) return direct;
    const found = new Set<Entity>();
    const stack = [entity];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const child of children.get(at) ?? []) {
        if (found.has(child)) continue;
        found.add(child);
        stack.push(child);
      }
    }
    return found;
  }

  /**
   * An entity as one request sees it: an attribute given here fills in what the store does not hold and never overrides
   * what it does, nor one that is withheld. The store is not changed.
   *
   * @throws {CedarError} `request` when the attributes are malformed or do not fit the schema
   */
  withAttributes(uid: EntityUid, attrs: object): Entity {
    const resident = this.get(uid);
    const filled = new Entity(uid.type, uid.id);
    filled.exists = true;
    filled.parents = resident?.parents ?? NONE;
    filled.ancestors = resident?.ancestors ?? NONE;
    filled.tags = resident?.tags ?? NOTHING;
    const declared = this.schema?.entityTypes.get(uid.type)?.attributes;
    const reader = new ValueReader('request', (other) => this.get(other) ?? new Entity(other.type, other.id));
    const held = resident?.attributes ?? NOTHING;
    const isWithheld = held instanceof WithheldAttributes ? held.withheld : undefined;
    const attributes: Map<string, Value> = held instanceof WithheldAttributes ? held.copy() : new Map(held);
    for (const [name, json] of Object.entries(reader.object(attrs, `${uidText(uid)}.properties`))) {
      const type = declared?.attributes.get(name)?.type;
      if (isWithheld?.has(name) === true || attributes.has(name) || (declared !== undefined && type === undefined))
        continue;
      attributes.set(name, reader.value(json, type, `${uidText(uid)}.properties.${name}`));
    }
    filled.attributes = attributes;
    return filled;
  }

  private stageAll(list: readonly unknown[], seen = new Set<Entity>()): Staged[] {
    return list.map((item, i) => {
      const staged = this.stage(item, `$[${i}]`);
      if (seen.has(staged.entity)) {
        throw new CedarError('entities', `$[${i}]: the entity ${uidText(staged.entity)} is given twice`, {
          path: `$[${i}]`,
        });
      }
      seen.add(staged.entity);
      return staged;
    });
  }

  private stage(json: unknown, path: string): Staged {
    const reader = new ValueReader('entities', (uid) => this.intern(uid));
    const object = reader.members(json, path, ['uid'], ['attrs', 'parents', 'tags']);
    const uid = reader.uid(object.uid, `${path}.uid`);
    const declared = this.schema?.entityTypes.get(uid.type);
    if (this.schema !== undefined && declared === undefined && this.schema.action(uid) === undefined) {
      reader.fail(path, `the entity type ${uid.type} is not declared in the schema`);
    }
    if (declared?.ids !== undefined && !declared.ids.has(uid.id)) {
      reader.fail(path, outsideEnumeration(uid));
    }
    // A member that is null is not one that is left out.
    const { attrs = {}, parents = [], tags: given = {} } = object;
    if (!Array.isArray(parents)) reader.fail(`${path}.parents`, 'the parents are a list');
    const attributes = reader.record(attrs, declared?.attributes, `${path}.attrs`);
    const tags = this.readTags(reader, given, declared?.tags, `${path}.tags`);
    const parentEntities = (parents as unknown[]).map((parent, i) => {
      const parentUid = reader.uid(parent, `${path}.parents[${i}]`);
      if (declared !== undefined && !declared.memberOf.has(parentUid.type)) {
        reader.fail(`${path}.parents[${i}]`, `the schema does not let ${uid.type} be in ${parentUid.type}`);
      }
      if (this.schema?.isOutsideEnumeration(parentUid) === true) {
        reader.fail(`${path}.parents[${i}]`, outsideEnumeration(parentUid));
      }
      return this.intern(parentUid);
    });
    return {
      entity: this.intern(uid),
      attributes: attributes.size === 0 ? NOTHING : attributes,
      tags: tags.size === 0 ? NOTHING : tags,
      parents: this.parentSet(parentEntities),
    };
  }

  private parentSet(parents: readonly Entity[]): ReadonlySet<Entity> {
    const [only] = parents;
    if (only === undefined) return NONE;
    if (parents.length > 1) return new Set(parents);
    let shared = this.onlyParents.get(only);
    if (shared === undefined) {
      shared = new Set(parents);
      this.onlyParents.set(only, shared);
    }
    return shared;
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

  /** The schema's actions, with what the data says of them joined in. */
  private withActions(staged: readonly Staged[]): Staged[] {
    const byEntity = new Map(staged.map((one) => [one.entity, one]));
    for (const { uid, memberOf } of this.schema?.actions ?? []) {
      const entity = this.intern(uid);
      const given = byEntity.get(entity) ?? { entity, attributes: NOTHING, tags: NOTHING, parents: NONE };
      const parents = new Set([...given.parents, ...memberOf.map((parent) => this.intern(parent))]);
      byEntity.set(entity, { ...given, parents });
    }
    return [...byEntity.values()];
  }

  private apply(staged: readonly Staged[]): number {
    this.make(staged, this.ancestorsAfter(staged));
    return this.changes;
  }

  /** The ancestors of all that a change affects. @throws {CedarError} when it cannot be made whole */
  private ancestorsAfter(staged: readonly Staged[]): ReadonlyMap<Entity, ReadonlySet<Entity>> {
    const parents = new Map(staged.map((one) => [one.entity, one.parents]));
    return resolveAncestors(this.affectedBy(staged), (entity) => parents.get(entity) ?? entity.parents);
  }

  private make(staged: readonly Staged[], resolved: ReadonlyMap<Entity, ReadonlySet<Entity>>): void {
    for (const { entity, attributes, tags, parents: after } of staged) {
      if (this.children !== undefined) {
        for (const parent of entity.parents) this.children.get(parent)?.delete(entity);
        for (const parent of after) childrenOf(this.children, parent).add(entity);
      }
      if (!entity.exists) this.count += 1;
      entity.exists = true;
      entity.attributes = attributes;
      entity.tags = tags;
      entity.parents = after;
    }
    for (const [entity, ancestors] of resolved) entity.ancestors = ancestors;
    this.changes += 1;
  }

  /** The entities whose ancestors a change can change: those in it, and everything below them. */
  private affectedBy(staged: readonly Staged[]): Set<Entity> {
    const affected = new Set(staged.map(({ entity }) => entity));
    if (this.changes === 0) return affected;
    for (const { entity, parents } of staged) {
      if (parents.size === 0 && entity.parents.size === 0) continue;
      for (const descendant of this.descendants(entity)) affected.add(descendant);
    }
    return affected;
  }

  private childIndex(): Map<Entity, Set<Entity>> {
    if (this.children === undefined) {
      this.children = new Map();
      for (const ids of this.byType.values()) {
        for (const entity of ids.values())
          for (const parent of entity.parents) childrenOf(this.children, parent).add(entity);
      }
    }
    return this.children;
  }
}

function listOf(json: string | readonly EntityJson[]): readonly unknown[] {
  const list = typeof json === 'string' ? parseJson(json) : json;
  if (!Array.isArray(list)) throw new CedarError('entities', 'entities are a list', { path: '$' });
  return list;
}

function hasKeyOf(children: ReadonlyMap<Entity, unknown>, entities: ReadonlySet<Entity>): boolean {
  for (const entity of entities) if (children.has(entity)) return true;
  return false;
}

function childrenOf(children: Map<Entity, Set<Entity>>, parent: Entity): Set<Entity> {
  let set = children.get(parent);
  if (set === undefined) {
    set = new Set();
    children.set(parent, set);
  }
  return set;
}
