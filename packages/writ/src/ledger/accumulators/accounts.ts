import type { Holding } from '../holding.js';
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

/** The accounts of one accumulator, by key. */
export class Accounts<A extends Measured = Measured, Of extends Account<A> = Account<A>> {
  private byKey = new Map<string, Of>();

  constructor(private readonly of: AccountsOf<A, Of>) {}

  get fold(): string {
    return this.of.fold;
  }

  /** Continues the accounts of another with the same fold. */
  goOnFrom(before: Accounts<A, Of>): void {
    this.byKey = before.byKey;
  }

  find(key: string): Of | undefined {
    return this.byKey.get(key);
  }

  /** Returns what a permit of this amount holds. */
  hold(key: string, amount: A, at: number): Holding {
    const { name, fold, window } = this.of;
    const until = window.endOf(at);
    const plain = plainAmount(amount);
    // hot: an object made in one piece. A copy that is added to took a third of the ledger's time.
    if (until === Number.POSITIVE_INFINITY) return { accumulator: name, fold, key, amount: plain };
    return { accumulator: name, fold, key, amount: plain, until };
  }

  enter({ key, amount, until = Number.POSITIVE_INFINITY }: Holding): void {
    let account = this.byKey.get(key);
    if (account === undefined) {
      account = this.of.account(key);
      this.byKey.set(key, account);
    }
    account.enter(this.of.amounts.exact(amount), until);
  }

  giveBack({ key, amount, until = Number.POSITIVE_INFINITY }: Holding): void {
    this.byKey.get(key)?.giveBack(this.of.amounts.exact(amount), until);
  }

  /** Takes out values under a key. @returns those that were there */
  remove(key: string, values: readonly string[]): readonly string[] {
    return this.byKey.get(key)?.remove(values) ?? [];
  }
}
