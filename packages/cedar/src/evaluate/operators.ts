import { Datetime, Duration } from '../values/datetime.js';
import { EvaluationFailure } from '../values/failure.js';
import { addLongs, type Long, multiplyLongs, negateLong, subtractLongs } from '../values/long.js';
import { uidText } from '../values/uid.js';
import { Entity, equalValues, type RecordValue, SetValue, type Value } from '../values/value.js';
import { typeName } from '../values/value-text.js';

/**
 * The operators of Cedar on values (Cedar reference, "Operators"). Both compilers call these and nothing else, so the
 * two cannot differ. Each throws an {@link EvaluationFailure} where Cedar has an error.
 */
export interface Operators {
  bool(value: Value): boolean;
  entity(value: Value): Entity;
  equal(a: Value, b: Value): boolean;
  less(a: Value, b: Value): boolean;
  lessOrEqual(a: Value, b: Value): boolean;
  add(a: Value, b: Value): Value;
  subtract(a: Value, b: Value): Value;
  multiply(a: Value, b: Value): Value;
  negate(a: Value): Value;
  isIn(a: Value, b: Value): boolean;
  contains(a: Value, b: Value): boolean;
  containsAll(a: Value, b: Value): boolean;
  containsAny(a: Value, b: Value): boolean;
  isEmpty(a: Value): boolean;
  get(of: Value, name: string): Value;
  has(of: Value, name: string): boolean;
  getTag(of: Value, name: Value): Value;
  hasTag(of: Value, name: Value): boolean;
  like(value: Value, matches: (text: string) => boolean): boolean;
  hasType(value: Value, entityType: string): boolean;
  set(items: Value[]): Value;
  record(names: readonly string[], values: readonly Value[]): Value;
}

export const OPERATORS: Operators = {
  bool: (value) => (typeof value === 'boolean' ? value : wrongType('bool', value)),
  entity,
  equal: equalValues,
  less: (a, b) => (typeof a === 'number' && typeof b === 'number' ? a < b : compare(a, b, (x, y) => x < y)),
  lessOrEqual: (a, b) => (typeof a === 'number' && typeof b === 'number' ? a <= b : compare(a, b, (x, y) => x <= y)),
  add: (a, b) => addLongs(long(a), long(b)),
  subtract: (a, b) => subtractLongs(long(a), long(b)),
  multiply: (a, b) => multiplyLongs(long(a), long(b)),
  negate: (a) => negateLong(long(a)),
  isIn: (a, b) => isIn(entity(a), b),
  contains: (a, b) => set(a).has(b),
  containsAll: (a, b) => set(a).containsAll(set(b)),
  containsAny: (a, b) => set(a).containsAny(set(b)),
  isEmpty: (a) => set(a).isEmpty,
  get: getAttribute,
  has: (of, name) => attributesOf(of).has(name),
  getTag: (of, name) => getTag(entity(of), string(name)),
  hasTag: (of, name) => entity(of).tags.has(string(name)),
  like: (value, matches) => matches(string(value)),
  hasType: (value, entityType) => entity(value).type === entityType,
  set: (items) => new SetValue(items),
  record: (names, values) => new Map(names.map((name, i) => [name, values[i] as Value])),
};

function wrongType(expected: string, value: Value): never {
  throw new EvaluationFailure(`type error: expected ${expected}, got ${typeName(value)}`);
}

function long(value: Value): Long {
  return typeof value === 'number' || typeof value === 'bigint' ? value : wrongType('long', value);
}

function string(value: Value): string {
  return typeof value === 'string' ? value : wrongType('string', value);
}

function set(value: Value): SetValue {
  return value instanceof SetValue ? value : wrongType('set', value);
}

function entity(value: Value): Entity {
  return value instanceof Entity ? value : wrongType('(entity of any type)', value);
}

/** Ordering: of two Longs, two datetimes or two durations. */
function compare(a: Value, b: Value, holds: (x: Long, y: Long) => boolean): boolean {
  if (a instanceof Datetime && b instanceof Datetime) return holds(a.epochMs, b.epochMs);
  if (a instanceof Duration && b instanceof Duration) return holds(a.ms, b.ms);
  if (a instanceof Datetime || a instanceof Duration) return wrongType(a.typeName, b);
  return holds(long(a), long(b));
}

/** Whether the entity is the other, or in it, or either for one of a set. */
function isIn(a: Entity, b: Value): boolean {
  if (b instanceof Entity) {
    if (a === b || a.ancestors.has(b)) return true;
    return !(a.canonical && b.canonical) && isInByUid(a, b);
  }
  const found = set(b).holdsOrContains(a);
  if (found === undefined) throw new EvaluationFailure('type error: expected a set of entities on the right of `in`');
  return found;
}

function isInByUid(a: Entity, b: Entity): boolean {
  if (a.id === b.id && a.type === b.type) return true;
  for (const ancestor of a.ancestors) if (ancestor.id === b.id && ancestor.type === b.type) return true;
  return false;
}

function attributesOf(value: Value): RecordValue {
  if (value instanceof Entity) return value.attributes;
  return value instanceof Map ? value : wrongType('record or (entity of any type)', value);
}

function getAttribute(value: Value, name: string): Value {
  const found = attributesOf(value).get(name);
  if (found !== undefined) return found;
  if (!(value instanceof Entity)) throw new EvaluationFailure(`record does not have the attribute \`${name}\``);
  if (!value.exists) throw new EvaluationFailure(`entity \`${uidText(value)}\` does not exist`);
  throw new EvaluationFailure(`\`${uidText(value)}\` does not have the attribute \`${name}\``);
}

function getTag(of: Entity, name: string): Value {
  const found = of.tags.get(name);
  if (found !== undefined) return found;
  if (!of.exists) throw new EvaluationFailure(`entity \`${uidText(of)}\` does not exist`);
  throw new EvaluationFailure(`\`${uidText(of)}\` does not have the tag \`${name}\``);
}

/** `has` with a path: each but the last must be there, and be something that can have attributes. */
export function hasPath(start: Value, path: readonly string[], operators: Operators): boolean {
  let at = start;
  for (const [i, name] of path.entries()) {
    if (!operators.has(at, name)) return false;
    if (i < path.length - 1) at = operators.get(at, name);
  }
  return true;
}
