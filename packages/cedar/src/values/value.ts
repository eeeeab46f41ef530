import type { Datetime, Duration } from './datetime.js';
import type { Decimal } from './decimal.js';
import type { IpAddr } from './ipaddr.js';
import type { Long } from './long.js';
import type { EntityUid } from './uid.js';

/** A Cedar record. A `Map`, so that no key (`__proto__`, `constructor`) is special. */
export type RecordValue = ReadonlyMap<string, Value>;

/** A value of an extension type. */
export type ExtensionValue = Decimal | IpAddr | Datetime | Duration;

/** A Cedar value (Cedar reference, "Data types"). */
export type Value = boolean | string | Long | Entity | SetValue | RecordValue | ExtensionValue;

const EMPTY: RecordValue = new Map();
const NONE: ReadonlySet<Entity> = new Set();

/**
 * An entity as the evaluator sees it. In a store there is one object for each uid, also for a uid that is only
 * referred to (`exists` is false then), so that `==` and `in` are comparisons of references.
 */
export class Entity implements EntityUid {
  exists = false;
  attributes: RecordValue = EMPTY;
  tags: RecordValue = EMPTY;
  parents: ReadonlySet<Entity> = NONE;
  /** Every entity that this one is in, transitively; itself not included. Replaced when it changes, never changed. */
  ancestors: ReadonlySet<Entity> = NONE;

  /** What an index remembers of this entity; only the index that wrote it reads it. */
  memo: unknown = undefined;

  constructor(
    readonly type: string,
    readonly id: string,
    /** Whether this is the one object that a store has for the uid. */
    readonly canonical = false,
  ) {}
}

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

/** `==` of Cedar: values of different types are different, never an error. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof Entity) {
    // Of one uid a store has one object: two of its objects are two uids.
    return b instanceof Entity && !(a.canonical && b.canonical) && a.id === b.id && a.type === b.type;
  }
  return canonicalKey(a) === canonicalKey(b);
}

/**
 * An injective text form of a value: two values have the same key exactly when they are equal. Strings carry their
 * length, sets and records are sorted, so nothing in a string can imitate structure.
 */
function canonicalKey(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 'T' : 'F';
    case 'string':
      return `s${value.length}:${value}`;
    case 'number':
    case 'bigint':
      return `i${value};`;
    default:
      if (value instanceof Entity) return `e${value.type.length}:${value.type}${value.id.length}:${value.id}`;
      if (value instanceof SetValue) return `[${[...value.keys()].sort().join('')}]`;
      if (value instanceof Map) {
        const keys = [...(value as RecordValue).keys()].sort();
        return `{${keys.map((k) => `${k.length}:${k}${canonicalKey((value as RecordValue).get(k) as Value)}`).join('')}}`;
      }
      return `x${(value as ExtensionValue).typeName} ${(value as ExtensionValue).toString()};`;
  }
}
