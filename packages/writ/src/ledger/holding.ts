import type { Amount } from './accumulators/amounts.js';

/** The amount that one permitted action holds of an accumulator; plain JSON. */
export interface Holding {
  readonly accumulator: string;
  /** The fold of the accumulator: the holding continues only under one with the same fold. */
  readonly fold: string;
  readonly key: string;
  readonly amount: Amount;
  /** When its window ends, in ms since the epoch; undefined for never. */
  readonly until?: number;
}

/** Values that are taken out of a set. */
export interface Removal {
  readonly accumulator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A holding as it was kept over a restart. */
export interface KeptHolding extends Holding {
  /** The decision, while its outcome can still come; undefined if the holding stays. */
  readonly decisionId: string | undefined;
  readonly at: number;
}

/** A task without a token has ended after this time. */
export const MAX_PLAIN_TASK_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;

/**
 * Returns when a holding ends that ends with its task without a token: such tasks begin all the time, and their accounts would never be
 * closed. The end is that of an hour, so that an account has few of them.
 */
export function endOfPlainTask(at: number): number {
  return Math.ceil((at + MAX_PLAIN_TASK_MS) / HOUR_MS + 1) * HOUR_MS;
}
