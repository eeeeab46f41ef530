/**
 * The amounts under one key of an accumulator. A permitted action is entered at once; only an action that is known not to have
 * happened is given back. An account adds up what a window ends at one time, so it is as small after ten thousand calls as after ten.
 */
export interface Account<Amount> {
  /** @param until when its window ends, in ms since the epoch; `Infinity` for never */
  enter(amount: Amount, until: number): void;
  /** Takes out an amount as it was entered. Changes nothing if its window has ended. */
  giveBack(amount: Amount, until: number): void;
  /** Takes out values, whichever actions entered them. @returns those that it held; an account of numbers holds none */
  remove(values: readonly string[]): readonly string[];
  /** Returns when something that it holds ends, in ms since the epoch; without what never ends. */
  endsAfter(now: number): Iterable<number>;
  /** Returns what it will hold at a later moment if nothing more is entered. */
  after(time: number): Account<Amount>;
  /** Returns whether it is as one that was never opened. */
  isEmptyAt(now: number): boolean;
}

const NOTHING: readonly never[] = [];

/** Amounts by the end of their window. Ends are rounded up to the resolution, so an amount counts a little longer, never less. */
export class Ends<Slot> {
  private readonly byEnd = new Map<number, Slot>();
  private next = Number.POSITIVE_INFINITY;
  /** The slot that was asked for last: most actions of a while end together. */
  private lastEnd = Number.NaN;
  private last: Slot | undefined;

  constructor(
    private readonly resolution: number,
    private readonly make: () => Slot,
  ) {}

  private endOf(until: number): number {
    return until === Number.POSITIVE_INFINITY ? until : Math.ceil(until / this.resolution) * this.resolution;
  }

  /** Returns the slot of an end; makes it if it is not found. */
  slot(until: number): Slot {
    const end = this.endOf(until);
    if (end === this.lastEnd && this.last !== undefined) return this.last;
    let slot = this.byEnd.get(end);
    if (slot === undefined) {
      slot = this.make();
      this.byEnd.set(end, slot);
      this.next = Math.min(this.next, end);
    }
    this.lastEnd = end;
    this.last = slot;
    return slot;
  }

  /** Returns the slot of an end; undefined if it is over. */
  find(until: number): Slot | undefined {
    return this.byEnd.get(this.endOf(until));
  }

  all(): Iterable<Slot> {
    return this.byEnd.values();
  }

  /** Returns the ends that are later than a moment, without the one that never is. */
  *after(now: number): Iterable<number> {
    for (const end of this.byEnd.keys()) if (end > now && end !== Number.POSITIVE_INFINITY) yield end;
  }

  /** Returns each slot with the end of its window, in ms since the epoch. */
  withEnds(): Iterable<readonly [number, Slot]> {
    return this.byEnd;
  }

  /** Takes out the slots that are over, and returns them. */
  take(now: number): readonly Slot[] {
    if (now < this.next) return NOTHING;
    const over: Slot[] = [];
    this.next = Number.POSITIVE_INFINITY;
    for (const [end, slot] of this.byEnd) {
      if (end <= now) {
        over.push(slot);
        this.byEnd.delete(end);
        if (slot === this.last) this.last = undefined;
      } else {
        this.next = Math.min(this.next, end);
      }
    }
    return over;
  }
}
