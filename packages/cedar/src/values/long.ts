import { EvaluationFailure } from './failure.js';

/**
 * A Cedar Long: a signed 64-bit integer. Held as a `number` where that is exact (|n| < 2^53) and as a `bigint`
 * otherwise; always in that form, so that two equal Longs are `===`.
 */
export type Long = number | bigint;

export const LONG_MIN = -(2n ** 63n);
export const LONG_MAX = 2n ** 63n - 1n;

/** The canonical form of an integer, or undefined when it does not fit in 64 bits. */
export function longOf(value: bigint | number): Long | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  const n = Number(value);
  // A safe integer is the bigint itself.
  if (Number.isSafeInteger(n)) return n;
  return value < LONG_MIN || value > LONG_MAX ? undefined : value;
}

function checked(value: bigint, what: string): Long {
  const long = longOf(value);
  if (long === undefined) throw new EvaluationFailure(`integer overflow while attempting to ${what}`);
  return long;
}

export function addLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checked(BigInt(a) + BigInt(b), `add ${a} and ${b}`);
}

export function subtractLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return checked(BigInt(a) - BigInt(b), `subtract ${b} from ${a}`);
}

export function multiplyLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0; // -0 becomes 0
  }
  return checked(BigInt(a) * BigInt(b), `multiply ${a} by ${b}`);
}

export function negateLong(a: Long): Long {
  return typeof a === 'number' ? 0 - a : checked(-a, `negate ${a}`);
}
