import { type Account, Ends } from './account.js';

/** Adds up whole numbers. */
export class SumAccount implements Account<bigint> {
  private readonly ends: Ends<{ amount: bigint }>;
  private sum = 0n;

  constructor(resolution: number) {
    this.ends = new Ends(resolution, () => ({ amount: 0n }));
  }

  /** Returns the sum at a moment, in ms since the epoch. */
  valueAt(now: number): bigint {
    for (const { amount } of this.ends.take(now)) this.sum -= amount;
    return this.sum;
  }

  enter(amount: bigint, until: number): void {
    this.sum += amount;
    if (until !== Number.POSITIVE_INFINITY) this.ends.slot(until).amount += amount;
  }

  giveBack(amount: bigint, until: number): void {
    if (until !== Number.POSITIVE_INFINITY) {
      const slot = this.ends.find(until);
      if (slot === undefined) return;
      slot.amount -= amount;
    }
    this.sum -= amount;
  }

  endsAfter(now: number): Iterable<number> {
    return this.ends.after(now);
  }

  after(time: number): SumAccount {
    const later = new SumAccount(1);
    later.sum = this.sum;
    for (const [end, { amount }] of this.ends.withEnds()) if (end <= time) later.sum -= amount;
    return later;
  }

  remove(): readonly string[] {
    return [];
  }

  isEmptyAt(now: number): boolean {
    return this.valueAt(now) === 0n;
  }
}
