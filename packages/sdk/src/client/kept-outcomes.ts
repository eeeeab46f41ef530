import type { Log } from '../lib/log.js';

/** Why outcomes were not accepted. */
interface NotAccepted {
  readonly error: unknown;
  /** Whether they can be accepted later. */
  readonly isLater: boolean;
}

/** Sends outcomes once. @returns undefined if all are accepted */
export type SendOnce = (outcomes: readonly object[]) => Promise<NotAccepted | undefined>;

/** The most outcomes that are kept, and the most characters of them. Past this, the oldest are given up. */
const MAX_KEPT = 10_000;
const MAX_SIZE = 16 * 2 ** 20;
const TOGETHER = 50;
const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** The outcomes that a service did not take because it was away, or busy. They are sent until it does. */
export class KeptOutcomes {
  private readonly kept: { readonly outcome: object; readonly size: number }[] = [];
  private size = 0;
  private lost = 0;
  private waitMs = FIRST_MS;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;

  constructor(
    private readonly sendOnce: SendOnce,
    private readonly log: Log,
  ) {}

  add(outcomes: readonly object[]): void {
    for (const outcome of outcomes) {
      const { length: size } = JSON.stringify(outcome);
      this.kept.push({ outcome, size });
      this.size += size;
    }
    while (this.kept.length > MAX_KEPT || this.size > MAX_SIZE) this.giveUp();
    this.wait();
  }

  /** Sends what is kept once more, and gives the rest up. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.sending;
    clearTimeout(this.timer);
    await this.send();
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.kept.length > 0) this.giveUp();
    if (this.lost > 0)
      this.log.warn(`${this.lost} outcomes could not be reported; they count as done, with all that they can bring`);
    this.lost = 0;
  }

  private giveUp(): void {
    this.size -= this.kept.shift()?.size ?? 0;
    this.lost += 1;
  }

  private wait(): void {
    if (this.sending !== undefined) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.sending = this.send().finally(() => {
        this.sending = undefined;
        if (this.kept.length > 0) this.wait();
      });
    }, this.waitMs).unref();
  }

  private async send(): Promise<void> {
    while (this.kept.length > 0) {
      const some = this.kept.slice(0, TOGETHER);
      const failed = await this.sendOnce(some.map(({ outcome }) => outcome));
      if (failed?.isLater === true) {
        this.waitMs = Math.min(this.waitMs * 2, LONGEST_MS);
        return;
      }
      if (failed !== undefined) this.log.error(failed.error, 'an outcome was not accepted');
      this.waitMs = FIRST_MS;
      // The oldest may have been given up meanwhile.
      for (const one of some) {
        const at = this.kept.indexOf(one);
        if (at < 0) continue;
        this.kept.splice(at, 1);
        this.size -= one.size;
      }
    }
  }
}
