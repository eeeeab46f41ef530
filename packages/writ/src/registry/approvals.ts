import type { EntityUid } from '@writ/cedar';
import { uidText } from '@writ/cedar';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import type { Author, RevisionLog } from './revision-log.js';

/** `once`: for one permit. `task`: as often as it is done in its task. `until`: in any task, until its end. */
export type ApprovalUses = 'once' | 'task' | 'until';

/** That somebody lifted what stood in the way of an action. It is for these identities on this path, and nobody else. */
export interface Approval {
  readonly id: string;
  /** The access request that it came of. */
  readonly request: string;
  /** The decision that was a denial until then. */
  readonly decision: string;
  /** The policies that do not stand in the way any more. */
  readonly policies: readonly string[];
  /** Under another version of the policies it is worth nothing. */
  readonly policyVersion: string;
  /** Who may ask with it. */
  readonly enforcementPoint: string;
  readonly path: readonly EntityUid[];
  readonly action: string;
  readonly resource: EntityUid;
  /** The task that it is for, as the ledger knows it. */
  readonly task: string;
  /** The keyed hash of everything else that was asked; undefined when it is for any arguments. */
  readonly binding?: string | undefined;
  readonly uses: ApprovalUses;
  /** RFC 3339, UTC. */
  readonly approvedAt: string;
  readonly approvedUntil: string;
  /** Who approved, as `User::"lena"`. */
  readonly approvers: readonly string[];
  readonly reason: string;
  /** Whether it was taken in an emergency, without the approval that is asked for otherwise. */
  readonly emergency?: true;
  /** When somebody ended it before its end. */
  readonly endedAt?: string;
}

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

/** One that is over is kept for so long, so that whoever still comes with it is told why it is worth nothing. */
const KEPT_MS = 7 * 24 * 3_600_000;
const NONE: readonly Approval[] = [];

/** What was approved, in memory. That one is over is found out when it is asked for. */
export class Approvals {
  private byId = new Map<string, Approval>();
  private byAction = new Map<string, Approval[]>();
  private readonly used: Set<string>;

  private constructor(
    private readonly log: RevisionLog,
    used: Iterable<string>,
  ) {
    this.used = new Set(used);
    log.keep({ kind: 'approval', refresh: (from) => this.refresh(from) });
  }

  /** @param used those for one permit that were used, as the record has it */
  static async open(store: Store, log: RevisionLog, used: Iterable<string>, now: Date): Promise<Approvals> {
    const before = new Date(now.getTime() - KEPT_MS).toISOString();
    await store.withTables<ApprovalTables>().deleteFrom('approvals').where('approved_until', '<', before).execute();
    const approvals = new Approvals(log, used);
    (await approvals.refresh(store))();
    return approvals;
  }

  private async refresh(from: Store): Promise<() => void> {
    const rows = await from.withTables<ApprovalTables>().selectFrom('approvals').selectAll().orderBy('id').execute();
    return () => {
      this.byId = new Map();
      this.byAction = new Map();
      for (const { body } of rows) this.hold(JSON.parse(body) as Approval);
    };
  }

  get isEmpty(): boolean {
    return this.byId.size === 0;
  }

  /** Those for an action of these identities on a resource, whether they are good now or not. */
  of(path: readonly EntityUid[], action: string, resource: EntityUid): readonly Approval[] {
    return this.byId.size === 0 ? NONE : (this.byAction.get(keyOf(path, action, resource)) ?? NONE);
  }

  find(id: string): Approval | undefined {
    return this.byId.get(id);
  }

  /** All that are kept, the newest first. */
  list(): Approval[] {
    return [...this.byId.values()].sort((a, b) => (a.approvedAt < b.approvedAt ? 1 : -1));
  }

  /** Whether it is good at a time for whatever it is for. */
  isGood({ id, uses, approvedUntil, endedAt }: Approval, now: Date): boolean {
    return endedAt === undefined && now.toISOString() < approvedUntil && !(uses === 'once' && this.used.has(id));
  }

  /** Takes one that is for one permit. */
  use({ id, uses }: Approval): void {
    if (uses === 'once') this.used.add(id);
  }

  /** The permit that it was taken for does not stand. */
  giveBack(id: string): void {
    this.used.delete(id);
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
    await this.log.write(author, async (tables) => {
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

  private hold(approval: Approval): void {
    this.byId.set(approval.id, approval);
    const key = keyOf(approval.path, approval.action, approval.resource);
    const others = (this.byAction.get(key) ?? []).filter(({ id }) => id !== approval.id);
    this.byAction.set(key, [...others, approval]);
  }
}

function keyOf(path: readonly EntityUid[], action: string, resource: EntityUid): string {
  return JSON.stringify([path.map(uidText), action, uidText(resource)]);
}
