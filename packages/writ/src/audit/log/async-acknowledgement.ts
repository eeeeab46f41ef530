import { columnsOf } from '../../store/dialect.js';
import type { Migrations, Store } from '../../store/store.js';

/** So many entries may be answered for before they are on disk. */
export const MAX_UNDURABLE = 1_000;

type EarlyTables = {
  /** A row for as long as anything may be answered for before it is on disk. */
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

/** What a service that ended without closing its log may have answered for, and nobody recorded. */
interface Unrecorded {
  /** At most so many entries. */
  readonly atMost: number;
  /** When it began to answer early. RFC 3339. */
  readonly since: string;
}

/** Keeps on disk that entries may be answered for before they are there: if the service is killed, the next one knows. */
export class AsyncAcknowledgement {
  constructor(private readonly store: Store) {}

  private get table() {
    return this.store.withTables<EarlyTables>();
  }

  async begin(now: Date): Promise<void> {
    await this.table
      .insertInto('log_early')
      .values({ id: 1, most: MAX_UNDURABLE, since: now.toISOString() })
      .onConflict((c) => c.doNothing())
      .execute();
  }

  /** Everything is on disk. */
  async end(): Promise<void> {
    await this.table.deleteFrom('log_early').execute();
  }

  /** What was not closed; undefined when nothing can be missing. */
  async unrecorded(): Promise<Unrecorded | undefined> {
    const row = await this.table.selectFrom('log_early').selectAll().executeTakeFirst();
    return row && { atMost: row.most, since: row.since };
  }
}
