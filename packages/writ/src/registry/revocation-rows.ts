import type { Migrations } from '../store/store.js';
import type { Revocation, RevocationKind } from './revocation.js';

export type RevocationTables = { registry_revocations: RevocationRow };
interface RevocationRow {
  id: string;
  kind: RevocationKind;
  target: string;
  task: string;
  before: string | null;
  until: string | null;
  reason: string;
  by: string;
  at: string;
  /** A lifted revocation stays until its target is revoked again: receivers are still to be notified. */
  lifted_at: string | null;
}

export const revocationMigrations: Migrations = {
  '0002_registry_revocations': {
    async up(db) {
      await db.schema
        .createTable('revocations')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('target', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('by', 'text', (c) => c.notNull())
        .addColumn('at', 'text', (c) => c.notNull())
        .addUniqueConstraint('revocations_target', ['kind', 'target'])
        .execute();
    },
  },
  '0007_registry_revocations': {
    async up(db) {
      await db.schema
        .createTable('registry_revocations')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('target', 'text', (c) => c.notNull())
        .addColumn('task', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('by', 'text', (c) => c.notNull())
        .addColumn('at', 'text', (c) => c.notNull())
        .addColumn('before', 'text')
        .addColumn('lifted_at', 'text')
        .addUniqueConstraint('registry_revocations_target', ['kind', 'target', 'task'])
        .execute();
      const tables = db.withTables<
        { revocations: Omit<RevocationRow, 'task' | 'before' | 'until' | 'lifted_at'> } & RevocationTables
      >();
      const rows = await tables.selectFrom('revocations').selectAll().execute();
      for (const row of rows)
        await db
          .withTables<{ registry_revocations: Omit<RevocationRow, 'until'> }>()
          .insertInto('registry_revocations')
          .values({ ...row, task: '', before: null, lifted_at: null })
          .execute();
      await db.schema.dropTable('revocations').execute();
    },
  },
  '0028_registry_revocations_until': {
    async up(db) {
      await db.schema.alterTable('registry_revocations').addColumn('until', 'text').execute();
    },
  },
};

export function revocationOf({ task, before, until, lifted_at: _lifted, ...row }: RevocationRow): Revocation {
  return {
    ...row,
    ...(task === '' ? {} : { task }),
    ...(before === null ? {} : { before }),
    ...(until === null ? {} : { until }),
  };
}
