/** The time of day. A plain function that returns a date is one, which nobody doubts. */
export interface Clock {
  /** Returns the time that is trusted. */
  (): Date;
  /** Returns the doubt about the clock of the machine; undefined while there is no doubt. */
  readonly doubt?: () => ClockDoubt | undefined;
}

/** The clock of the machine is not where it must be by the time that passed. */
export interface ClockDoubt {
  /** The time by the clock of the machine, in ms since the epoch. */
  readonly machine: number;
  /** By how many milliseconds that is ahead of the trusted time; negative if it is behind. */
  readonly aheadMs: number;
}

/** Returns the later of the trusted time and that of the machine, in ms since the epoch: what ends by either is over. */
export function latestBy(clock: Clock): number {
  const trusted = clock().getTime();
  return Math.max(trusted, clock.doubt?.()?.machine ?? trusted);
}

/** Returns the earlier of the two times, in ms since the epoch: what has not begun by either is of the future. */
export function earliestBy(clock: Clock): number {
  const trusted = clock().getTime();
  return Math.min(trusted, clock.doubt?.()?.machine ?? trusted);
}
