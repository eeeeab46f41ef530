import type { Kysely } from 'kysely';
import { columnsOf, isPostgres } from '../../store/dialect.js';
import type { Migrations } from '../../store/store.js';
import { postgresTriggers } from './postgres-triggers.js';

/** The tables that decisions rest on: who holds what, who may not, who is who, and which tools and policy count. */
export const STATE_TABLES = [
  'approvals',
  'credentials',
  'entities',
  'grants',
  'identities',
  'identity_keys',
  'log_accounts',
  'log_holdings',
  'log_proofs',
  'log_uses',
  'registry_revocations',
  'served_policies',
  'tool_pins',
] as const;
export type StateTable = (typeof STATE_TABLES)[number];

/** The digest of one table. */
export interface DigestRow {
  readonly name: string;
  /** The number of changes of the table. */
  readonly seq: number;
  /** The blinded sum of the table's rows: in hexadecimal on SQLite, in decimal on PostgreSQL. */
  readonly digest: string;
  /** Whether a session without the key has changed the table since; 0 on SQLite. */
  readonly stale: number;
}
/** A digest as a checkpoint binds it. */
export type BoundDigest = Omit<DigestRow, 'stale'>;
export type DigestTables = { state_digests: DigestRow };

export const stateMigrations: Migrations = {
  '0023_state_digests': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('state_digests')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('seq', columnsOf(db).whole, (c) => c.notNull())
        .addColumn('digest', 'text', (c) => c.notNull())
        .addColumn('stale', 'integer', (c) => c.notNull().defaultTo(0))
        .execute();
      if (isPostgres(db)) await postgresTriggers(db, STATE_TABLES);
    },
  },
};

const LINE = /^state (\S+) (\d+) ([0-9a-f]{1,80})$/;

/** Returns the lines by which a checkpoint binds the digests. */
export function stateLines(rows: readonly BoundDigest[]): string[] {
  return rows.map(({ name, seq, digest }) => `state ${name} ${seq} ${digest}`);
}

/** Returns the digests that the text of a checkpoint binds. */
export function digestsIn(text: string): BoundDigest[] {
  return text.split('\n').flatMap((line) => {
    const [, name, seq, digest] = LINE.exec(line) ?? [];
    return name === undefined || digest === undefined ? [] : [{ name, seq: Number(seq), digest }];
  });
}
