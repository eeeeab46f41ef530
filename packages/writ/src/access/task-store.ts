import { columnsOf } from '../store/dialect.js';
import type { Migrations, Store } from '../store/store.js';
import type { StoreKey, WrappedColumn } from '../store/store-key.js';
import { type AccessTask, statusOf } from './access-task.js';

interface TaskRow {
  id: string;
  enforcement_point: string;
  idempotency_key: string | null;
  /** The keyed hash of its first item. It finds an earlier request for the same call. */
  binding: string;
  is_open: number;
  /** When it is due, if it is open. */
  due_at: string | null;
  expires_at: string;
  body: string;
}
interface DeliveryRow {
  id: string;
  channel: string;
  address: string;
  body: string;
  attempts: number;
  next_at: string;
}
type AccessTables = { access_requests: TaskRow; access_deliveries: DeliveryRow };

export const accessMigrations: Migrations = {
  '0017_access_requests': {
    async up(db) {
      const { id } = columnsOf(db);
      await db.schema
        .createTable('access_requests')
        .addColumn('id', id, (c) => c.primaryKey())
        .addColumn('enforcement_point', id, (c) => c.notNull())
        .addColumn('idempotency_key', id)
        .addColumn('binding', id, (c) => c.notNull())
        .addColumn('is_open', 'integer', (c) => c.notNull())
        .addColumn('due_at', 'text')
        .addColumn('expires_at', 'text', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .addUniqueConstraint('access_requests_idempotency', ['enforcement_point', 'idempotency_key'])
        .execute();
      await db.schema
        .createIndex('access_requests_binding')
        .on('access_requests')
        .columns(['binding', 'expires_at'])
        .execute();
      await db.schema
        .createIndex('access_requests_open')
        .on('access_requests')
        .columns(['is_open', 'expires_at'])
        .execute();
      await db.schema.createIndex('access_requests_due').on('access_requests').column('due_at').execute();
      await db.schema
        .createTable('access_deliveries')
        .addColumn('id', id, (c) => c.primaryKey())
        .addColumn('channel', 'text', (c) => c.notNull())
        .addColumn('address', 'text', (c) => c.notNull())
        .addColumn('body', 'text', (c) => c.notNull())
        .addColumn('attempts', 'integer', (c) => c.notNull())
        .addColumn('next_at', 'text', (c) => c.notNull())
        .execute();
    },
  },
};

/** A request has the address of its caller's own callback; a notice, the links by which people decide. */
const REQUEST: WrappedColumn = { table: 'access_requests', id: 'id', column: 'body' };
const ADDRESS: WrappedColumn = { table: 'access_deliveries', id: 'id', column: 'address' };
const NOTICE: WrappedColumn = { table: 'access_deliveries', id: 'id', column: 'body' };
export const WRAPPED_ACCESS: readonly WrappedColumn[] = [REQUEST, ADDRESS, NOTICE];

/** A notice on its way. */
export interface Delivery {
  readonly id: string;
  /** The name of a channel of `notify`, or `callback`. */
  readonly channel: string;
  /** The address, for a channel that has many. */
  readonly address: string;
  readonly body: string;
  readonly attempts: number;
}

/** A delivery that has no id yet. */
export type NewDelivery = Omit<Delivery, 'attempts' | 'id'>;

/** Access requests and their notices, stored. */
export class AccessTaskStore {
  constructor(
    private readonly store: Store,
    /** Wraps requests and notices. */
    private readonly key: StoreKey,
  ) {}

  private get table() {
    return this.store.withTables<AccessTables>();
  }

  async find(id: string): Promise<AccessTask | undefined> {
    const row = await this.table
      .selectFrom('access_requests')
      .select(['id', 'body'])
      .where('id', '=', id)
      .executeTakeFirst();
    return row && this.taskIn(row);
  }

  async withKey(enforcementPoint: string, key: string): Promise<AccessTask | undefined> {
    const row = await this.table
      .selectFrom('access_requests')
      .select(['id', 'body'])
      .where('enforcement_point', '=', enforcementPoint)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
    return row && this.taskIn(row);
  }

  /** Returns the requests for exactly this, newest first. */
  async withBinding(binding: string): Promise<AccessTask[]> {
    const rows = await this.table
      .selectFrom('access_requests')
      .select(['id', 'body'])
      .where('binding', '=', binding)
      .orderBy('expires_at', 'desc')
      .limit(20)
      .execute();
    return rows.map((row) => this.taskIn(row));
  }

  /** Returns the undecided requests, or all, newest first. */
  async list(which: 'open' | 'all', limit: number): Promise<AccessTask[]> {
    const query = this.table
      .selectFrom('access_requests')
      .select(['id', 'body'])
      .orderBy('expires_at', 'desc')
      .limit(limit);
    const rows = await (which === 'open' ? query.where('is_open', '=', 1) : query).execute();
    return rows.map((row) => this.taskIn(row));
  }

  /** Returns the open requests that are due by a time. */
  async dueBy(now: Date, limit: number): Promise<AccessTask[]> {
    const rows = await this.table
      .selectFrom('access_requests')
      .select(['id', 'body'])
      .where('due_at', '<=', now.toISOString())
      .orderBy('due_at')
      .limit(limit)
      .execute();
    return rows.map((row) => this.taskIn(row));
  }

  /** Counts the open requests of an enforcement point. */
  async openOf(enforcementPoint: string): Promise<number> {
    const { count } = await this.table
      .selectFrom('access_requests')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('enforcement_point', '=', enforcementPoint)
      .where('is_open', '=', 1)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /**
   * Stores a task with its notices, both or neither.
   *
   * @param dueAt when it is due, while it is open
   */
  async put(
    task: AccessTask,
    dueAt: string,
    deliveries: readonly Omit<Delivery, 'attempts'>[],
    now: Date,
  ): Promise<void> {
    const isOpen = statusOf(task) === 'pending';
    const row = {
      id: task.id,
      enforcement_point: task.enforcementPoint,
      idempotency_key: task.idempotency?.key ?? null,
      binding: task.items[0]?.binding ?? '',
      is_open: isOpen ? 1 : 0,
      due_at: isOpen ? dueAt : null,
      expires_at: task.expiresAt,
      body: this.key.wrap(JSON.stringify(task), REQUEST, task.id),
    };
    await this.store.transaction().execute(async (transaction) => {
      const table = transaction.withTables<AccessTables>();
      await table
        .insertInto('access_requests')
        .values(row)
        .onConflict((c) => c.column('id').doUpdateSet(row))
        .execute();
      if (deliveries.length > 0)
        await table
          .insertInto('access_deliveries')
          .values(deliveries.map((one) => ({ ...this.wrapped(one), attempts: 0, next_at: now.toISOString() })))
          .execute();
    });
  }

  /** Returns the deliveries that are due. */
  async due(now: Date, limit: number): Promise<Delivery[]> {
    const rows = await this.table
      .selectFrom('access_deliveries')
      .select(['id', 'channel', 'address', 'body', 'attempts'])
      .where('next_at', '<=', now.toISOString())
      .orderBy('next_at')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      ...row,
      address: this.key.unwrap(row.address, ADDRESS, row.id).toString(),
      body: this.key.unwrap(row.body, NOTICE, row.id).toString(),
    }));
  }

  private wrapped<D extends Pick<Delivery, 'id' | 'address' | 'body'>>(delivery: D): D {
    const { id, address, body } = delivery;
    return { ...delivery, address: this.key.wrap(address, ADDRESS, id), body: this.key.wrap(body, NOTICE, id) };
  }

  async delivered(id: string): Promise<void> {
    await this.table.deleteFrom('access_deliveries').where('id', '=', id).execute();
  }

  async again(id: string, attempts: number, at: Date): Promise<void> {
    await this.table
      .updateTable('access_deliveries')
      .set({ attempts, next_at: at.toISOString() })
      .where('id', '=', id)
      .execute();
  }

  /** Deletes the decided requests that ended before a time. */
  async purge(before: Date): Promise<void> {
    await this.table
      .deleteFrom('access_requests')
      .where('expires_at', '<', before.toISOString())
      .where('is_open', '=', 0)
      .execute();
  }

  private taskIn({ id, body }: Pick<TaskRow, 'id' | 'body'>): AccessTask {
    return JSON.parse(this.key.unwrap(body, REQUEST, id).toString()) as AccessTask;
  }
}
