import { Decimal } from './decimal.js';
import { IpAddr } from './ipaddr.js';
import { uidText } from './uid.js';
import { Entity, type ExtensionValue, type RecordValue, SetValue, type Value } from './value.js';

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
