import type Sqlite from 'better-sqlite3';
import type { Kysely } from 'kysely';
import type { Holding, KeptHolding } from '../decide/record.js';

/** What permits hold of the accumulators, kept with the log so that a restart forgets none: the same commit writes both. */

export type HoldingTables = {
  log_holdings: {
    accumulator: string;
    fold: string;
    key: string;
    /** Empty for those of many decisions, added up. */
    decision_id: string;
    at: number;
    until: number | null;
    /** JSON. */
    amount: string;
  };
};
type Row = HoldingTables['log_holdings'];

/** After this long the outcome of a permit changes nothing any more; so long the ledger waits for it (`OUTCOME_DEADLINE_MS`). */
export const SETTLED_AFTER_MS = 15 * 60_000;
/** So many rows later, those that are settled are added up, and those that no window sees are thrown away. */
const COMPACT_EVERY = 10_000;

export async function holdingTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('log_holdings')
    .addColumn('accumulator', 'text', (c) => c.notNull())
    .addColumn('fold', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('decision_id', 'text', (c) => c.notNull())
    .addColumn('at', 'integer', (c) => c.notNull())
    .addColumn('until', 'integer')
    .addColumn('amount', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('log_holdings_key', ['accumulator', 'fold', 'key', 'decision_id'])
    .execute();
  await db.schema.createIndex('log_holdings_decision').on('log_holdings').column('decision_id').execute();
}

export interface HoldingsWriter {
  enter(decisionId: string, at: number, reserved: readonly Holding[]): void;
  remove(decisionId: string): void;
}

/** Writes within the transaction of whoever calls. */
export function holdingsWriter(database: Sqlite.Database): HoldingsWriter {
  const insert = database.prepare(
    'insert into log_holdings (accumulator, fold, key, decision_id, at, until, amount) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = database.prepare('delete from log_holdings where decision_id = ?');
  // What was left by a process that ended is counted too.
  let written = (database.prepare('select count(*) as n from log_holdings').get() as { n: number }).n;
  return {
    enter(decisionId, at, reserved) {
      for (const { accumulator, fold, key, amount, until } of reserved)
        insert.run(accumulator, fold, key, decisionId, at, until ?? null, JSON.stringify(amount));
      written += reserved.length;
      if (written < COMPACT_EVERY) return;
      written = 0;
      compact(database, at);
    },
    remove: (decisionId) => void remove.run(decisionId),
  };
}

/** What can change no more and has no window becomes one row for each key: a long history stays small. */
export function compact(database: Sqlite.Database, now: number): void {
  const before = now - SETTLED_AFTER_MS;
  database.prepare('delete from log_holdings where until is not null and until <= ?').run(now);
  const rows = database
    .prepare(
      `select accumulator, fold, key, decision_id, at, until, amount from log_holdings
       where until is null and at < ? order by accumulator, fold, key`,
    )
    .all(before) as Row[];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = JSON.stringify([row.accumulator, row.fold, row.key]);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const remove = database.prepare(
    'delete from log_holdings where accumulator = ? and fold = ? and key = ? and decision_id = ?',
  );
  const insert = database.prepare(
    "insert into log_holdings (accumulator, fold, key, decision_id, at, until, amount) values (?, ?, ?, '', ?, null, ?)",
  );
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined || (group.length === 1 && first.decision_id === '')) continue;
    for (const { accumulator, fold, key, decision_id } of group) remove.run(accumulator, fold, key, decision_id);
    const at = Math.max(...group.map((row) => row.at));
    insert.run(first.accumulator, first.fold, first.key, at, JSON.stringify(total(group.map(({ amount }) => amount))));
  }
}

function total(amounts: readonly string[]): Holding['amount'] {
  const read = amounts.map((amount) => JSON.parse(amount) as Holding['amount']);
  if (read.every((amount) => Array.isArray(amount))) return [...new Set(read.flat() as string[])];
  const sum = read.reduce<bigint>((all, amount) => all + BigInt(amount as number | string), 0n);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : String(sum);
}

/** Rows as the ledger takes them in, oldest first. `settled`: the decisions of which an outcome is known. */
export function keptHoldings(rows: readonly Row[], settled: ReadonlySet<string>, now: number): readonly KeptHolding[] {
  return rows.map(({ accumulator, fold, key, decision_id: id, at, until, amount }) => {
    const isOpen = id !== '' && !settled.has(id) && at + SETTLED_AFTER_MS > now;
    return {
      accumulator,
      fold,
      key,
      at,
      decisionId: isOpen ? id : undefined,
      amount: JSON.parse(amount) as Holding['amount'],
      ...(until === null ? {} : { until }),
    };
  });
}
