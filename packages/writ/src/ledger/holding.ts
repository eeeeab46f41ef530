import type { SetAccount, SumAccount } from './accumulators/accounts.js';
import type { Accumulator } from './accumulators/accumulator.js';
import { decimalText } from './decimal.js';
import { LedgerError } from './errors.js';
import type { LedgerEvent } from './event.js';

/** What one permitted action holds of an accumulator; plain JSON. */
export interface Holding {
  readonly accumulator: string;
  /** What the accumulator is: an account goes on only under one that is the same. */
  readonly fold: string;
  readonly key: string;
  readonly amount: Amount;
  /** When its window takes it out, in milliseconds since the epoch; undefined for never. */
  readonly until?: number;
}

/** A set's values, or a whole number: as text when it is too large for a JSON number. */
export type Amount = readonly string[] | number | string;

/** Values that are taken out of a set. */
export interface Removal {
  readonly accumulator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A holding as it was kept over a restart. */
export interface KeptHolding extends Holding {
  /** The decision, while its outcome may still come; undefined when it counts for good. */
  readonly decisionId: string | undefined;
  readonly at: number;
}

/** So many values a set holds under one key; a `distinct` only counts them, so it may have more. Past that, nothing more is permitted. */
const MAX_VALUES = { set: 1_000, distinct: 100_000 } as const;

/** What an amount is held as. */
export function holdingOf(
  { name, fold, window }: Accumulator,
  key: string,
  amount: readonly string[] | bigint,
  at: number,
): Holding {
  const until = window.endOf(at);
  const plain = plainAmount(amount);
  if (until === Number.POSITIVE_INFINITY) return { accumulator: name, fold, key, amount: plain };
  return { accumulator: name, fold, key, amount: plain, until };
}

/** As an account counts it. */
export function exactAmount(amount: Amount): readonly string[] | bigint {
  return typeof amount === 'object' ? amount : BigInt(amount);
}

/** A value of the ledger as JSON. */
export function plainAmount(amount: readonly string[] | string | bigint): Amount {
  if (typeof amount !== 'bigint') return amount;
  const number = Number(amount);
  return Number.isSafeInteger(number) ? number : String(amount);
}

/** @throws {LedgerError} when a set would hold more values than it may */
export function checkRoom(
  { name, kind }: Accumulator,
  account: SumAccount | SetAccount | undefined,
  values: readonly string[],
  now: number,
): void {
  const most = MAX_VALUES[kind as 'set' | 'distinct'];
  if (((account as SetAccount | undefined)?.sizeAt(now, values) ?? values.length) > most)
    throw new LedgerError(`accumulator ${name} has ${most} values under one key, and holds no more`);
}

/** What an accumulator says of an event: sums, counts and distinct values with it, sets without. */
export function told(
  accumulator: Accumulator,
  account: SumAccount | SetAccount | undefined,
  event: LedgerEvent,
  now: number,
): bigint | string | readonly string[] {
  if (accumulator.kind === 'set') return (account as SetAccount | undefined)?.valuesAt(now) ?? [];
  const present = accumulator.measure(event);
  if (accumulator.kind === 'sum') {
    const sum = ((account as SumAccount | undefined)?.valueAt(now) ?? 0n) + ((present as bigint | undefined) ?? 0n);
    return accumulator.isDecimal ? decimalText(sum) : sum;
  }
  const more = (present ?? []) as readonly string[];
  return BigInt((account as SetAccount | undefined)?.sizeAt(now, more) ?? more.length);
}
