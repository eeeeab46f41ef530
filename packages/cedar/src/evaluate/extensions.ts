import { Datetime, Duration } from '../values/datetime.js';
import { Decimal } from '../values/decimal.js';
import { EvaluationFailure } from '../values/failure.js';
import { IpAddr } from '../values/ipaddr.js';
import type { Value } from '../values/value.js';
import { typeName } from '../values/value-text.js';

/** One extension function or method (Cedar reference, "Extension types"). */
export interface ExtensionFunction {
  readonly arity: number;
  /** @throws {EvaluationFailure} a wrong type, a text that does not parse, an overflow */
  readonly call: (...args: Value[]) => Value;
}

type Class<T> = (abstract new (...args: never[]) => T) & { readonly prototype: { readonly typeName?: string } };

function expect<T>(value: Value, type: Class<T>, name: string): T {
  if (value instanceof type) return value as T;
  const hint = typeof value === 'string' ? `; maybe you forgot to apply the \`${name}\` constructor?` : '';
  throw new EvaluationFailure(`type error: expected ${name}, got ${typeName(value)}${hint}`);
}

const decimal = (value: Value): Decimal => expect<Decimal>(value, Decimal as unknown as Class<Decimal>, 'decimal');
const ip = (value: Value): IpAddr => expect<IpAddr>(value, IpAddr as unknown as Class<IpAddr>, 'ipaddr');
const datetime = (value: Value): Datetime => expect<Datetime>(value, Datetime, 'datetime');
const duration = (value: Value): Duration => expect<Duration>(value, Duration, 'duration');

function constructorOf(name: string, parse: (text: string) => Value): ExtensionFunction {
  return {
    arity: 1,
    call: (text) => {
      if (typeof text !== 'string')
        throw new EvaluationFailure(`type error: expected string, got ${typeName(text as Value)}`);
      const value = parse(text);
      if (typeof value === 'string')
        throw new EvaluationFailure(`error while evaluating \`${name}\` extension function: ${value}`);
      return value;
    },
  };
}

function unary(apply: (value: Value) => Value): ExtensionFunction {
  return { arity: 1, call: (value) => apply(value as Value) };
}

function binary(apply: (left: Value, right: Value) => Value): ExtensionFunction {
  return { arity: 2, call: (left, right) => apply(left as Value, right as Value) };
}

function within<T extends Value>(value: T | undefined, name: string): T {
  if (value === undefined)
    throw new EvaluationFailure(`error while evaluating \`${name}\` extension function: overflow`);
  return value;
}

/** Every extension function and method, by the name that policies and Cedar JSON use. */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map<string, ExtensionFunction>([
  ['decimal', constructorOf('decimal', Decimal.parse)],
  ['ip', constructorOf('ip', IpAddr.parse)],
  ['datetime', constructorOf('datetime', Datetime.parse)],
  ['duration', constructorOf('duration', Duration.parse)],
  ['lessThan', binary((a, b) => decimal(a).tenThousandths < decimal(b).tenThousandths)],
  ['lessThanOrEqual', binary((a, b) => decimal(a).tenThousandths <= decimal(b).tenThousandths)],
  ['greaterThan', binary((a, b) => decimal(a).tenThousandths > decimal(b).tenThousandths)],
  ['greaterThanOrEqual', binary((a, b) => decimal(a).tenThousandths >= decimal(b).tenThousandths)],
  ['isIpv4', unary((a) => ip(a).version === 4)],
  ['isIpv6', unary((a) => ip(a).version === 6)],
  ['isLoopback', unary((a) => ip(a).isLoopback())],
  ['isMulticast', unary((a) => ip(a).isMulticast())],
  ['isInRange', binary((a, b) => ip(a).isInRange(ip(b)))],
  ['offset', binary((a, b) => within(datetime(a).offset(duration(b)), 'offset'))],
  ['durationSince', binary((a, b) => within(datetime(a).durationSince(datetime(b)), 'durationSince'))],
  ['toDate', unary((a) => within(datetime(a).toDate(), 'toDate'))],
  ['toTime', unary((a) => datetime(a).toTime())],
  ['toMilliseconds', unary((a) => duration(a).ms)],
  ['toSeconds', unary((a) => duration(a).whole(1_000))],
  ['toMinutes', unary((a) => duration(a).whole(60_000))],
  ['toHours', unary((a) => duration(a).whole(3_600_000))],
  ['toDays', unary((a) => duration(a).whole(86_400_000))],
]);
