import type Sqlite from 'better-sqlite3';
import type { Kysely } from 'kysely';
import type { Holding, KeptHolding, Removal } from '../decide/record.js';

/**
 * What permits hold of the accumulators, kept with the log so that a restart forgets none: the same commit writes both. One row for a
 * permit, until its outcome can change nothing more; then what counts for good is one row for each key.
 */

export type HoldingTables = {
  log_holdings: {
    decision_id: string;
    at: number;
    /** When there is something to do with it again. */
    next: number;
    /** JSON. */
    holdings: string;
  };
  log_accounts: { accumulator: string; fold: string; key: string; at: number; amount: string };
};
type HoldingRow = HoldingTables['log_holdings'];
type AccountRow = HoldingTables['log_accounts'];

/** After this long the outcome of a permit changes nothing any more; so long the ledger waits for it (`OUTCOME_DEADLINE_MS`). */
export const SETTLED_AFTER_MS = 15 * 60_000;
/** A report that came in time may still be on its way to the disk. */
const ON_ITS_WAY_MS = 60_000;
/** After so many permits, up to twice as many that are settled are added up: never so many that those who wait would notice. */
const COMPACT_EVERY = 500;

export async function holdingTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('log_holdings')
    .addColumn('decision_id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('next', 'integer', (c) => c.notNull())
    .addColumn('holdings', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('log_holdings_next').on('log_holdings').column('next').execute();
  await db.schema
    .createTable('log_accounts')
    .addColumn('accumulator', 'text', (c) => c.notNull())
    .addColumn('fold', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('amount', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('log_accounts_key', ['accumulator', 'fold', 'key'])
    .execute();
}

export interface HoldingsWriter {
  /** @param reserved what it holds, as JSON */
  enter(decisionId: string, at: number, reserved: string): void;
  /** It holds something else from now on, as JSON; nothing when there is none. */
  replace(decisionId: string, at: number, held: string): void;
  remove(decisionId: string): void;
  /** Takes values out of a set, wherever they are held. */
  takeOut(removal: Removal): void;
  /** After everything of a commit: what it gave back must not be added up before. */
  finish(): void;
}

/** Writes within the transaction of whoever calls. */
export function holdingsWriter(database: Sqlite.Database): HoldingsWriter {
  const insert = database.prepare('insert into log_holdings (decision_id, at, next, holdings) values (?, ?, ?, ?)');
  const remove = database.prepare('delete from log_holdings where decision_id = ?');
  const replace = database.prepare(
    `insert into log_holdings (decision_id, at, next, holdings) values (?, ?, ?, ?)
     on conflict do update set holdings = excluded.holdings`,
  );
  // What was left by a process that ended is added up with the first permit.
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

/** It is done seldom, and looks at all that is not added up yet. */
function takeOut(database: Sqlite.Database, { accumulator, key, values }: Removal): void {
  const without = (amount: Holding['amount']): Holding['amount'] =>
    Array.isArray(amount) ? amount.filter((value) => !values.includes(value as string)) : amount;
  const accounts = database
    .prepare('select fold, amount from log_accounts where accumulator = ? and key = ?')
    .all(accumulator, key) as Pick<AccountRow, 'fold' | 'amount'>[];
  const write = database.prepare('update log_accounts set amount = ? where accumulator = ? and fold = ? and key = ?');
  for (const { fold, amount } of accounts)
    write.run(JSON.stringify(without(JSON.parse(amount) as Holding['amount'])), accumulator, fold, key);
  const rows = database
    .prepare('select decision_id, holdings from log_holdings where instr(holdings, ?) > 0')
    .all(JSON.stringify(key)) as Pick<HoldingRow, 'decision_id' | 'holdings'>[];
  const rewrite = database.prepare('update log_holdings set holdings = ? where decision_id = ?');
  for (const { decision_id: id, holdings } of rows) {
    const left = (JSON.parse(holdings) as Holding[]).map((holding) =>
      holding.accumulator === accumulator && holding.key === key
        ? { ...holding, amount: without(holding.amount) }
        : holding,
    );
    rewrite.run(JSON.stringify(left), id);
  }
}

/** Adds up what is settled: what has no window goes to its account, what a window still sees waits for its end. */
export function compact(database: Sqlite.Database, now: number, most = 2 * COMPACT_EVERY): void {
  const rows = database
    .prepare('select * from log_holdings where next <= ? order by next limit ?')
    .all(now, most) as HoldingRow[];
  const remove = database.prepare('delete from log_holdings where decision_id = ?');
  const keep = database.prepare('update log_holdings set next = ?, holdings = ? where decision_id = ?');
  const totals = new Map<string, Holding & { readonly at: number }>();
  for (const { decision_id: id, at, holdings } of rows) {
    const kept: Holding[] = [];
    for (const holding of JSON.parse(holdings) as Holding[]) {
      const { accumulator, fold, key, amount, until } = holding;
      if (until === undefined) {
        const account = JSON.stringify([accumulator, fold, key]);
        const before = totals.get(account);
        totals.set(account, {
          ...holding,
          at: Math.max(at, before?.at ?? 0),
          amount: before === undefined ? amount : together(before.amount, amount),
        });
      } else if (until > now) {
        kept.push(holding);
      }
    }
    if (kept.length === 0) remove.run(id);
    else keep.run(Math.min(...kept.map(({ until }) => until ?? now)), JSON.stringify(kept), id);
  }
  const find = database.prepare('select amount from log_accounts where accumulator = ? and fold = ? and key = ?');
  const add = database.prepare(
    `insert into log_accounts (accumulator, fold, key, at, amount) values (?, ?, ?, ?, ?)
     on conflict do update set at = excluded.at, amount = excluded.amount`,
  );
  for (const { accumulator, fold, key, at, amount } of totals.values()) {
    const before = find.get(accumulator, fold, key) as Pick<AccountRow, 'amount'> | undefined;
    const total = before === undefined ? amount : together(JSON.parse(before.amount) as Holding['amount'], amount);
    add.run(accumulator, fold, key, at, JSON.stringify(total));
  }
}

function together(a: Holding['amount'], b: Holding['amount']): Holding['amount'] {
  if (typeof a === 'object' && typeof b === 'object') return [...new Set([...a, ...b])];
  const sum = BigInt(a as number | string) + BigInt(b as number | string);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : String(sum);
}

/** As the ledger takes them in, oldest first. `settled`: the decisions of which an outcome is known. */
export function keptHoldings(
  rows: readonly HoldingRow[],
  accounts: readonly AccountRow[],
  settled: ReadonlySet<string>,
  now: number,
): readonly KeptHolding[] {
  const forGood = accounts.map(({ amount, ...account }) => ({
    ...account,
    amount: JSON.parse(amount) as Holding['amount'],
    decisionId: undefined,
  }));
  const held = rows.flatMap(({ decision_id: id, at, holdings }) => {
    const isOpen = !settled.has(id) && at + SETTLED_AFTER_MS > now;
    return (JSON.parse(holdings) as Holding[])
      .filter(({ until }) => until === undefined || until > now)
      .map((holding) => ({ ...holding, at, decisionId: isOpen ? id : undefined }));
  });
  return [...forGood, ...held];
}
