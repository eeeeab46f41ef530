import { messageOf } from '@writ/sdk/lib/message-of';
import type { Kysely } from 'kysely';
import { isPostgres } from './dialect.js';
import { emptyWal } from './empty-wal.js';
import { StoreError, StoreKeyError } from './errors.js';
import type { KeySource } from './key-source.js';
import { sql } from './kysely.js';
import type { Migrations, Store } from './store.js';
import { isWrapped, type StoreKey, type WrappedColumn } from './store-key.js';

/** The one row says which key the store needs, and shows that a key is that one. */
interface Mark {
  readonly id: string;
  readonly proof: string;
  readonly is_clean: number;
}
type MarkTables = { store_key: Mark };
const MARK: WrappedColumn = { table: 'store_key', id: 'id', column: 'proof' };

export const storeKeyMigrations: Migrations = {
  '0020_store_key': {
    async up(db) {
      await db.schema
        .createTable('store_key')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('proof', 'text', (c) => c.notNull())
        .addColumn('is_clean', 'integer', (c) => c.notNull())
        .execute();
    },
  },
};

export interface OpenKeyOptions {
  readonly source: KeySource;
  /** All columns that are wrapped. */
  readonly columns: readonly WrappedColumn[];
  /** Whether another service keeps the store. */
  readonly isFollower: boolean;
  /** Whether a new key takes the place of the present one. */
  readonly isNewKey: boolean;
}

/**
 * Returns the key of a store. The first start with a store makes it, and wraps what versions before had in the clear.
 *
 * @throws {StoreKeyError} if the key is missing or is another one: a new key would open nothing, so none is made
 */
export async function openStoreKey(store: Store, options: OpenKeyOptions): Promise<StoreKey> {
  const { source, columns, isFollower, isNewKey } = options;
  const mark = await markOf(store);
  if (mark === undefined && isFollower)
    throw new StoreKeyError(
      'the store has no key yet',
      'start the service that it follows first, then give it that key',
    );
  if (mark === undefined) {
    const isNew = await isEmpty(store, columns);
    const key = await begin(store, source, columns, isNew);
    if (!isNew) await clean(store, columns);
    return key;
  }
  const key = keyFor(mark, source, true);
  if (!isNewKey || isFollower) {
    if (mark.is_clean !== 1 && !isFollower) await clean(store, columns);
    return key;
  }
  const next = ownOf(source).make();
  await rewrap(store, columns, next, key);
  ownOf(source).keep();
  await clean(store, columns);
  return next;
}

/**
 * Returns the key of a store that a service keeps, for a reader beside it.
 *
 * @throws {StoreKeyError} if it is missing or is another one
 */
export async function storeKeyToRead(store: Store, source: KeySource): Promise<StoreKey> {
  const mark = await markOf(store).catch(() => undefined);
  if (mark === undefined)
    throw new StoreKeyError('the store has no key yet', 'start its service once with this version');
  return keyFor(mark, source, false);
}

/** Returns whether the secrets of a store are wrapped with a key. */
export async function hasStoreKey(store: Store): Promise<boolean> {
  return (await markOf(store)) !== undefined;
}

async function begin(
  store: Store,
  source: KeySource,
  columns: readonly WrappedColumn[],
  isNew: boolean,
): Promise<StoreKey> {
  const found = source.read();
  if (source.own === undefined) {
    if (found === undefined)
      throw new StoreKeyError(`${source.where} has no key of the store`, 'make one and try again');
    await rewrap(store, columns, found, undefined);
    return found;
  }
  // A key that is kept was kept with a store that says so: what is in the clear beside it was put there since.
  if (found !== undefined && !isNew)
    throw new StoreKeyError(
      `the store has secrets in the clear, and ${source.where} is there already`,
      `if the store is an older copy, from before it had a key, rename that file to ${source.where}.new and start again`,
    );
  const key = found ?? source.own.next() ?? source.own.make();
  await rewrap(store, columns, key, undefined);
  if (found === undefined) source.own.keep();
  return key;
}

