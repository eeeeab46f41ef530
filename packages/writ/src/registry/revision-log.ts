import type { EntityUid } from '@writ/cedar';
import type { Transaction } from 'kysely';
import { SerialQueue } from '../lib/serial-queue.js';
import { columnsOf, isPostgres } from '../store/dialect.js';
import { sql } from '../store/kysely.js';
import type { Migrations, Store } from '../store/store.js';

/** The part of the registry that a change is about. */
type ChangeKind = 'approval' | 'credential' | 'entity' | 'grant' | 'identity' | 'identity-key' | 'revocation';

/** One thing that was changed. Of what is not an entity, `type` says which sort it is. */
interface Change extends EntityUid {
  readonly kind: ChangeKind;
  readonly what: 'put' | 'delete';
}

/** A change as it is read back. */
export interface LoggedChange extends Change {
  readonly revision: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly by: string;
}

/** The author and the time of a change. */
export interface Author {
  readonly by: string;
  readonly now: Date;
}

/** The part of memory that holds one kind. */
interface ResidentPart {
  readonly kind: ChangeKind;
  /**
   * Reads what there is of these now, all from one snapshot of the database.
   *
   * @returns what makes it so in memory, at once
   */
  refresh(snapshot: Store, changed: readonly EntityUid[] | 'all'): Promise<() => void>;
}

interface ChangeRow {
  revision: number;
  n: number;
  kind: string;
  type: string;
  id: string;
  what: string;
  at: string;
  by: string;
}
type RevisionTables = {
  entity_revision: { only: number; revision: number };
  registry_changes: ChangeRow;
};

export const revisionMigrations: Migrations = {
  '0007_registry_changes': {
    async up(db) {
      const { whole, id } = columnsOf(db);
      let table = db.schema
        .createTable('registry_changes')
        .addColumn('revision', whole, (c) => c.notNull())
        .addColumn('n', 'integer', (c) => c.notNull());
      for (const name of ['kind', 'type', 'id', 'what', 'at', 'by'] as const)
        table = table.addColumn(name, name === 'id' || name === 'type' ? id : 'text', (c) => c.notNull());
      await table.addPrimaryKeyConstraint('registry_changes_order', ['revision', 'n']).execute();
    },
  },
};

/** Writers to the registry take turns: the number stands for that in PostgreSQL's advisory locks. */
const TURN = 0x77726572;
/** Changes are kept for this time; a follower that lags longer reloads everything. */
const KEPT_MS = 7 * 24 * 3_600_000;
const PRUNED_EVERY = 10_000;
const CHANGES_AT_ONCE = 4_000;
/** After more changes than this, a follower reloads everything. */
const MAX_CAUGHT_UP = 50_000;

/**
 * The order of all changes of the registry: entities, revocations, keys. Each has a revision, one more than the one before, of
 * whichever service; what is in memory is always that of one revision. Other services on the same database follow.
 */
export class RevisionLog {
  private readonly parts = new Map<ChangeKind, ResidentPart>();
  private readonly queue = new SerialQueue();
  private waiting: { readonly revision: number; readonly resolve: () => void }[] = [];
  private caughtUpAt = 0;
  private readonly shared: boolean;
  private announce: (() => void) | undefined;

  private constructor(
    private readonly store: Store,
    private last: number,
  ) {
    this.shared = isPostgres(store);
    this.caughtUpAt = performance.now();
  }

  static async open(store: Store, now: Date): Promise<RevisionLog> {
    await prune(store, now);
    return new RevisionLog(store, await lastRevision(store));
  }

  /** The revision of what is in memory. */
  get revision(): number {
    return this.last;
  }

  /** The time since memory was known to be the newest, in ms: 0 if no other service writes. */
  get age(): number {
    return this.shared ? performance.now() - this.caughtUpAt : 0;
  }

  /** Adds what has to be kept up to date. */
  keep(part: ResidentPart): void {
    this.parts.set(part.kind, part);
  }

  /** Calls back after each change that was made here. */
  onChange(announce: () => void): void {
    this.announce = announce;
  }

  /**
   * Makes a change, after those that were asked for before it, on top of everything that anybody made before.
   *
   * @param make writes it, and says what it changed and what makes it so in memory once it is on disk; undefined: nothing is to be done
   * @returns the revision of it, or undefined when there was nothing to do
   */
  write(
    author: Author,
    make: (tables: Store, revision: number) => Promise<Written | undefined>,
  ): Promise<number | undefined> {
    return this.inTurn(async () => {
      let revision = 0;
      if (this.last % PRUNED_EVERY === 0) await prune(this.store, author.now);
      const written = await this.store.transaction().execute(async (transaction) => {
        // Held until the commit, so that revisions become visible in their order.
        if (this.shared) {
          await sql`select pg_advisory_xact_lock(${TURN})`.execute(transaction);
          if ((await lastRevision(transaction)) > this.last) await this.catchUp();
        }
        revision = this.last + 1;
        const done = await make(transaction, revision);
        if (done !== undefined) await record(transaction, author, revision, done.changes);
        return done;
      });
      if (written === undefined) return undefined;
      written.apply?.();
      this.reached(revision);
      this.announce?.();
      return revision;
    });
  }

