/** How much is let in at once. */
export interface LoadLimits {
  /** Requests that wait for their answer. */
  readonly inFlight: number;
  /** For how long one turn of the event loop takes new requests, in milliseconds. */
  readonly turnMs: number;
  /** How long the log may wait for the disk, in milliseconds; past that, what waits is denied. */
  readonly diskMs: number;
}

export const DEFAULT_LIMITS: LoadLimits = { inFlight: 2_000, turnMs: 60, diskMs: 1_500 };

/**
 * Turns requests away before the event loop is late: one turn takes requests for a bounded time, so that what was let in is
 * answered soon and the rest is told at once to come back.
 */
export class LoadShedder {
  private inFlight = 0;
  private turnStart = 0;
  private isInTurn = false;
  private turnedAway = 0;

  constructor(
    private readonly limits: LoadLimits,
    private readonly diskWait: () => number,
  ) {}

  /** How many were turned away so far. */
  get shed(): number {
    return this.turnedAway;
  }

  get waiting(): number {
    return this.inFlight;
  }

  /** Returns why a request that arrives is turned away; undefined if it is not. */
  refusal(): string | undefined {
    const why = this.obstacle();
    if (why !== undefined) this.turnedAway += 1;
    return why;
  }

  /** Counts a request as waiting, or returns why not. A request that was counted is to {@link leave}. */
  enter(): string | undefined {
    if (this.inFlight >= this.limits.inFlight) {
      this.turnedAway += 1;
      return `${this.limits.inFlight} requests are waiting`;
    }
    this.inFlight += 1;
    return undefined;
  }

  leave(): void {
    this.inFlight -= 1;
  }

  private obstacle(): string | undefined {
    if (!this.isInTurn) {
      this.isInTurn = true;
      this.turnStart = performance.now();
      setImmediate(() => {
        this.isInTurn = false;
      });
    } else if (performance.now() - this.turnStart > this.limits.turnMs) {
      return 'more requests arrive than can be decided in time';
    }
    if (this.inFlight >= this.limits.inFlight) return `${this.limits.inFlight} requests are waiting`;
    if (this.diskWait() > this.limits.diskMs) return 'the log waits for the disk';
    return undefined;
  }
}
