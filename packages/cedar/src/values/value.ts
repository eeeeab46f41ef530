import type { Datetime, Duration } from './datetime.js';
import { Decimal } from './decimal.js';
import { Entity, uidText } from './entity.js';
import { IpAddr } from './ipaddr.js';
import type { Long } from './long.js';
import { SetValue } from './set.js';

/** A Cedar record. A `Map`, so that no key (`__proto__`, `constructor`) is special. */
export type RecordValue = ReadonlyMap<string, Value>;

/** A value of an extension type. */
export type ExtensionValue = Decimal | IpAddr | Datetime | Duration;

/** A Cedar value (Cedar reference, "Data types"). */
export type Value = boolean | string | Long | Entity | SetValue | RecordValue | ExtensionValue;

/** The Cedar name of a value's type, as the official engine writes it in messages. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'number':
    case 'bigint':
      return 'long';
    default:
      if (value instanceof Entity) return `(entity of type \`${value.type}\`)`;
      if (value instanceof SetValue) return 'set';
      if (value instanceof Map) return 'record';
      return (value as ExtensionValue).typeName;
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
export function canonicalKey(value: Value): string {
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

/** A value for people, in Cedar syntax. */
export function valueText(value: Value): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
    case 'number':
    case 'bigint':
      return String(value);
    default:
      if (value instanceof Entity) return uidText(value);
      if (value instanceof SetValue) return `[${[...value].map(valueText).join(', ')}]`;
      if (value instanceof Map) {
        return `{${[...(value as RecordValue)].map(([k, v]) => `${JSON.stringify(k)}: ${valueText(v)}`).join(', ')}}`;
      }
      if (value instanceof Decimal) return `decimal("${value}")`;
      if (value instanceof IpAddr) return `ip("${value}")`;
      return `${(value as ExtensionValue).typeName}("${value.toString()}")`;
  }
}