  /** Runs something while nobody here makes a change. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.queue.run(work);
  }

  /** Reads the changes of other services. */
  async follow(): Promise<void> {
    await this.inTurn(() => this.catchUp());
  }

  /** Waits until memory has at least a revision. @returns whether it did in time */
  async reaches(revision: number, ms: number): Promise<boolean> {
    if (this.last >= revision) return true;
    if (!this.shared) return false;
    let timer: NodeJS.Timeout | undefined;
    const reached = new Promise<void>((resolve) => {
      const waiter = { revision, resolve };
      this.waiting.push(waiter);
      timer = setTimeout(() => {
        this.waiting = this.waiting.filter((one) => one !== waiter);
        resolve();
      }, ms);
    });
    this.follow().catch(() => undefined);
    await reached;
    clearTimeout(timer);
    return this.last >= revision;
  }

  /** Changes behind a revision, in their order. */
  async changes(after: number, limit: number): Promise<LoggedChange[]> {
    const rows = await this.store
      .withTables<RevisionTables>()
      .selectFrom('registry_changes')
      .selectAll()
      .where('revision', '>', after)
      .orderBy('revision')
      .orderBy('n')
      .limit(limit)
      .execute();
    return rows.map(({ n: _n, ...row }) => row as LoggedChange);
  }

  /** Reads one snapshot of the database, so that changes and their results match. */
  private async catchUp(): Promise<void> {
    const begun = performance.now();
    await snapshot(this.store, async (transaction) => {
      const revision = await lastRevision(transaction);
      if (revision !== this.last) {
        const makers = await this.refreshed(transaction, await changesBetween(transaction, this.last, revision));
        for (const make of makers) make();
        this.reached(revision);
      }
    });
    this.caughtUpAt = begun;
  }

  private async refreshed(transaction: Store, changes: readonly ChangeRow[] | undefined): Promise<(() => void)[]> {
    const makers: (() => void)[] = [];
    for (const part of this.parts.values()) {
      const changed = changes?.filter(({ kind }) => kind === part.kind);
      if (changed?.length === 0) continue;
      const uids = changed && distinct(changed.map(({ type, id }) => ({ type, id })));
      makers.push(await part.refresh(transaction, uids ?? 'all'));
    }
    return makers;
  }

  private reached(revision: number): void {
    this.last = revision;
    for (const { revision: wanted, resolve } of this.waiting) if (wanted <= revision) resolve();
    this.waiting = this.waiting.filter(({ revision: wanted }) => wanted > revision);
  }
}

async function prune(store: Store, now: Date): Promise<void> {
  const before = new Date(now.getTime() - KEPT_MS).toISOString();
  await store.withTables<RevisionTables>().deleteFrom('registry_changes').where('at', '<', before).execute();
}

/** The result of one change. */
interface Written {
  readonly changes: readonly Change[];
  readonly apply?: () => void;
}

/** Reads in one snapshot. */
export function snapshot<T>(store: Store, read: (transaction: Store) => Promise<T>): Promise<T> {
  // In SQLite another reader of this process would wait for it, and there is no other writer.
  if (!isPostgres(store)) return read(store);
  return store.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);
}

export async function lastRevision(store: Store): Promise<number> {
  const row = await store
    .withTables<RevisionTables>()
    .selectFrom('entity_revision')
    .select('revision')
    .executeTakeFirst();
  return row?.revision ?? 0;
}

/** Those from one revision to another; undefined when some are missing, or too many to go through. */
async function changesBetween(store: Store, after: number, to: number): Promise<readonly ChangeRow[] | undefined> {
  const rows = await store
    .withTables<RevisionTables>()
    .selectFrom('registry_changes')
    .selectAll()
    .where('revision', '>', after)
    .where('revision', '<=', to)
    .limit(MAX_CAUGHT_UP + 1)
    .execute();
  const revisions = new Set(rows.map(({ revision }) => revision));
  return rows.length <= MAX_CAUGHT_UP && revisions.size === to - after ? rows : undefined;
}

async function record(
  transaction: Transaction<unknown> | Store,
  { by, now }: Author,
  revision: number,
  changes: readonly Change[],
): Promise<void> {
  const table = transaction.withTables<RevisionTables>();
  await table
    .insertInto('entity_revision')
    .values({ only: 1, revision })
    .onConflict((c) => c.column('only').doUpdateSet({ revision }))
    .execute();
  const at = now.toISOString();
  const rows = changes.map(({ kind, type, id, what }, n) => ({ revision, n, kind, type, id, what, at, by }));
  for (let i = 0; i < rows.length; i += CHANGES_AT_ONCE)
    await table
      .insertInto('registry_changes')
      .values(rows.slice(i, i + CHANGES_AT_ONCE))
      .execute();
}

function distinct(uids: readonly EntityUid[]): EntityUid[] {
  const seen = new Map<string, EntityUid>();
  for (const { type, id } of uids) seen.set(JSON.stringify([type, id]), { type, id });
  return [...seen.values()];
}
