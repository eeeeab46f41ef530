import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import { type Approval, HeldApprovals } from './approvals.js';
import type { Author, RevisionLog } from './revision-log.js';

interface ApprovalRow {
  id: string;
  approved_until: string;
  body: string;
}
type ApprovalTables = { approvals: ApprovalRow };

export const approvalMigrations: Migrations = {
  '0016_registry_approvals': {
    async up(db) {
      const { id } = columnsOf(db);
      await db.schema
        .createTable('approvals')
        .addColumn('id', id, (c) => c.primaryKey())
        .addColumn('approved_until', 'text', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .execute();
    },
  },
};

/** An approval that is over is kept for this time, so that a caller that still sends it learns why it is invalid. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** The approvals, as the database has them. */
export class Approvals extends HeldApprovals {
  private constructor(
    private readonly revisions: RevisionLog,
    used: Iterable<string>,
  ) {
    super(used);
    revisions.keep({ kind: 'approval', refresh: (from) => this.refresh(from) });
  }

  /** @param used those for one permit that were used, as the record has it */
  static async open(store: Store, revisions: RevisionLog, used: Iterable<string>, now: Date): Promise<Approvals> {
    const before = new Date(now.getTime() - KEPT_MS).toISOString();
    await store.withTables<ApprovalTables>().deleteFrom('approvals').where('approved_until', '<', before).execute();
    const approvals = new Approvals(revisions, used);
    (await approvals.refresh(store))();
    return approvals;
  }

  private async refresh(from: Store): Promise<() => void> {
    const rows = await from.withTables<ApprovalTables>().selectFrom('approvals').selectAll().orderBy('id').execute();
    return () => {
      this.clear();
      for (const { body } of rows) this.hold(JSON.parse(body) as Approval);
    };
  }

  /** In the next decision when its promise is kept. */
  async add(approval: Approval, author: Author): Promise<void> {
    await this.write(approval, author);
  }

  /** Ends one now. Not in the next decision when its promise is kept. */
  async end(id: string, author: Author): Promise<Approval | undefined> {
    const found = this.find(id);
    if (found === undefined || found.endedAt !== undefined) return found;
    const ended = { ...found, endedAt: author.now.toISOString() };
    // Out of force before it is off the disk, as with revocations.
    this.hold(ended);
    await this.write(ended, author);
    return ended;
  }

  private async write(approval: Approval, author: Author): Promise<void> {
    const row = { id: approval.id, approved_until: approval.approvedUntil, body: JSON.stringify(approval) };
    await this.revisions.write(author, async (tables) => {
      await tables
        .withTables<ApprovalTables>()
        .insertInto('approvals')
        .values(row)
        .onConflict((c) => c.column('id').doUpdateSet(row))
        .execute();
      const { type } = approval.resource;
      return {
        changes: [{ kind: 'approval', type, id: approval.id, what: 'put' }],
        apply: () => this.hold(approval),
      };
    });
  }
}