function ownOf({ own, where }: KeySource): NonNullable<KeySource['own']> {
  if (own !== undefined) return own;
  throw new StoreKeyError(`${where} is not a file that Writ can change`, 'name a file with --store-key file:PATH');
}

/** Returns the key of a store from a source. One that was made, and not kept before its process ended, is kept now. */
function keyFor(mark: Mark, source: KeySource, mayKeep: boolean): StoreKey {
  const key = keyOfId(mark.id, source, mayKeep);
  key.unwrap(mark.proof, MARK, mark.id);
  return key;
}

function keyOfId(id: string, source: KeySource, mayKeep: boolean): StoreKey {
  const key = source.read();
  if (key?.id === id) return key;
  const next = source.own?.next();
  if (next?.id === id) {
    if (mayKeep) source.own?.keep();
    return next;
  }
  throw new StoreKeyError(
    key === undefined
      ? `${source.where}, the key ${id} that the secrets of the store are wrapped with, is not there`
      : `${source.where} is the key ${key.id}, and the secrets of the store are wrapped with ${id}`,
    'bring it back from where you keep its copy, or name its source with --store-key',
  );
}

/** Wraps every value with a key, in one transaction with the mark. */
async function rewrap(
  store: Store,
  columns: readonly WrappedColumn[],
  key: StoreKey,
  before: StoreKey | undefined,
): Promise<void> {
  // An old value is overwritten with zeros, and does not stay in a free part of its page.
  if (!isPostgres(store)) await sql`pragma secure_delete = on`.execute(store);
  await store.transaction().execute(async (transaction) => {
    let values = 0;
    for (const column of columns) values += await rewrapColumn(transaction, column, key, before);
    const marks = transaction.withTables<MarkTables>();
    await marks.deleteFrom('store_key').execute();
    const mark = { id: key.id, proof: key.wrap('writ', MARK, key.id), is_clean: values === 0 ? 1 : 0 };
    await marks.insertInto('store_key').values(mark).execute();
  });
}

async function rewrapColumn(
  store: Kysely<unknown>,
  column: WrappedColumn,
  key: StoreKey,
  before: StoreKey | undefined,
): Promise<number> {
  const [table, name, id] = [sql.table(column.table), sql.ref(column.column), sql.ref(column.id)];
  const { rows } = await sql<{
    id: string;
    value: string | Uint8Array;
  }>`select ${id} as id, ${name} as value from ${table}`.execute(store);
  for (const { id: row, value } of rows) {
    const clear = before === undefined && !isWrapped(value) ? value : (before ?? key).unwrap(value, column, row);
    const wrapped = key.wrap(clear, column, row);
    const stored = typeof value === 'string' ? wrapped : Buffer.from(wrapped, 'latin1');
    await sql`update ${table} set ${name} = ${stored} where ${id} = ${row}`.execute(store);
  }
  return rows.length;
}

/** Removes what the database file and its log still have of values that were overwritten. */
async function clean(store: Store, columns: readonly WrappedColumn[]): Promise<void> {
  try {
    if (isPostgres(store)) {
      for (const table of new Set(columns.map((column) => column.table)))
        await sql`vacuum full ${sql.table(table)}`.execute(store);
    } else {
      // Pages that were freed before this version can have old values: the file is written again without them.
      await sql`vacuum`.execute(store);
      if (!(await emptyWal(store))) throw new Error('another process reads it');
    }
  } catch (cause) {
    throw new StoreError(
      `the old values of the secrets could not be removed from the store: ${messageOf(cause)}`,
      'end the commands that read it, make room for a copy of it on the disk, and start again',
      { cause },
    );
  }
  await store.withTables<MarkTables>().updateTable('store_key').set({ is_clean: 1 }).execute();
}

async function markOf(store: Store): Promise<Mark | undefined> {
  return store.withTables<MarkTables>().selectFrom('store_key').selectAll().executeTakeFirst();
}

async function isEmpty(store: Store, columns: readonly WrappedColumn[]): Promise<boolean> {
  for (const { table } of columns) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(store);
    if (rows.length > 0) return false;
  }
  return true;
}
