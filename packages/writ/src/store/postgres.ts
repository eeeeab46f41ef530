import { createRequire } from 'node:module';
import type pg from 'pg';
import { StoreError } from './errors.js';

/** Whole numbers of 64 bits come as text from the driver; what is stored here fits a number. */
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? (text: string) => Number(text) : postgresDriver().types.getTypeParser(oid, format as 'text'),
};
/** One Writ writes to a database: the number stands for that in PostgreSQL's advisory locks. */
const LOCK = 0x77726974;
const LOCK_PATIENCE_MS = 3_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** The setting of a session that has the key of the digests of the state. */
export const KEY_SETTING = 'writ.state_key';

/** Returns the driver. It is loaded at its first use: that takes 40 ms, and most stores are a file. */
export function postgresDriver(): typeof pg {
  return createRequire(import.meta.url)('pg') as typeof pg;
}

export function isPostgresUrl(where: string): boolean {
  return /^postgres(ql)?:\/\//.test(where);
}

/** The same without its password, for messages. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/, '$1@');
}

/** @param stateKey of the digests of the state, in hexadecimal; undefined for sessions without it */
export function postgresPool(url: string, stateKey?: string): pg.Pool {
  return quiet(
    new (postgresDriver().Pool)({
      connectionString: url,
      types,
      max: 8,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // A commit that was answered is on disk, whatever the server's default is.
      options: sessionOptions(stateKey),
    }),
  );
}

function sessionOptions(stateKey: string | undefined): string {
  return `-c synchronous_commit=on${stateKey === undefined ? '' : ` -c ${KEY_SETTING}=${stateKey}`}`;
}

/** Connections to somebody else's database, which can only read there, and not for long. */
export function readingPool(url: string, connections: number, timeoutMs: number): pg.Pool {
  return quiet(
    new (postgresDriver().Pool)({
      connectionString: url,
      types,
      max: connections,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      options: `-c default_transaction_read_only=on -c statement_timeout=${timeoutMs}`,
    }),
  );
}

const clientsOf = new WeakMap<pg.Pool, Set<pg.ClientBase>>();

/** Ends all connections of a pool: after a cut of the network nobody says that they are dead. It opens new ones. */
export function endConnections(pool: pg.Pool): void {
  for (const client of clientsOf.get(pool) ?? []) endNow(client);
}

function quiet(pool: pg.Pool): pg.Pool {
  // A connection that breaks while nobody uses it is replaced when the next one is needed.
  pool.on('error', () => undefined);
  // The pool does not listen to a connection that is in use. Between two queries of a transaction nothing else would,
  // and an error that nothing listens to ends the process; the next query fails with it.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    const clients = clientsOf.get(pool) ?? new Set();
    clientsOf.set(pool, clients.add(client));
  });
  pool.on('remove', (client) => clientsOf.get(pool)?.delete(client));
  return pool;
}

/**
 * The one connection that may write the log. It holds the database's lock for as long as it lives, so two services never keep a ledger
 * each over one database; while it is broken, nothing can be recorded, and so nothing is permitted.
 *
 * @throws {StoreError} when another service has the lock, or the database does not answer
 */
export async function lockedConnection(url: string, stateKey?: string): Promise<pg.Client> {
  const client = await connection(url, stateKey);
  if (await tookLock(client).catch((cause: unknown) => failed(client, url, cause))) return client;
  await client.end();
  throw new StoreError(
    `another Writ is running on ${shownUrl(url)}`,
    'stop it, start this one as a follower of it (--follow), or give it a database of its own',
  );
}

/** Takes the lock. @returns whether it is free within some seconds: a service that was killed has it until the server notices */
export async function tookLock(client: pg.Client): Promise<boolean> {
  for (const until = Date.now() + LOCK_PATIENCE_MS; ; ) {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [LOCK]);
    if (rows[0]?.locked === true) return true;
    if (Date.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function failed(client: pg.Client, url: string, cause: unknown): Promise<never> {
  await client.end().catch(() => undefined);
  throw unopened(url, cause);
}

/** A connection of its own, to write the log with. @throws {StoreError} when the database does not answer */
export async function connection(url: string, stateKey?: string): Promise<pg.Client> {
  const client = new (postgresDriver().Client)({
    connectionString: url,
    types,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: sessionOptions(stateKey),
  });
  // The next writer gets the error that broke it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw unopened(url, cause);
  }
}

/** Ends a connection without a word to the server, which may not be there. Statements without an answer fail. */
export function endNow(client: pg.ClientBase): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } })
    .connection;
  stream.destroy();
}

function unopened(url: string, cause: unknown): StoreError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(
    `the store ${shownUrl(url)} could not be opened: ${why}`,
    'is the database there, and the password right?',
    { cause },
  );
}
