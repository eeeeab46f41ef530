import { isPostgres } from '../store/dialect.js';
import { sql } from '../store/kysely.js';
import type { Migrations } from '../store/store.js';
import type { WrappedColumn } from '../store/store-key.js';

/** Why a key ends: another took its place, somebody took it away, or its holder is not declared any more. */
export type EndOfKey = 'rotated' | 'revoked' | 'removed';

/** A row of the table of keys: also of those that have ended, so that none counts again. */
export interface CredentialRow {
  /** The SHA-256 of the key. */
  readonly hash: string;
  readonly kind: string;
  readonly name: string;
  readonly created_at: string;
  /** Null if the issue of the key is not on the record. */
  readonly recorded_at: string | null;
  /** The time from which the key proves nothing; null if it has no end. RFC 3339, UTC. */
  readonly ends_at: string | null;
  readonly end_why: EndOfKey | null;
  /** The source outside Writ that the key came from, such as `env:DOCS_KEY`; null if Writ made it. */
  readonly source: string | null;
  /** JSON of the identities of an added caller; null if the bundle declares the holder. */
  readonly said: string | null;
}

export type CredentialTables = {
  secrets: { name: string; value: string };
  credentials: CredentialRow;
};

export const credentialMigrations: Migrations = {
  '0001_provenance_credentials': {
    async up(db) {
      await db.schema
        .createTable('credentials')
        .addColumn('hash', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('created_at', 'text', (c) => c.notNull())
        .addUniqueConstraint('credentials_holder', ['kind', 'name'])
        .execute();
    },
  },
  '0002_provenance_secrets': {
    async up(db) {
      await db.schema
        .createTable('secrets')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('value', 'text', (c) => c.notNull())
        .execute();
      await sql`update credentials set kind = 'caller' where kind = 'enforcement-point'`.execute(db);
    },
  },
  '0024_provenance_recorded_credentials': {
    async up(db) {
      await db.schema.alterTable('credentials').addColumn('recorded_at', 'text').execute();
    },
  },
  '0028_provenance_ended_credentials': {
    async up(db) {
      // A holder has several keys while one takes the place of another.
      if (isPostgres(db)) await db.schema.alterTable('credentials').dropConstraint('credentials_holder').execute();
      else {
        // SQLite drops no constraint: the rows move to a table without it.
        await db.schema
          .createTable('credentials_moved')
          .addColumn('hash', 'text', (c) => c.primaryKey())
          .addColumn('kind', 'text', (c) => c.notNull())
          .addColumn('name', 'text', (c) => c.notNull())
          .addColumn('created_at', 'text', (c) => c.notNull())
          .addColumn('recorded_at', 'text')
          .execute();
        await sql`insert into credentials_moved select hash, kind, name, created_at, recorded_at from credentials`.execute(
          db,
        );
        await db.schema.dropTable('credentials').execute();
        await db.schema.alterTable('credentials_moved').renameTo('credentials').execute();
      }
      for (const column of ['ends_at', 'end_why', 'source', 'said'])
        await db.schema.alterTable('credentials').addColumn(column, 'text').execute();
    },
  },
};

export const WRAPPED_SECRETS: WrappedColumn = { table: 'secrets', id: 'name', column: 'value' };
