import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import type { Txn } from '../lib/ids.js';
import type { Migrations, Store } from '../store/store.js';
import type { Mandate } from './mandate.js';
import { presentOf, type TransactionToken } from './transaction-token.js';

/** A task as it was started. */
export interface StartedTask {
  readonly txn: Txn;
  readonly scope: readonly string[];
  readonly originator: EntityUid;
  /** The actor at its start. */
  readonly actor: EntityUid;
  /** The caller that its first token was issued to. */
  readonly startedBy: string;
  /** RFC 3339, UTC. */
  readonly started: string;
  /** When its first token expires; no later one lives longer. */
  readonly expires: string;
  /** Undefined for the mandate of the default kind, which the bundle declares. */
  readonly mandate: Mandate | undefined;
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
};

/** Keeps the tasks that were started with a token. */
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
}

function startedTaskOf({ txn, scope, originator, actor, started_by, started, expires, mandate }: TaskRow): StartedTask {
  return {
    txn: txn as Txn,
    scope: scope.split(' '),
    originator: parseUid(originator) as EntityUid,
    actor: parseUid(actor) as EntityUid,
    startedBy: started_by,
    started,
    expires,
    mandate: mandate === null ? undefined : (JSON.parse(mandate) as Mandate),
  };
}
