import { sql } from 'kysely';
import type { Removal, UsedProof } from '../../decide/record.js';
import { columnsOf, isPostgres } from '../../store/dialect.js';
import type { Migrations } from '../../store/store.js';
import type { PersonKeyRow } from '../protection/person-keys.js';
import type { HoldingTables } from './holding-rows.js';
import { holdingTables } from './log-holdings.js';
import type { Attachment } from './log-lines.js';
import type { HeadRow, TileRow } from './log-tree.js';
import { treeTables } from './tree-migration.js';

/** Entries of the log that are committed together, as one row. */
export interface LogGroup {
  /** The ids of the first and the last entry; ids ascend through the whole log. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** One JSON object a line: the entries of the log, byte for byte. */
  readonly body: string;
  /** What is too long for its line. */
  readonly attachments: readonly Attachment[];
  /** The keys that entries are sealed with and that are not on disk yet. */
  readonly keys: readonly PersonKeyRow[];
  /** The decisions that the outcomes in the group are about. */
  readonly outcomes: readonly { readonly decisionId: string; readonly id: string }[];
  /** What the permits in the group took of the caps of mandates; JSON of a `CapUse`. */
  readonly uses: readonly { readonly decisionId: string; readonly use: string; readonly until: number }[];
  /** What the permits in the group hold of accumulators, as JSON; `at` in milliseconds since the epoch. */
  readonly holdings: readonly { readonly decisionId: string; readonly at: number; readonly reserved: string }[];
  /** What actions hold from their outcome on, as JSON; `at`: when they were permitted. */
  readonly held: readonly { readonly decisionId: string; readonly at: number; readonly held: string | undefined }[];
  readonly removed: readonly Removal[];
  /** The decisions of which the group says that nothing came of them: they took nothing. */
  readonly undone: readonly string[];
  /** The proofs of possession that were used for them. */
  readonly proofs: readonly UsedProof[];
}

export type LogTables = {
  log_groups: {
    seq: number;
    first_id: string;
    last_id: string;
    count: number;
    body: string;
    /** The place of the first entry in the log, counted from 0. */
    start: number;
    /** The hashes of the entries. */
    hashes: Buffer;
  };
  log_tiles: TileRow;
  log_head: HeadRow & { id: number; origin: string };
  log_attachments: Attachment;
  /** Checkpoints that witnesses signed too. */
  log_cosigned: { size: number; checkpoint: string };
  log_outcomes: { decision_id: string; id: string };
  log_proofs: { key: string; until: number };
  log_uses: { decision_id: string; use: string; until: number };
} & HoldingTables;

export const auditMigrations: Migrations = {
  '0001_audit_records': {
    async up(db) {
      for (const [name, key] of [
        ['decision_records', 'id'],
        ['outcome_records', 'decision_id'],
      ] as const) {
        await db.schema
          .createTable(name)
          .addColumn(key, 'text', (c) => c.primaryKey())
          .addColumn('time', 'text', (c) => c.notNull())
          .addColumn('record', 'text', (c) => c.notNull())
          .execute();
      }
    },
  },
  '0002_audit_log': {
    async up(db) {
      const { serial, id } = columnsOf(db);
      await db.schema
        .createTable('log_groups')
        .addColumn('seq', serial, (c) => (isPostgres(db) ? c.primaryKey() : c.primaryKey().autoIncrement()))
        .addColumn('first_id', id, (c) => c.notNull())
        .addColumn('last_id', id, (c) => c.notNull())
        .addColumn('count', 'integer', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .execute();
      await db.schema.createIndex('log_groups_first').on('log_groups').column('first_id').execute();
      await db.schema
        .createTable('log_outcomes')
        .addColumn('decision_id', 'text', (c) => c.primaryKey())
        .addColumn('id', 'text', (c) => c.notNull())
        .execute();
      // What was recorded one row a decision goes on being readable.
      await sql`insert into log_groups (first_id, last_id, count, body)
        select id, id, 1, '{"kind":"decision",' || substr(record, 2) from decision_records order by id`.execute(db);
      await db.schema.dropTable('outcome_records').execute();
      await db.schema.dropTable('decision_records').execute();
    },
  },
  '0006_audit_beside_entries': {
    async up(db) {
      await db.schema
        .createTable('log_uses')
        .addColumn('decision_id', 'text', (c) => c.primaryKey())
        .addColumn('use', 'text', (c) => c.notNull())
        .addColumn('until', columnsOf(db).whole, (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('log_proofs')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('until', columnsOf(db).whole, (c) => c.notNull())
        .execute();
      await holdingTables(db);
      // Those of the token service, which had them in a table of its own.
      const tables = await db.introspection.getTables();
      if (tables.some(({ name }) => name === 'dpop_proofs')) {
        await sql`insert into log_proofs select key, until from dpop_proofs`.execute(db);
        await db.schema.dropTable('dpop_proofs').execute();
      }
      await db.schema.createIndex('log_proofs_until').on('log_proofs').column('until').execute();
    },
  },
  '0011_audit_tree': { up: treeTables },
};
