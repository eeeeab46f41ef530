/**
 * What is held under one key of an accumulator. A permit enters; only an action that is known not to have happened is given back. What
 * a window takes out at one time is added up: an account is as small after ten thousand calls as after ten.
 */
export interface Account<Amount> {
  /** @param until when a window takes it out, in milliseconds; `Infinity` for never */
  enter(amount: Amount, until: number): void;
  /** As it was entered. Nothing happens when its window has taken it out. */
  giveBack(amount: Amount, until: number): void;
}

/** What a window takes out, by when. Ends are rounded up to the resolution, so it counts a little longer, never less. */
class Ends<Slot> {
  private readonly byEnd = new Map<number, Slot>();
  private next = Number.POSITIVE_INFINITY;

  constructor(
    private readonly resolution: number,
    private readonly make: () => Slot,
  ) {}

  private endOf(until: number): number {
    return until === Number.POSITIVE_INFINITY ? until : Math.ceil(until / this.resolution) * this.resolution;
  }

  /** Where what ends then is added up. */
  slot(until: number): Slot {
    const end = this.endOf(until);
    let slot = this.byEnd.get(end);
    if (slot === undefined) {
      slot = this.make();
      this.byEnd.set(end, slot);
      this.next = Math.min(this.next, end);
    }
    return slot;
  }

  /** The same, when it is not over. */
  find(until: number): Slot | undefined {
    return this.byEnd.get(this.endOf(until));
  }

  all(): Iterable<Slot> {
    return this.byEnd.values();
  }

  /** Those that are over now. */
  take(now: number): readonly Slot[] {
    if (now < this.next) return NONE;
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

const NONE: readonly never[] = [];

/** A sum or a count. */
export class SumAccount implements Account<bigint> {
  private readonly ends: Ends<{ amount: bigint }>;
  private sum = 0n;

  constructor(resolution = 1) {
    this.ends = new Ends(resolution, () => ({ amount: 0n }));
  }

  /** What it says at a moment. */
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
}

/** The different values of something. */
export class SetAccount implements Account<readonly string[]> {
  /** How often each was entered, by its end. */
  private readonly ends: Ends<Map<string, number>>;
  /** How many slots hold a value. */
  private readonly holders = new Map<string, number>();
  private sorted: readonly string[] | undefined;

  constructor(resolution = 1) {
    this.ends = new Ends(resolution, () => new Map<string, number>());
  }

  valuesAt(now: number): readonly string[] {
    this.forget(now);
    this.sorted ??= [...this.holders.keys()].sort();
    return this.sorted;
  }

  /** How many there are, and how many there would be with these. */
  sizeAt(now: number, more: readonly string[] = NONE): number {
    this.forget(now);
    let size = this.holders.size;
    // Mostly one, and mostly known.
    if (more.length === 1) return this.holders.has(more[0] as string) ? size : size + 1;
    for (const value of new Set(more)) if (!this.holders.has(value)) size += 1;
    return size;
  }

  enter(values: readonly string[], until: number): void {
    const slot = this.ends.slot(until);
    for (const value of values) {
      const count = slot.get(value) ?? 0;
      slot.set(value, count + 1);
      if (count === 0) this.hold(value);
    }
  }

  giveBack(values: readonly string[], until: number): void {
    const slot = this.ends.find(until);
    for (const value of values) {
      const count = slot?.get(value);
      if (slot === undefined || count === undefined) continue;
      if (count > 1) {
        slot.set(value, count - 1);
      } else {
        slot.delete(value);
        this.release(value);
      }
    }
  }

  /** Takes values out, whoever entered them. One that comes again is there again. @returns those that were there */
  remove(given: readonly string[]): readonly string[] {
    const values = given.filter((value) => this.holders.delete(value));
    for (const slot of this.ends.all()) for (const value of values) slot.delete(value);
    this.sorted = undefined;
    return values;
  }

  private forget(now: number): void {
    for (const slot of this.ends.take(now)) for (const value of slot.keys()) this.release(value);
  }

  private hold(value: string): void {
    const count = this.holders.get(value) ?? 0;
    if (count === 0) this.sorted = undefined;
    this.holders.set(value, count + 1);
  }

  private release(value: string): void {
    const count = this.holders.get(value) ?? 0;
    if (count > 1) {
      this.holders.set(value, count - 1);
    } else {
      this.holders.delete(value);
      this.sorted = undefined;
    }
  }
}
