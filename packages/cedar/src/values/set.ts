import { Entity } from './entity.js';
import { canonicalKey, type Value } from './value.js';

/** A Cedar set: no order, no duplicates, any mix of types. */
export class SetValue implements Iterable<Value> {
  static readonly EMPTY = new SetValue([]);
  /** Primitives and references: found without making a key. */
  private readonly direct: ReadonlySet<Value>;
  private keyed: Map<string, Value> | undefined;

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

  has(value: Value): boolean {
    if (this.direct.has(value)) return true;
    return typeof value === 'object' && this.byKey().has(canonicalKey(value));
  }

  get isEmpty(): boolean {
    return this.direct.size === 0;
  }

  containsAll(other: SetValue): boolean {
    for (const item of other.direct) if (!this.has(item)) return false;
    return true;
  }

  containsAny(other: SetValue): boolean {
    for (const item of other.direct) if (this.has(item)) return true;
    return false;
  }

  /** The members as entities, or undefined when one of them is something else. */
  entities(): ReadonlySet<Entity> | undefined {
    for (const item of this.direct) if (!(item instanceof Entity)) return undefined;
    return this.direct as ReadonlySet<Entity>;
  }

  /** The canonical keys of the members. */
  keys(): Iterable<string> {
    return this.byKey().keys();
  }

  [Symbol.iterator](): Iterator<Value> {
    return this.byKey().values();
  }
}
