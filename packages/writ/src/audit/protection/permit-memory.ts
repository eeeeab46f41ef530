import { BoundedCache } from '@writ/sdk/lib/bounded-cache';

/** The parts of a permit that its outcome can repeat in an error. */
interface RememberedPermit {
  /** The values that were masked in it. */
  readonly masked: readonly string[];
  /** The people who can be erased and whom it names. */
  readonly people: readonly string[];
}

const MAX_PERMITS = 20_000;

/** Remembers the last permits, in memory alone, so that the errors of their outcomes are masked and sealed as they are. */
export class PermitMemory extends BoundedCache<string, RememberedPermit> {
  constructor() {
    super(MAX_PERMITS);
  }
}
