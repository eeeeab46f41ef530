import { type Datetime, Duration } from './datetime.js';
import { Decimal } from './decimal.js';
import { IpAddr } from './ipaddr.js';
import { Entity, type RecordValue, SetValue, type Value } from './value.js';

/** A value in Cedar's JSON data format, with explicit `__entity` and `__extn` forms; Longs past 2^53 stay `bigint`. */
export function valueToJson(value: Value): unknown {
  if (typeof value !== 'object') return value;
  if (value instanceof Entity) return { __entity: { type: value.type, id: value.id } };
  if (value instanceof SetValue) return [...value].map(valueToJson);
  if (value instanceof Map) return recordToJson(value);
  if (value instanceof Decimal) return { __extn: { fn: 'decimal', arg: value.toString() } };
  if (value instanceof IpAddr) return { __extn: { fn: 'ip', arg: value.toString() } };
  if (value instanceof Duration) return { __extn: { fn: 'duration', arg: value.toString() } };
  return datetimeToJson(value as Datetime);
}

/** A record in Cedar's JSON data format. */
export function recordToJson(record: RecordValue): Record<string, unknown> {
  return Object.fromEntries([...record].map(([key, value]) => [key, valueToJson(value)]));
}

/** As the official engine writes it: the distance from the epoch, which also holds for years that ISO 8601 does not. */
function datetimeToJson(value: Datetime): unknown {
  const epoch = { __extn: { fn: 'datetime', arg: '1970-01-01' } };
  return { __extn: { fn: 'offset', args: [epoch, { __extn: { fn: 'duration', arg: `${value.epochMs}ms` } }] } };
}
