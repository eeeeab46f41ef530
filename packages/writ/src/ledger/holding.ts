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
