/** The share of a thread's time that it may wait for the disk. */
const SHARE = 0.15;
/** The most time that it can save up. */
const MAX_SAVED_MS = 20;

/**
 * Limits how long a thread waits for the disk to a small share of its time. A spent budget has to be saved up again, so that with a
 * slow disk or many requests the thread leaves the waiting to another one.
 */
export class SyncBudget {
  private left = MAX_SAVED_MS;
  private at: number;
  private isSpent = false;

  /** @param now returns milliseconds, as `performance.now()` */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.at = now();
  }

  /** Whether time is left; a spent budget has time again when half of it is saved up. */
  get hasTime(): boolean {
    const now = this.now();
    this.left = Math.min(MAX_SAVED_MS, this.left + (now - this.at) * SHARE);
    this.at = now;
    if (this.isSpent && this.left >= MAX_SAVED_MS / 2) this.isSpent = false;
    return !this.isSpent;
  }

  spend(ms: number): void {
    this.left -= ms;
    if (this.left <= 0) this.isSpent = true;
  }
}
