/** A proof that was taken; to be put on disk with whatever is done because of it. */
export interface UsedProof {
  readonly key: string;
  /** When it is too old anyhow, and when it was taken, in seconds since the epoch. */
  readonly until: number;
  readonly at: number;
}
