import { LedgerError } from '../errors.js';
import type { LedgerEvent } from '../event.js';
import type { Holding } from '../holding.js';
import type { Account } from './account.js';
import { Accounts } from './accounts.js';
import type { Accumulator } from './accumulator.js';
import type { LedgerValue, Measured } from './amounts.js';

/** A declared accumulator with its accounts. */
export class Book<A extends Measured = Measured, Of extends Account<A> = Account<A>> {
  readonly accounts: Accounts<A, Of>;
  /** Shown for a key that has no account. */
  private readonly empty: Of;

  constructor(readonly accumulator: Accumulator<A, Of>) {
    this.accounts = new Accounts(accumulator);
    this.empty = accumulator.account();
  }

  /** Returns the value that a decision on this event sees. @throws {LedgerError} if an expression fails */
  read(event: LedgerEvent, now: number): LedgerValue {
    const { accumulator } = this;
    const account = this.accounts.find(accumulator.keyOf(event)) ?? this.empty;
    return accumulator.show(account, accumulator.countsPresent ? accumulator.measure(event) : undefined, now);
  }

  /** Returns when something ends that a decision on this event sees; nothing if its labels, or no window, end. */
  endsAfter(event: LedgerEvent, now: number): Iterable<number> {
    const { accumulator } = this;
    return accumulator.isOfLabels ? [] : (this.accounts.find(accumulator.keyOf(event))?.endsAfter(now) ?? []);
  }

  /** Returns the value that a decision on this event would see at a later moment, if nothing more is counted. */
  readAfter(event: LedgerEvent, time: number): LedgerValue {
    const { accumulator } = this;
    const account = (this.accounts.find(accumulator.keyOf(event)) ?? this.empty).after(time) as Of;
    return accumulator.show(account, accumulator.countsPresent ? accumulator.measure(event) : undefined, time);
  }

  /** Returns the value under a key, without any present action. */
  look(key: string, now: number): LedgerValue {
    return this.accumulator.show(this.accounts.find(key) ?? this.empty, undefined, now);
  }

  /** Returns whether an event can be read or counted at all: it has a key, or counts. */
  concerns(event: LedgerEvent): boolean {
    return this.accumulator.hasKey(event) || this.accumulator.measure(event) !== undefined;
  }

  /**
   * Returns what a permit of this event holds; undefined if the event does not count.
   *
   * @throws {LedgerError} if it cannot be counted, or there is no room
   */
  hold(event: LedgerEvent, at: number): Holding | undefined {
    const amount = this.accumulator.measure(event);
    return amount === undefined ? undefined : this.holdAmount(event, amount, at);
  }

  /**
   * Returns what a permit holds once its answer is known.
   *
   * @param reserved what it reserved: that stays if it cannot be measured again
   * @throws {LedgerError} if there is no room for labels
   */
  holdAgain(event: LedgerEvent, at: number, reserved: readonly Holding[]): Holding | undefined {
    const { isOfLabels, name } = this.accumulator;
    if (isOfLabels) return this.hold(event, at);
    try {
      return this.hold(event, at);
    } catch (error) {
      if (error instanceof LedgerError) return reserved.find(({ accumulator }) => accumulator === name);
      throw error;
    }
  }

  /** Returns what an event with this amount holds. @throws {LedgerError} as {@link hold} */
  holdAmount(event: LedgerEvent, amount: A, at: number): Holding | undefined {
    const { accumulator } = this;
    if (accumulator.amounts.isNothing(amount)) return undefined;
    const key = accumulator.keyOf(event);
    accumulator.checkRoom(this.accounts.find(key) ?? this.empty, amount, at);
    return this.accounts.hold(key, amount, at, event.taskName !== undefined && accumulator.key === 'task');
  }
}
