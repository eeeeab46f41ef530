import { Entity } from './entity.js';
import { canonicalKey, type Value } from './value.js';

/** A Cedar set: no order, no duplicates, any mix of types. */
export class SetValue implements Iterable<Value> {
  /** Found without making a key: primitives by value, everything else by reference. */
  private readonly direct: ReadonlySet<Value>;
  private keyed: Map<string, Value> | undefined;
  private kind: 'unknown' | 'canonical entities' | 'entities' | 'mixed' = 'unknown';

  constructor(items: Iterable<Value>) {
    this.direct = new Set(items);
  }

  private byKey(): Map<string, Value> {
    if (this.keyed === undefined) {
      this.keyed = new Map();
      for (const item of this.direct) this.keyed.set(canonicalKey(item), item);
    }
    return this.keyed;
  }

  private kindOf(): SetValue['kind'] {
    if (this.kind !== 'unknown') return this.kind;
    this.kind = 'canonical entities';
    for (const item of this.direct) {
      if (!(item instanceof Entity)) {
        this.kind = 'mixed';
        break;
      }
      if (!item.canonical) this.kind = 'entities';
    }
    return this.kind;
  }

  has(value: Value): boolean {
    if (this.direct.has(value)) return true;
    if (typeof value !== 'object') return false;
    // Two canonical entities are equal only when they are one object.
    if (value instanceof Entity && value.canonical && this.kindOf() === 'canonical entities') return false;
    return this.byKey().has(canonicalKey(value));
  }

  get isEmpty(): boolean {
    return this.direct.size === 0;
  }

  containsAll(other: SetValue): boolean {
    for (const item of other.direct) if (!this.has(item)) return false;
    return true;
  }

  containsAny(other: SetValue): boolean {
    const [few, many] = this.direct.size < other.direct.size ? [this, other] : [other, this];
    for (const item of few.direct) if (many.has(item)) return true;
    return false;
  }

  /**
   * Whether the entity is a member, or in one; undefined when a member is not an entity. Walks the smaller of the set and
   * the entity's ancestors.
   */
  holdsOrContains(entity: Entity): boolean | undefined {
    const kind = this.kindOf();
    if (kind === 'mixed') return undefined;
    const members = this.direct as ReadonlySet<Entity>;
    if (members.has(entity)) return true;
    const { ancestors } = entity;
    if (ancestors.size < members.size) {
      for (const ancestor of ancestors) if (members.has(ancestor)) return true;
    } else {
      for (const member of members) if (ancestors.has(member)) return true;
    }
    if (entity.canonical && kind === 'canonical entities') return false;
    if (this.has(entity)) return true;
    for (const ancestor of ancestors) if (this.has(ancestor)) return true;
    return false;
  }

  /** The canonical keys of the members. */
  keys(): Iterable<string> {
    return this.byKey().keys();
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.byKey().values();
  }
}
