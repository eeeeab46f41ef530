import { columnsOf } from '../../store/dialect.js';
import type { Migrations, Store } from '../../store/store.js';

/** The most entries that may be acknowledged before they are durable. */
export const MAX_UNDURABLE = 1_000;

type AcknowledgementTables = {
  /** Has a row while entries may be acknowledged before they are durable. */
  log_early: { id: number; most: number; since: string };
};

export const acknowledgementMigrations: Migrations = {
  '0014_audit_early': {
    async up(db) {
      await db.schema
        .createTable('log_early')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('most', columnsOf(db).whole, (c) => c.notNull())
        .addColumn('since', 'text', (c) => c.notNull())
        .execute();
    },
  },
};

/** The entries that a service that did not close its log may have acknowledged and not recorded. */
interface Unrecorded {
  /** The most entries that can be missing. */
  readonly atMost: number;
  /** When it began to acknowledge before entries were durable. RFC 3339. */
  readonly since: string;
}

/** Keeps on disk that entries may be acknowledged before they are durable: the service after one that was killed learns of it. */
export class AsyncAcknowledgement {
  constructor(private readonly store: Store) {}

  private get table() {
    return this.store.withTables<AcknowledgementTables>();
  }

  async begin(now: Date): Promise<void> {
    await this.table
      .insertInto('log_early')
      .values({ id: 1, most: MAX_UNDURABLE, since: now.toISOString() })
      .onConflict((c) => c.doNothing())
      .execute();
  }

  /** Records that everything acknowledged is durable, or that the gap is on the record. */
  async end(): Promise<void> {
    await this.table.deleteFrom('log_early').execute();
  }

  /** Returns what an earlier service may not have recorded; undefined if nothing can be missing. */
  async unrecorded(): Promise<Unrecorded | undefined> {
    const row = await this.table.selectFrom('log_early').selectAll().executeTakeFirst();
    return row && { atMost: row.most, since: row.since };
  }
}
