import type Sqlite from 'better-sqlite3';
import type { Kysely } from 'kysely';
import type { Removal } from '../../decide/record.js';
import { columnsOf } from '../../store/dialect.js';
import { compact } from './compact-holdings.js';
import {
  type AccountRow,
  amountWithout,
  COMPACT_EVERY,
  type HoldingRow,
  holdingsWithout,
  ON_ITS_WAY_MS,
  SETTLED_AFTER_MS,
} from './holding-rows.js';

/**
 * Keeps what permits hold of the accumulators with the log, in the same commit, so that a restart loses nothing. A permit has a row until
 * its outcome can change nothing more; then what counts permanently is added to one row for each key.
 */

export async function holdingTables(db: Kysely<unknown>): Promise<void> {
  const { whole } = columnsOf(db);
  await db.schema
    .createTable('log_holdings')
    .addColumn('decision_id', 'text', (c) => c.primaryKey())
    .addColumn('at', whole, (c) => c.notNull())
    .addColumn('next', whole, (c) => c.notNull())
    .addColumn('holdings', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('log_holdings_next').on('log_holdings').column('next').execute();
  await db.schema
    .createTable('log_accounts')
    .addColumn('accumulator', 'text', (c) => c.notNull())
    .addColumn('fold', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('at', whole, (c) => c.notNull())
    .addColumn('amount', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('log_accounts_key', ['accumulator', 'fold', 'key'])
    .execute();
}

interface HoldingsWriter {
  /** Adds what a permit holds. @param reserved as JSON */
  enter(decisionId: string, at: number, reserved: string): void;
  /** Replaces what a permit holds. @param held as JSON */
  replace(decisionId: string, at: number, held: string): void;
  remove(decisionId: string): void;
  /** Removes values from a set, in all rows. */
  takeOut(removal: Removal): void;
  /** Adds up what is settled. Call it last in a commit: what the commit gave back must not be added up. */
  finish(): void;
}

/** Returns a writer that works within the caller's transaction. */
export function holdingsWriter(database: Sqlite.Database): HoldingsWriter {
  const insert = database.prepare('insert into log_holdings (decision_id, at, next, holdings) values (?, ?, ?, ?)');
  const remove = database.prepare('delete from log_holdings where decision_id = ?');
  const replace = database.prepare(
    `insert into log_holdings (decision_id, at, next, holdings) values (?, ?, ?, ?)
     on conflict do update set holdings = excluded.holdings`,
  );
  // The first permit adds up what an earlier process left.
  let written = COMPACT_EVERY;
  let latest = 0;
  return {
    enter(decisionId, at, reserved) {
      insert.run(decisionId, at, at + SETTLED_AFTER_MS + ON_ITS_WAY_MS, reserved);
      written += 1;
      latest = at;
    },
    replace(decisionId, at, held) {
      replace.run(decisionId, at, at + SETTLED_AFTER_MS + ON_ITS_WAY_MS, held);
      written += 1;
      latest = Math.max(latest, at);
    },
    remove: (decisionId) => void remove.run(decisionId),
    takeOut: (removal) => takeOut(database, removal),
    finish() {
      if (written < COMPACT_EVERY || latest === 0) return;
      written = 0;
      compact(database, latest);
    },
  };
}

/** Removes values from all rows. It is rare, and reads everything that is not added up yet. */
function takeOut(database: Sqlite.Database, { accumulator, key, values }: Removal): void {
  const accounts = database
    .prepare('select fold, amount from log_accounts where accumulator = ? and key = ?')
    .all(accumulator, key) as Pick<AccountRow, 'fold' | 'amount'>[];
  const write = database.prepare('update log_accounts set amount = ? where accumulator = ? and fold = ? and key = ?');
  for (const { fold, amount } of accounts) write.run(amountWithout(amount, values), accumulator, fold, key);
  const rows = database
    .prepare('select decision_id, holdings from log_holdings where instr(holdings, ?) > 0')
    .all(JSON.stringify(key)) as Pick<HoldingRow, 'decision_id' | 'holdings'>[];
  const rewrite = database.prepare('update log_holdings set holdings = ? where decision_id = ?');
  for (const { decision_id: id, holdings } of rows)
    rewrite.run(holdingsWithout(holdings, { accumulator, key, values }), id);
}
