import type { Append, DecisionRecord, OutcomeRecord } from '../decide/record.js';
import type { Migrations, Store } from '../store/store.js';

type AuditTables = {
  decision_records: { id: string; time: string; record: string };
  outcome_records: { decision_id: string; time: string; record: string };
};

export const auditMigrations: Migrations = {
  '0001_audit_records': {
    async up(db) {
      await db.schema
        .createTable('decision_records')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('time', 'text', (c) => c.notNull())
        .addColumn('record', 'text', (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('outcome_records')
        .addColumn('decision_id', 'text', (c) => c.primaryKey().references('decision_records.id'))
        .addColumn('time', 'text', (c) => c.notNull())
        .addColumn('record', 'text', (c) => c.notNull())
        .execute();
    },
  },
};

/** A decision with what became of it. */
export interface RecordedDecision {
  readonly decision: DecisionRecord;
  readonly outcome: OutcomeRecord | undefined;
}

/** The record of every decision and outcome, in the store. What it has taken in is on disk. */
export class AuditRecords implements Append {
  constructor(private readonly store: Store) {}

  private get table() {
    return this.store.withTables<AuditTables>();
  }

  async decision(record: DecisionRecord): Promise<void> {
    const row = { id: record.id, time: record.time, record: text(record) };
    await this.table.insertInto('decision_records').values(row).execute();
  }

  async outcome(record: OutcomeRecord): Promise<void> {
    const row = { decision_id: record.decisionId, time: record.time, record: text(record) };
    await this.table.insertInto('outcome_records').values(row).execute();
  }

  /** The record of a decision, or undefined when there is none of that id. */
  async find(id: string): Promise<RecordedDecision | undefined> {
    const decision = await this.table
      .selectFrom('decision_records')
      .select('record')
      .where('id', '=', id)
      .executeTakeFirst();
    if (decision === undefined) return undefined;
    const outcome = await this.table
      .selectFrom('outcome_records')
      .select('record')
      .where('decision_id', '=', id)
      .executeTakeFirst();
    return {
      decision: JSON.parse(decision.record) as DecisionRecord,
      outcome: outcome === undefined ? undefined : (JSON.parse(outcome.record) as OutcomeRecord),
    };
  }
}

function text(record: DecisionRecord | OutcomeRecord): string {
  return JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
