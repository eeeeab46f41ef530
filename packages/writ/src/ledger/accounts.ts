/**
 * What is held under one key of an accumulator. A permit enters, its outcome settles it or gives it back. What is settled is added
 * up: an account is as small after ten thousand calls as after ten.
 */
export interface Account<Amount> {
  /** @param until when a window takes it out, in milliseconds; `Infinity` for never */
  enter(decisionId: string, amount: Amount, until: number): void;
  /** It counts for good, or until its window takes it out. */
  settle(decisionId: string, resolution: number): void;
  giveBack(decisionId: string): void;
}

interface Open<Amount> {
  readonly amount: Amount;
  readonly until: number;
}

/** What a window takes out, by when. Ends are rounded up to the resolution, so what is settled counts a little longer, never less. */
class Ends<Slot> {
  private readonly byEnd = new Map<number, Slot>();
  private next = Number.POSITIVE_INFINITY;

  constructor(private readonly make: () => Slot) {}

  /** Where what ends then is added up. */
  slot(until: number, resolution: number): Slot {
    const end = Math.ceil(until / resolution) * resolution;
    const there = this.byEnd.get(end) ?? this.make();
    this.byEnd.set(end, there);
    this.next = Math.min(this.next, end);
    return there;
  }

  all(): Iterable<Slot> {
    return this.byEnd.values();
  }

  /** Those that are over now. */
  take(now: number): readonly Slot[] {
    if (now < this.next) return [];
    const over: Slot[] = [];
    this.next = Number.POSITIVE_INFINITY;
    for (const [end, slot] of this.byEnd) {
      if (end <= now) {
        over.push(slot);
        this.byEnd.delete(end);
      } else {
        this.next = Math.min(this.next, end);
      }
    }
    return over;
  }
}

/** A sum or a count. */
export class SumAccount implements Account<bigint> {
  private readonly open = new Map<string, Open<bigint>>();
  private readonly ends = new Ends(() => ({ amount: 0n }));
  private sum = 0n;

  /** What it says at a moment. */
  valueAt(now: number): bigint {
    for (const { amount } of this.ends.take(now)) this.sum -= amount;
    for (const [id, { amount, until }] of this.open) {
      if (until > now) break;
      this.open.delete(id);
      this.sum -= amount;
    }
    return this.sum;
  }

  enter(decisionId: string, amount: bigint, until: number): void {
    this.open.set(decisionId, { amount, until });
    this.sum += amount;
  }

  settle(decisionId: string, resolution: number): void {
    const found = this.open.get(decisionId);
    if (found === undefined) return;
    this.open.delete(decisionId);
    if (found.until !== Number.POSITIVE_INFINITY) this.ends.slot(found.until, resolution).amount += found.amount;
  }

  giveBack(decisionId: string): void {
    const found = this.open.get(decisionId);
    if (found === undefined) return;
    this.open.delete(decisionId);
    this.sum -= found.amount;
  }
}

/** The different values of something. */
export class SetAccount implements Account<readonly string[]> {
  private readonly open = new Map<string, Open<readonly string[]>>();
  private readonly ends = new Ends(() => new Set<string>());
  /** How many hold a value; one that is there for good has one that never goes. */
  private readonly holders = new Map<string, number>();
  private readonly forGood = new Set<string>();
  private sorted: readonly string[] | undefined;

  valuesAt(now: number): readonly string[] {
    this.forget(now);
    this.sorted ??= [...this.holders.keys()].sort();
    return this.sorted;
  }

  /** How many there are, and how many there would be with these. */
  sizeAt(now: number, more: readonly string[] = []): number {
    this.forget(now);
    return this.holders.size + new Set(more.filter((value) => !this.holders.has(value))).size;
  }

  enter(decisionId: string, values: readonly string[], until: number): void {
    this.open.set(decisionId, { amount: values, until });
    this.hold(values);
  }

  settle(decisionId: string, resolution: number): void {
    const found = this.open.get(decisionId);
    if (found === undefined) return;
    this.open.delete(decisionId);
    const isForGood = found.until === Number.POSITIVE_INFINITY;
    const settled = isForGood ? this.forGood : this.ends.slot(found.until, resolution);
    // Each that was settled before is held already.
    const known = found.amount.filter((value) => settled.has(value));
    for (const value of found.amount) settled.add(value);
    this.release(known);
  }

  giveBack(decisionId: string): void {
    const found = this.open.get(decisionId);
    if (found === undefined) return;
    this.open.delete(decisionId);
    this.release(found.amount);
  }

  /** Takes values out, whoever holds them. One that comes again is there again. @returns those that were there */
  remove(given: readonly string[]): readonly string[] {
    const values = given.filter((value) => this.holders.has(value));
    for (const value of values) {
      this.holders.delete(value);
      this.forGood.delete(value);
    }
    for (const slot of this.ends.all()) for (const value of values) slot.delete(value);
    for (const [id, { amount, until }] of this.open)
      this.open.set(id, { amount: amount.filter((value) => !values.includes(value)), until });
    this.sorted = undefined;
    return values;
  }

  private forget(now: number): void {
    for (const values of this.ends.take(now)) this.release(values);
    for (const [id, { amount, until }] of this.open) {
      if (until > now) break;
      this.open.delete(id);
      this.release(amount);
    }
  }

  private hold(values: readonly string[]): void {
    for (const value of values) {
      const count = this.holders.get(value) ?? 0;
      if (count === 0) this.sorted = undefined;
      this.holders.set(value, count + 1);
    }
  }

  private release(values: Iterable<string>): void {
    for (const value of values) {
      const count = this.holders.get(value) ?? 0;
      if (count > 1) {
        this.holders.set(value, count - 1);
      } else {
        this.holders.delete(value);
        this.sorted = undefined;
      }
    }
  }
}
