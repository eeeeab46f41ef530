import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { Txn } from '../lib/ids.js';
import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import type { Mandate } from './mandate.js';
import { presentOf, type TransactionToken } from './transaction-token.js';

/** How a task without a token began. */
interface BeganBy {
  readonly by: 'prompt' | 'session' | 'name' | 'call';
  readonly kind?: string | undefined;
  readonly prompt?: { readonly hash: string; readonly length: number; readonly from: number } | undefined;
}

/** The use of a task without a token, and its end; in milliseconds since the epoch. */
interface PlainUse {
  readonly usedAt: number;
  /** When its session ended; undefined if it has not. */
  readonly endedAt: number | undefined;
}

/** A task as it was started. */
export interface StartedTask {
  readonly txn: Txn;
  readonly scope: readonly string[];
  readonly originator: EntityUid;
  /** The actor at its start. */
  readonly actor: EntityUid;
  /** The caller that its first token was issued to; of a task without a token, the enforcement point of its calls. */
  readonly startedBy: string;
  /** RFC 3339, UTC. */
  readonly started: string;
  /** When its first token expires; no later one lives longer. Empty without a token. */
  readonly expires: string;
  /** Undefined for the mandate of the default kind, which the bundle declares. */
  readonly mandate: Mandate | undefined;
  /** Undefined if it has a token. */
  readonly plain: (PlainUse & { readonly stream: string; readonly began: BeganBy }) | undefined;
}

interface TaskRow {
  txn: string;
  scope: string;
  originator: string;
  actor: string;
  started_by: string;
  started: string;
  expires: string;
  mandate: string | null;
  /** These four are of a task without a token. */
  stream: string | null;
  began: string | null;
  used: number | null;
  ended: number | null;
}
type TaskTables = { tasks: TaskRow };

export const taskMigrations: Migrations = {
  '0005_provenance_tasks': {
    async up(db) {
      let table = db.schema.createTable('tasks').addColumn('txn', 'text', (c) => c.primaryKey());
      for (const name of ['scope', 'originator', 'actor', 'started_by', 'started', 'expires'] as const)
        table = table.addColumn(name, 'text', (c) => c.notNull());
      await table.addColumn('mandate', 'text').execute();
      await db.schema.createIndex('tasks_started_by').on('tasks').columns(['started_by', 'txn']).execute();
    },
  },
  '0027_provenance_plain_tasks': {
    async up(db) {
      const { whole } = columnsOf(db);
      for (const name of ['stream', 'began'] as const)
        await db.schema.alterTable('tasks').addColumn(name, 'text').execute();
      for (const name of ['used', 'ended'] as const)
        await db.schema.alterTable('tasks').addColumn(name, whole).execute();
      await db.schema.createIndex('tasks_used').on('tasks').column('used').execute();
    },
  },
};

/** Keeps the tasks that were started. The log's transaction adds those without a token (`audit/log/`). */
export class TaskStore {
  constructor(private readonly store: Store) {}

  private get table() {
    return this.store.withTables<TaskTables>();
  }

  /** Adds the task of a first token. It is on disk before the token is given out. */
  async add({ txn, scope, path, issuedAt, expires, mandate, requestingWorkload }: TransactionToken): Promise<void> {
    await this.table
      .insertInto('tasks')
      .values({
        txn,
        scope: scope.join(' '),
        originator: uidText(path[0].uid),
        actor: uidText(presentOf(path).uid),
        started_by: requestingWorkload,
        started: new Date(issuedAt * 1_000).toISOString(),
        expires: new Date(expires * 1_000).toISOString(),
        mandate: mandate === undefined ? null : JSON.stringify(mandate),
        ...{ stream: null, began: null, used: null, ended: null },
      })
      .execute();
  }

  async find(txn: string): Promise<StartedTask | undefined> {
    const row = await this.table.selectFrom('tasks').selectAll().where('txn', '=', txn).limit(1).executeTakeFirst();
    return row && startedTaskOf(row);
  }

  /**
   * Lists tasks, the newest first.
   *
   * @param startedBy only those of this caller
   * @param before only those after this one in the list
   */
  async list(startedBy: string | undefined, limit: number, before?: string): Promise<StartedTask[]> {
    let query = this.table.selectFrom('tasks').selectAll().orderBy('txn', 'desc').limit(limit);
    if (startedBy !== undefined) query = query.where('started_by', '=', startedBy);
    if (before !== undefined) query = query.where('txn', '<', before);
    return (await query.execute()).map(startedTaskOf);
  }

  /** Lists the tasks without a token that were used since a time, in the order in which they began. */
  async plainSince(since: Date, limit: number): Promise<StartedTask[]> {
    const rows = await this.table
      .selectFrom('tasks')
      .selectAll()
      .where('used', '>=', since.getTime())
      .orderBy('txn', 'desc')
      .limit(limit)
      .execute();
    return rows.map(startedTaskOf).reverse();
  }

  /** Stores when tasks without a token were used last, and when their session ended. */
  async saveUses(uses: readonly (PlainUse & { readonly txn: string })[]): Promise<void> {
    if (uses.length === 0) return;
    await this.table.transaction().execute(async (transaction) => {
      for (const { txn, usedAt, endedAt } of uses)
        await transaction
          .updateTable('tasks')
          .set({ used: usedAt, ...(endedAt === undefined ? {} : { ended: endedAt }) })
          .where('txn', '=', txn)
          .execute();
    });
  }
}

function startedTaskOf(row: TaskRow): StartedTask {
  const { txn, scope, originator, actor, started_by, started, expires, mandate, stream, began, used, ended } = row;
  return {
    txn: txn as Txn,
    scope: scope === '' ? [] : scope.split(' '),
    originator: parseUid(originator) as EntityUid,
    actor: parseUid(actor) as EntityUid,
    startedBy: started_by,
    started,
    expires,
    mandate: mandate === null ? undefined : (JSON.parse(mandate) as Mandate),
    plain:
      stream === null || began === null
        ? undefined
        : {
            stream,
            began: JSON.parse(began) as BeganBy,
            usedAt: Number(used),
            endedAt: ended === null ? undefined : Number(ended),
          },
  };
}
