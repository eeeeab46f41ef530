import { CallError } from './errors.js';

const MAX_DEPTH = 64;
/** The service accepts a body of 1 MiB. */
const MAX_VALUES = 100_000;

/**
 * Returns a copy of a value that is JSON: what is sent, decided on and run are one value, however the original changes.
 * Members that are undefined are left out, as JSON leaves them out.
 *
 * @param isResult whether dates and numbers that not every parser reads alike become texts
 * @throws {CallError} if a part of it would be sent as something else than it is
 */
export function plainCopy(value: unknown, path: string, isResult = false): unknown {
  let left = MAX_VALUES;
  const copy = (one: unknown, at: string, depth: number): unknown => {
    left -= 1;
    if (left < 0 || depth > MAX_DEPTH) throw new CallError(`${path} is too large, or nested too deeply`);
    if (one === null || typeof one === 'boolean') return one;
    if (typeof one === 'string') {
      if (one.isWellFormed()) return one;
      throw new CallError(`${at} has half of a surrogate pair`);
    }
    if (isResult && (typeof one === 'bigint' || one instanceof Date)) return copy(textOf(one), at, depth);
    if (typeof one === 'number') {
      if (Number.isFinite(one) && (!Number.isInteger(one) || Number.isSafeInteger(one))) return one === 0 ? 0 : one;
      if (isResult) return String(one);
      throw new CallError(`${at} is ${one}, which not every parser reads alike; send it as text`);
    }
    // Array.from has the holes of a list too, which JSON writes as null.
    if (Array.isArray(one)) return Array.from(one, (inner: unknown, i) => copy(inner, `${at}[${i}]`, depth + 1));
    if (typeof one === 'object' && isPlain(one)) {
      const members = Object.entries(one).filter(([, inner]) => inner !== undefined);
      const copied = members.map(([name, inner]) => [
        copy(name, at, depth + 1),
        copy(inner, `${at}.${name}`, depth + 1),
      ]);
      return Object.fromEntries(copied) as unknown;
    }
    throw new CallError(`${at} is not JSON: ${kindOf(one)}`);
  };
  return copy(value, path, 0);
}

/** Returns a copy of a value that is JSON; undefined if it is not. */
export function plainOrNothing(value: unknown): unknown {
  try {
    return plainCopy(value, 'result', true);
  } catch {
    // Also what a getter threw.
    return undefined;
  }
}

/** @throws {RangeError} for an invalid date */
function textOf(value: bigint | Date): string {
  return typeof value === 'bigint' ? String(value) : value.toISOString();
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && typeof Reflect.get(value, 'toJSON') !== 'function';
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return String(value.constructor?.name ?? 'object');
}
