import { LedgerError } from '../errors.js';
import { type Account, Ends } from './account.js';

/** The most values of a set under one key. */
export const MAX_SET_VALUES = 1_000;

/** Refuses values past a limit: values that were entered are never forgotten to make room. @throws {LedgerError} */
export function checkSetRoom(
  name: string,
  account: SetAccount,
  values: readonly string[],
  now: number,
  max: number,
): void {
  if (account.sizeAt(now, values) > max)
    throw new LedgerError(`accumulator ${name} has ${max} values under one key, and holds no more`);
}

const NONE: readonly never[] = [];

/** Keeps different texts. */
export class SetAccount implements Account<readonly string[]> {
  /** The number of times that each value was entered, by its end. */
  private readonly ends: Ends<Map<string, number>>;
  /** The number of slots that hold a value. */
  private readonly holders = new Map<string, number>();
  private sorted: readonly string[] | undefined;

  constructor(resolution: number) {
    this.ends = new Ends(resolution, () => new Map<string, number>());
  }

  valuesAt(now: number): readonly string[] {
    this.forget(now);
    this.sorted ??= [...this.holders.keys()].sort();
    return this.sorted;
  }

  /** Returns when each value ends, in ms since the epoch; `Infinity` for never. */
  endsAt(now: number): ReadonlyMap<string, number> {
    this.forget(now);
    const ends = new Map<string, number>();
    for (const [end, slot] of this.ends.withEnds())
      for (const value of slot.keys()) ends.set(value, Math.max(end, ends.get(value) ?? 0));
    return ends;
  }

  endsAfter(now: number): Iterable<number> {
    return this.ends.after(now);
  }

  after(time: number): SetAccount {
    const later = new SetAccount(1);
    for (const [end, slot] of this.ends.withEnds())
      if (end > time) later.enter([...slot.keys()], Number.POSITIVE_INFINITY);
    return later;
  }

  /** Returns how many values there are, or would be with these. */
  sizeAt(now: number, more: readonly string[] = NONE): number {
    this.forget(now);
    let size = this.holders.size;
    // Mostly one, and mostly known.
    if (more.length === 1) return this.holders.has(more[0] as string) ? size : size + 1;
    // hot: mostly, all are known.
    if (more.every((value) => this.holders.has(value))) return size;
    for (const value of new Set(more)) if (!this.holders.has(value)) size += 1;
    return size;
  }

  isEmptyAt(now: number): boolean {
    return this.sizeAt(now) === 0;
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

  /** A value that is entered again later is held again. */
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
