import {
  Entities,
  type Entity,
  type EntityJson,
  type EntityUid,
  type RecordValue,
  type Schema,
  uidText,
  WithheldAttributes,
} from '@writ/cedar';
import type { MissingFact } from '@writ/sdk/authzen';
import { inMore } from '../gather.js';
import type { FactRecord } from '../record.js';

interface Placed {
  readonly fact: FactRecord;
  /** The entity as the bundle has it; undefined if it has none. */
  readonly bundled: Partial<Entity> | undefined;
}

/**
 * The entities of a bundle, with the facts of one record at a time instead of what the bundle says. One store for all
 * records: to make one for each would take longer than to decide.
 */
export class RecordedEntities {
  readonly store: Entities;
  private readonly placed = new Map<string, Placed>();
  private reads: MissingFact[] = [];

  /** @param bundled the entities of the bundle, for those that a record does not have */
  constructor(bundled: readonly EntityJson[], schema: Schema) {
    this.store = Entities.fromJson(bundled, { schema });
  }

  /** The facts that were asked for since {@link clear} and that were not to be relied on when the record was made. */
  get withheld(): readonly MissingFact[] {
    return this.reads;
  }

  /** Returns an entity of a request as the decision saw it: with what was asserted and granted. */
  seen(fact: FactRecord, properties: Readonly<Record<string, unknown>> = {}): Entity {
    let entity = this.put(fact);
    if (fact.asserted !== undefined) {
      const asserted = Object.fromEntries(fact.asserted.map((name) => [name, properties[name]]));
      entity = this.store.withAttributes(fact.uid, asserted);
    }
    if (fact.granted !== undefined) {
      const roles = fact.granted.map((grant) => this.store.intern(grant.in));
      entity = inMore(entity, roles);
    }
    return entity;
  }

  /** Puts a recorded fact into the store, until {@link clear}. */
  put(fact: FactRecord): Entity {
    const { uid, attributes, ancestors, tags, withheld } = fact;
    const before = this.store.get(uid);
    const bundled = before && {
      exists: before.exists,
      attributes: before.attributes,
      tags: before.tags,
      parents: before.parents,
      ancestors: before.ancestors,
    };
    if (!this.placed.has(uidText(uid))) this.placed.set(uidText(uid), { fact, bundled });
    // A fact without anything is of an entity that the registry did not have.
    const exists = Object.keys(attributes).length > 0 || ancestors.length > 0 || tags !== undefined;
    const entity = this.store.withValues(uid, this.valuesOf(uid, attributes, withheld), exists);
    entity.tags = tags === undefined ? NO_TAGS : this.store.tags(uid.type, tags);
    entity.ancestors = new Set(ancestors.map((one) => this.store.intern(one)));
    entity.parents = entity.ancestors;
    // The index of the policies has the store's own objects with the ancestors that the bundle gives them.
    return inMore(entity, []);
  }

  /** Puts back what the bundle says. */
  clear(): void {
    for (const { fact, bundled } of this.placed.values()) {
      if (bundled === undefined) this.store.withoutValues(fact.uid);
      else Object.assign(this.store.intern(fact.uid), bundled);
    }
    this.placed.clear();
    this.reads = [];
  }

  private valuesOf(
    uid: EntityUid,
    attributes: FactRecord['attributes'],
    withheld: FactRecord['withheld'],
  ): RecordValue {
    const values = this.store.values(uid.type, attributes);
    if (withheld === undefined) return values;
    return new WithheldAttributes(uid, values, new Set(withheld), (entity, attribute) =>
      this.missed(entity, attribute),
    );
  }

  private missed({ type, id }: EntityUid, attribute: string): void {
    const known = this.placed.get(uidText({ type, id }))?.fact.ages?.[attribute];
    const isNew = !this.reads.some(
      (read) => read.attribute === attribute && read.entity.id === id && read.entity.type === type,
    );
    if (isNew) this.reads.push({ entity: { type, id }, attribute, ...known });
  }
}

const NO_TAGS: RecordValue = new Map();
