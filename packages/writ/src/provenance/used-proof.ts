import type { Seconds } from '../lib/units.js';

/** A proof that was taken. It goes to disk together with what is done because of it. */
export interface UsedProof {
  readonly key: string;
  /** When it is too old to be used anyway. */
  readonly until: Seconds;
  /** When it was taken. */
  readonly at: Seconds;
}
