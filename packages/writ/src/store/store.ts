import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type Sqlite from 'better-sqlite3';
import type { Kysely as Database, DatabaseConnection, Driver, Migration, TransactionSettings } from 'kysely';
import type { Pool } from 'pg';
import { openDatabase } from './database.js';
import { NewerStoreError, StoreError } from './errors.js';
import { CompiledQuery, Kysely, Migrator, PostgresDialect, SqliteDialect, SqliteDriver } from './kysely.js';
import { endConnections, isPostgresUrl, postgresPool, shownUrl } from './postgres.js';
import { openSqlite } from './sqlite.js';

/** The migrations of one room, by name. A name is never reused; names sort in the order they are to run. */
export type Migrations = Readonly<Record<string, Migration>>;

/** An open database. Each room reads and writes its own tables through `db.withTables<ItsTables>()`. */
export type Store = Database<unknown>;

/**
 * Opens the store and brings its tables up to date: SQLite in a file, or PostgreSQL. A write that has returned is on disk: the
 * journal is synced at every commit.
 *
 * @param where a file, or a `postgres://` URL
 * @throws {StoreError} when it cannot be opened or a migration fails
 * @example const store = await openStore('data/writ.db', auditMigrations);
 */
export async function openStore(where: string, ...migrations: readonly Migrations[]): Promise<Store> {
  const store = connect(where, false);
  const all = Object.assign({}, ...migrations) as Record<string, Migration>;
  const newer = await newerMigrations(store, migrations);
  if (newer.length > 0) {
    await store.destroy();
    throw newerStore(where, newer);
  }
  const migrator = new Migrator({ db: store, provider: { getMigrations: async () => all } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await store.destroy();
    throw new StoreError(`the store ${shownUrl(where)} could not be brought up to date: ${String(error)}`, undefined, {
      cause: error,
    });
  }
  return store;
}

/**
 * Opens the store of a service that keeps it up to date.
 *
 * @throws {StoreError} when its tables are not those of this version
 */
export async function openFollowedStore(where: string, ...migrations: readonly Migrations[]): Promise<Store> {
  const store = connect(where, false);
  const names = Object.keys(Object.assign({}, ...migrations) as Record<string, Migration>);
  const made = await madeMigrations(store);
  if (made.size === names.length && names.every((name) => made.has(name))) return store;
  await store.destroy();
  throw new StoreError(
    `the store ${shownUrl(where)} is not that of this version`,
    'start the service that it follows first, with the same version',
  );
}

async function madeMigrations(store: Store): Promise<ReadonlySet<string>> {
  return store
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
    .then(
      (rows) => new Set(rows.map(({ name }) => name)),
      () => new Set<string>(),
    );
}

/** Returns the migrations that a store had from a newer version: this one does not know them. */
export async function newerMigrations(store: Store, known: readonly Migrations[]): Promise<string[]> {
  const names = new Set(known.flatMap(Object.keys));
  return [...(await madeMigrations(store))].filter((name) => !names.has(name)).sort();
}

/** Returns the migrations that bring a store up to date. */
export async function pendingMigrations(store: Store, known: readonly Migrations[]): Promise<string[]> {
  const made = await madeMigrations(store);
  return known
    .flatMap(Object.keys)
    .filter((name) => !made.has(name))
    .sort();
}

/** Returns the error for a store of a newer version. */
export function newerStore(where: string, newer: readonly string[]): NewerStoreError {
  return new NewerStoreError(
    `the store ${shownUrl(where)} is of a newer Writ: it has ${newer.join(', ')}, which this version does not know`,
    'use the version that wrote it; or go back to a backup or dump from before the upgrade: `writ data restore BACKUP --replace`',
  );
}

/**
 * Opens an existing store to read from, also while a service writes to it.
 *
 * @throws {StoreError} when there is no store at that path
 */
export function openStoreToRead(where: string): Store {
  return connect(where, true);
}

/**
 * Opens an existing store that is up to date already.
 *
 * @throws {StoreError} when it cannot be opened
 */
export function openStoreToWrite(where: string): Store {
  return connect(where, false);
}

/**
 * A transaction of SQLite that begins as a reader and then writes fails at once when somebody else, as the thread of the log, has
 * written meanwhile. One that begins as a writer waits for its turn.
 */
class ImmediateDialect extends SqliteDialect {
  private readonly config: ConstructorParameters<typeof SqliteDialect>[0];

  constructor(config: ConstructorParameters<typeof SqliteDialect>[0]) {
    super(config);
    this.config = config;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.config);
  }
}

class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const how = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate';
    await connection.executeQuery(CompiledQuery.raw(how));
  }
}

const pools = new WeakMap<Store, Pool>();

/** Ends the connections of a store on PostgreSQL, which opens new ones when it needs them. */
export function reconnect(store: Store): void {
  const pool = pools.get(store);
  if (pool !== undefined) endConnections(pool);
}

/** The databases of stores in a file. */
const databases = new WeakMap<Store, Sqlite.Database>();

/** Returns the SQLite database of a store; undefined for one on PostgreSQL. */
export function databaseOf(store: Store): Sqlite.Database | undefined {
  return databases.get(store);
}

/**
 * Opens a PostgreSQL database again that is up to date, with sessions that have the key of the digests of the state.
 *
 * @param stateKey in hexadecimal
 */
export function openKeyedStore(url: string, stateKey: string): Store {
  return pooled(postgresPool(url, stateKey));
}

function pooled(pool: Pool): Store {
  const store = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  pools.set(store, pool);
  return store;
}

function connect(file: string, readonly: boolean): Store {
  if (isPostgresUrl(file)) return pooled(postgresPool(file));
  try {
    if (!readonly) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const database = readonly
      ? openSqlite(file, { readonly, fileMustExist: true, timeout: 5_000 })
      : openDatabase(file);
    const store = new Kysely<unknown>({ dialect: new ImmediateDialect({ database }) });
    databases.set(store, database);
    return store;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`the store ${file} could not be opened: ${why}`, 'is --data the folder of a Writ service?', {
      cause,
    });
  }
}
