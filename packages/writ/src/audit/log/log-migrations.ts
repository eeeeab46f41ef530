import { columnsOf, isPostgres } from '../../store/dialect.js';
import { sql } from '../../store/kysely.js';
import type { Migrations } from '../../store/store.js';
import { holdingTables } from './log-holdings.js';
import { treeTables } from './tree-migration.js';

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
      // Decisions that were recorded one a row stay readable.
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
  '0021_audit_journal_mark': {
    async up(db) {
      await db.schema.alterTable('log_head').addColumn('journal', 'text').execute();
    },
  },
};
