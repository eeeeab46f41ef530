import type Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import type { Migrations } from '../store/store.js';

/** Entries of the log that are committed together, as one row. */
export interface LogGroup {
  /** The ids of the first and the last entry; ids ascend through the whole log. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** One JSON object a line. */
  readonly body: string;
  /** The decisions that the outcomes in the group are about. */
  readonly outcomes: readonly { readonly decisionId: string; readonly id: string }[];
}

export type LogTables = {
  log_groups: { seq: number; first_id: string; last_id: string; count: number; body: string };
  log_outcomes: { decision_id: string; id: string };
};

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
      await db.schema
        .createTable('log_groups')
        .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
        .addColumn('first_id', 'text', (c) => c.notNull())
        .addColumn('last_id', 'text', (c) => c.notNull())
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
};

/** Writes groups to an open database in one transaction: all of them are there, each whole, or none. */
export function groupsInserter(database: Sqlite.Database): (groups: readonly LogGroup[]) => void {
  const insert = database.prepare('insert into log_groups (first_id, last_id, count, body) values (?, ?, ?, ?)');
  const outcome = database.prepare('insert into log_outcomes (decision_id, id) values (?, ?)');
  return database.transaction((groups: readonly LogGroup[]) => {
    for (const group of groups) {
      insert.run(group.first, group.last, group.count, group.body);
      for (const { decisionId, id } of group.outcomes) outcome.run(decisionId, id);
    }
  });
}
