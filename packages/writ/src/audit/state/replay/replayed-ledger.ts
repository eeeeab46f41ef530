import type { Holding, LogEntry, Removal } from '../../../decide/record.js';
import { besideOf, noteOf } from '../../log/entry-notes.js';
import {
  type AccountRow,
  amountWith,
  amountWithout,
  foldHoldings,
  type HoldingRow,
  holdingsWithout,
  ON_ITS_WAY_MS,
  SETTLED_AFTER_MS,
} from '../../log/holding-rows.js';

/** The rows of the ledger in a database. */
interface LedgerRows {
  readonly holdings: readonly HoldingRow[];
  readonly accounts: readonly AccountRow[];
  readonly uses: readonly { readonly decision_id: string; readonly use: string; readonly until: number }[];
}

/** An amount that one side has, by account and window. */
interface Total {
  readonly name: string;
  amount: string;
}

/** The amounts of accumulators and of caps of mandates, by the entries of the log alone. */
export class ReplayedLedger {
  /** Holdings that an outcome can still change, by decision, oldest first. */
  private readonly open = new Map<string, HoldingRow>();
  /** Holdings that only their window still changes. */
  private readonly settled = new Map<string, HoldingRow>();
  private readonly accounts = new Map<string, AccountRow>();
  private readonly uses = new Map<string, LedgerRows['uses'][number]>();

  /** Adds an entry, in the order of the log. */
  add(entry: LogEntry): void {
    const { holdings, held, undone, removed, uses } = besideOf([noteOf(entry)]);
    for (const { decisionId, use, until } of uses) this.uses.set(decisionId, { decision_id: decisionId, use, until });
    for (const { decisionId, at, reserved } of holdings) this.put(decisionId, at, reserved);
    for (const decisionId of undone) {
      this.uses.delete(decisionId);
      this.take(decisionId);
    }
    for (const { decisionId, at, held: text } of held) {
      if (text === undefined) this.take(decisionId);
      else this.put(decisionId, at, text);
    }
    for (const removal of removed) this.takeOut(removal);
    this.fold(Date.parse(entry.time));
  }

  private put(id: string, at: number, holdings: string): void {
    const next = at + SETTLED_AFTER_MS + ON_ITS_WAY_MS;
    this.open.set(id, { decision_id: id, at, next, holdings });
  }

  private take(id: string): void {
    this.open.delete(id);
    this.settled.delete(id);
  }

  private takeOut(removal: Removal): void {
    for (const account of this.accounts.values())
      if (account.accumulator === removal.accumulator && account.key === removal.key)
        account.amount = amountWithout(account.amount, removal.values);
    const key = JSON.stringify(removal.key);
    for (const rows of [this.open, this.settled])
      for (const row of rows.values())
        if (row.holdings.includes(key)) row.holdings = holdingsWithout(row.holdings, removal);
  }

  /** Adds up what nothing changes any more. */
  private fold(now: number): void {
    const due: HoldingRow[] = [];
    for (const row of this.open.values()) {
      if (row.next > now) break;
      due.push(row);
      this.open.delete(row.decision_id);
    }
    if (due.length === 0) return;
    const { later, totals } = foldHoldings(due, now);
    const at = new Map(due.map((row) => [row.decision_id, row.at]));
    for (const { id, next, holdings } of later)
      this.settled.set(id, { decision_id: id, at: at.get(id) ?? now, next, holdings });
    for (const { accumulator, fold, key, amount, at: latest } of totals) {
      const name = JSON.stringify([accumulator, fold, key]);
      const known = this.accounts.get(name);
      this.accounts.set(name, { accumulator, fold, key, at: latest, amount: amountWith(known?.amount, amount) });
    }
  }

  /** Compares with the rows of a database. @returns what differs, in words */
  differences(rows: LedgerRows, now: Date): string[] {
    const mine = { holdings: [...this.open.values(), ...this.settled.values()], accounts: [...this.accounts.values()] };
    const expected = totalsOf(mine, now.getTime());
    const found = totalsOf(rows, now.getTime());
    const differs: string[] = [];
    for (const key of new Set([...expected.keys(), ...found.keys()])) {
      const [one, other] = [expected.get(key), found.get(key)];
      if (one?.amount === other?.amount) continue;
      const name = (one ?? other)?.name;
      differs.push(`${name} is ${other?.amount ?? 'not there'}; by the log it is ${one?.amount ?? 'nothing'}`);
    }
    const seconds = Math.floor(now.getTime() / 1_000);
    const counts = (uses: Iterable<LedgerRows['uses'][number]>): Map<string, string> =>
      new Map([...uses].filter(({ until }) => until >= seconds).map((one) => [one.decision_id, one.use]));
    const [usedExpected, usedFound] = [counts(this.uses.values()), counts(rows.uses)];
    for (const [id, use] of usedExpected)
      if (usedFound.get(id) !== use) differs.push(`the use of a cap by ${id} is ${usedFound.get(id) ?? 'not there'}`);
    for (const id of usedFound.keys())
      if (!usedExpected.has(id)) differs.push(`the use of a cap by ${id} is not in the log`);
    return differs;
  }
}

function totalsOf({ holdings, accounts }: Pick<LedgerRows, 'holdings' | 'accounts'>, now: number): Map<string, Total> {
  const totals = new Map<string, Total>();
  const add = ({ accumulator, fold, key, amount, until }: Holding): void => {
    if (until !== undefined && until <= now) return;
    const id = JSON.stringify([accumulator, fold, key, until ?? null]);
    const window = until === undefined ? '' : ` until ${new Date(until).toISOString()}`;
    const name = `${accumulator} of ${key}${window}`;
    totals.set(id, { name, amount: amountWith(totals.get(id)?.amount, amount) });
  };
  for (const { amount, ...account } of accounts) add({ ...account, amount: JSON.parse(amount) as Holding['amount'] });
  for (const { holdings: text } of holdings) for (const holding of JSON.parse(text) as Holding[]) add(holding);
  for (const [id, total] of totals) {
    const amount: unknown = JSON.parse(total.amount);
    // A set that nothing is in is as one that is not there; the order of a set says nothing.
    if (Array.isArray(amount) && amount.length === 0) totals.delete(id);
    else total.amount = Array.isArray(amount) ? JSON.stringify([...amount].sort()) : String(amount);
  }
  return totals;
}
