import type { ColumnDataType, Kysely, RawBuilder } from 'kysely';
import { PostgresAdapter, sql } from './kysely.js';

/** The names that differ between the two databases. Everything else of a migration is the same for both. */
export function columnsOf(db: Kysely<unknown>): {
  /** A whole number of up to 53 bits: milliseconds, revisions. */
  readonly whole: ColumnDataType;
  /** The number of a row, given out in order. */
  readonly serial: ColumnDataType;
  /** A text that is compared by its code points, as ids are. */
  readonly id: ColumnDataType | RawBuilder<unknown>;
  readonly bytes: ColumnDataType;
} {
  return isPostgres(db)
    ? { whole: 'bigint', serial: 'bigserial', id: sql`text collate "C"`, bytes: 'bytea' }
    : { whole: 'integer', serial: 'integer', id: 'text', bytes: 'blob' };
}

export function isPostgres(db: Kysely<unknown>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Returns the package that has the binary for a version of Node. */
export function sqliteFor(node: string): 'better-sqlite3' | 'better-sqlite3-napi' {
  return Number.parseInt(node, 10) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3';
}
