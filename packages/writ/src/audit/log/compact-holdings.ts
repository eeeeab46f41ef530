import type Sqlite from 'better-sqlite3';
import { type AccountRow, amountWith, foldHoldings, type HoldingRow, MAX_AT_ONCE } from './holding-rows.js';

/** Adds up what is settled: what has no window goes to its account, what a window still sees waits for its end. */
export function compact(database: Sqlite.Database, now: number, limit = MAX_AT_ONCE): void {
  const rows = database
    .prepare('select * from log_holdings where next <= ? order by next limit ?')
    .all(now, limit) as HoldingRow[];
  const { over, later, totals } = foldHoldings(rows, now);
  const remove = database.prepare('delete from log_holdings where decision_id = ?');
  const keep = database.prepare('update log_holdings set next = ?, holdings = ? where decision_id = ?');
  for (const id of over) remove.run(id);
  for (const { id, next, holdings } of later) keep.run(next, holdings, id);
  const find = database.prepare('select amount from log_accounts where accumulator = ? and fold = ? and key = ?');
  const add = database.prepare(
    `insert into log_accounts (accumulator, fold, key, at, amount) values (?, ?, ?, ?, ?)
     on conflict do update set at = excluded.at, amount = excluded.amount`,
  );
  for (const { accumulator, fold, key, at, amount } of totals) {
    const before = find.get(accumulator, fold, key) as Pick<AccountRow, 'amount'> | undefined;
    add.run(accumulator, fold, key, at, amountWith(before?.amount, amount));
  }
}
