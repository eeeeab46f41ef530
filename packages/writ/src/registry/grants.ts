import { type EntityUid, uidText } from '@writ/cedar';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import type { Author, RevisionLog } from './revision-log.js';

/** A membership of an identity in a role or group for some time: it may do then what the role may. */
export interface RoleGrant {
  readonly id: string;
  /** The member, as `Type::"id"`. */
  readonly identity: string;
  /** The role or group. */
  readonly in: EntityUid;
  readonly purpose: string;
  /** The task that it is for: it holds only there, and ends with it. */
  readonly task?: string | undefined;
  /** RFC 3339, UTC. */
  readonly start: string;
  /** Undefined for one that holds until a person ends it. */
  readonly end?: string | undefined;
  readonly grantedBy: string;
}

interface GrantRow {
  id: string;
  identity: string;
  in_type: string;
  in_id: string;
  purpose: string;
  task: string | null;
  start_at: string;
  end_at: string | null;
  granted_by: string;
}
type GrantTables = { grants: GrantRow };

export const grantMigrations: Migrations = {
  '0010_registry_grants': {
    async up(db) {
      const { id } = columnsOf(db);
      await db.schema
        .createTable('grants')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('identity', id, (c) => c.notNull())
        .addColumn('in_type', id, (c) => c.notNull())
        .addColumn('in_id', id, (c) => c.notNull())
        .addColumn('purpose', 'text', (c) => c.notNull())
        .addColumn('task', 'text')
        .addColumn('start_at', 'text', (c) => c.notNull())
        .addColumn('end_at', 'text')
        .addColumn('granted_by', 'text', (c) => c.notNull())
        .execute();
    },
  },
};

/** The grants, in memory. A grant that is over is found when a decision asks for it. */
export class Grants {
  private readonly byIdentity = new Map<string, RoleGrant[]>();

  private constructor(private readonly revisions: RevisionLog) {
    revisions.keep({ kind: 'grant', refresh: (from) => this.refresh(from) });
  }

  static async open(store: Store, revisions: RevisionLog): Promise<Grants> {
    const grants = new Grants(revisions);
    (await grants.refresh(store))();
    return grants;
  }

  private async refresh(from: Store): Promise<() => void> {
    const rows = await from.withTables<GrantTables>().selectFrom('grants').selectAll().orderBy('id').execute();
    return () => {
      this.byIdentity.clear();
      for (const row of rows) this.hold(grantOf(row));
    };
  }

  get isEmpty(): boolean {
    return this.byIdentity.size === 0;
  }

  /**
   * Returns the grants that hold for an identity at a time and in a task.
   *
   * @param name the name that the enforcement point gives the task, if that is another
   */
  of(identity: EntityUid, task: string | undefined, now: Date, name = task): readonly RoleGrant[] {
    const held = this.byIdentity.get(uidText(identity));
    if (held === undefined) return NONE;
    const at = now.toISOString();
    return held.filter(
      (grant) =>
        grant.start <= at &&
        (grant.end === undefined || at < grant.end) &&
        (grant.task === undefined || grant.task === task || grant.task === name),
    );
  }

  /** Returns all grants, also those that are over, the newest first. */
  list(): RoleGrant[] {
    return [...this.byIdentity.values()].flat().sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  find(id: string): RoleGrant | undefined {
    return this.list().find((grant) => grant.id === id);
  }

  /** Adds a grant. The next decision after the promise resolves sees it. */
  async add(grant: RoleGrant, author: Author): Promise<void> {
    await this.revisions.write(author, async (tables) => {
      await tables.withTables<GrantTables>().insertInto('grants').values(rowOf(grant)).execute();
      return {
        changes: [{ kind: 'grant', type: grant.in.type, id: grant.id, what: 'put' }],
        apply: () => this.hold(grant),
      };
    });
  }

  /** Ends a grant now. The next decision after the promise resolves does not see it. */
  async end(id: string, author: Author): Promise<void> {
    const found = this.find(id);
    if (found === undefined) return;
    // Out of force before it is off the disk, as with revocations.
    this.drop(found);
    try {
      await this.revisions.write(author, async (tables) => {
        await tables.withTables<GrantTables>().deleteFrom('grants').where('id', '=', id).execute();
        return { changes: [{ kind: 'grant', type: found.in.type, id, what: 'delete' }], apply: () => this.drop(found) };
      });
    } catch (error) {
      this.hold(found);
      throw error;
    }
  }

  private hold(grant: RoleGrant): void {
    const others = (this.byIdentity.get(grant.identity) ?? []).filter(({ id }) => id !== grant.id);
    this.byIdentity.set(grant.identity, [...others, grant]);
  }

  private drop({ identity, id }: RoleGrant): void {
    const left = (this.byIdentity.get(identity) ?? []).filter((grant) => grant.id !== id);
    if (left.length === 0) this.byIdentity.delete(identity);
    else this.byIdentity.set(identity, left);
  }
}

const NONE: readonly RoleGrant[] = [];

function rowOf({ id, identity, in: role, purpose, task, start, end, grantedBy }: RoleGrant): GrantRow {
  return {
    id,
    identity,
    in_type: role.type,
    in_id: role.id,
    purpose,
    task: task ?? null,
    start_at: start,
    end_at: end ?? null,
    granted_by: grantedBy,
  };
}

function grantOf({
  in_type: type,
  in_id: id,
  task,
  start_at: start,
  end_at: end,
  granted_by: grantedBy,
  ...row
}: GrantRow): RoleGrant {
  return {
    ...row,
    in: { type, id },
    start,
    grantedBy,
    ...(task === null ? {} : { task }),
    ...(end === null ? {} : { end }),
  };
}
