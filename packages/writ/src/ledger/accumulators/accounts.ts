import { LedgerError } from '../errors.js';
import { endOfPlainTask, type Holding } from '../holding.js';
import type { Account } from './account.js';
import { type Amounts, type Measured, plainAmount } from './amounts.js';
import type { Window } from './window.js';

/** The properties of an accumulator that its {@link Accounts} need. */
interface AccountsOf<A extends Measured, Of extends Account<A>> {
  readonly name: string;
  readonly fold: string;
  readonly window: Window;
  readonly amounts: Amounts<A>;
  /** Opens an account for a key. */
  account(key: string): Of;
}

/** The most accounts of an accumulator: some hundred MB. A caller can choose keys, as the name of a task. */
const MAX_ACCOUNTS = 1_000_000;
/** How often a full accumulator is searched for accounts that are empty: that takes a tenth of a second. */
const SEARCH_MS = 60_000;

/** The accounts of one accumulator, by key. */
export class Accounts<A extends Measured = Measured, Of extends Account<A> = Account<A>> {
  private byKey = new Map<string, Of>();
  private searchedAt = Number.NEGATIVE_INFINITY;
  /** The account that was found last. hot: a decision looks for the same when it reads, when it reserves and when it enters. */
  private lastKey: string | undefined;
  private last: Of | undefined;

  constructor(
    private readonly of: AccountsOf<A, Of>,
    private readonly max = MAX_ACCOUNTS,
  ) {}

  get fold(): string {
    return this.of.fold;
  }

  /** Continues the accounts of another with the same fold. */
  goOnFrom(before: Accounts<A, Of>): void {
    this.byKey = before.byKey;
    this.forgetLast();
  }

  find(key: string): Of | undefined {
    if (this.last !== undefined && key === this.lastKey) return this.last;
    this.lastKey = key;
    this.last = this.byKey.get(key);
    return this.last;
  }

  private forgetLast(): void {
    this.last = undefined;
  }

  /**
   * Returns what a permit of this amount holds.
   *
   * @param isOfPlainTask whether it ends with a task without a token
   * @throws {LedgerError} if it needs an account, and there is no room: one that is in use is never closed for another
   */
  hold(key: string, amount: A, at: number, isOfPlainTask = false): Holding {
    if (this.byKey.size >= this.max && !this.byKey.has(key)) this.makeRoom(at);
    const { name, fold, window } = this.of;
    const end = window.endOf(at);
    const until = isOfPlainTask && end === Number.POSITIVE_INFINITY ? endOfPlainTask(at) : end;
    const plain = plainAmount(amount);
    // hot: an object made in one piece. A copy that is added to took a third of the ledger's time.
    if (until === Number.POSITIVE_INFINITY) return { accumulator: name, fold, key, amount: plain };
    return { accumulator: name, fold, key, amount: plain, until };
  }

  private makeRoom(now: number): void {
    if (now - this.searchedAt >= SEARCH_MS) {
      this.searchedAt = now;
      this.closeEmpty(now);
    }
    if (this.byKey.size >= this.max)
      throw new LedgerError(
        `accumulator ${this.of.name} has ${this.max} accounts, and opens no more`,
        'give it a window, or a key that callers cannot choose',
      );
  }

  /** Closes the accounts in which nothing counts. @returns their keys */
  closeEmpty(now: number): readonly string[] {
    const closed: string[] = [];
    for (const [key, account] of this.byKey) if (account.isEmptyAt(now)) closed.push(key);
    for (const key of closed) this.byKey.delete(key);
    this.forgetLast();
    return closed;
  }

  enter({ key, amount, until = Number.POSITIVE_INFINITY }: Holding): void {
    let account = this.find(key);
    if (account === undefined) {
      account = this.of.account(key);
      this.byKey.set(key, account);
    }
    account.enter(this.of.amounts.exact(amount), until);
  }

  giveBack({ key, amount, until = Number.POSITIVE_INFINITY }: Holding): void {
    this.find(key)?.giveBack(this.of.amounts.exact(amount), until);
  }

  /** Closes an account in which nothing counts any more. */
  close(key: string): void {
    this.byKey.delete(key);
    this.forgetLast();
  }

  /** Takes out values under a key. @returns those that were there */
  remove(key: string, values: readonly string[]): readonly string[] {
    return this.find(key)?.remove(values) ?? [];
  }
}
