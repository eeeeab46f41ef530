/** The share of a thread's time that it may wait for the disk, and how much of that it may have saved up, in milliseconds. */
const SHARE = 0.15;
const MAX_SAVED_MS = 20;

/**
 * How long a thread may wait for the disk: little of its time. What it waited for too long it has to save up again, so that a disk that
 * is slow, or many who ask, make it leave the waiting to another thread.
 */
export class SyncBudget {
  private left = MAX_SAVED_MS;
  private at: number;
  private isSpent = false;

  /** @param now in milliseconds; `performance.now()` */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.at = now();
  }

  /** Whether there is some left; once it is spent, only when half of it is there again. */
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
