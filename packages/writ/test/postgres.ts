import pg from 'pg';
import { Postgres } from '../abuse/postgres.js';

/** A real PostgreSQL server: the one that WRIT_TEST_POSTGRES names, or one from npm that runs for as long as the tests of a file. */
export interface PostgresServer {
  /** A new, empty database. */
  database(): Promise<string>;
  /** Ends every connection to a database, as a failing network or server does. */
  disconnect(url: string): Promise<void>;
  stop(): Promise<void>;
}

/** A server of one's own, which can be hurt. */
export interface OwnPostgres extends PostgresServer {
  /** Kills it with all of its processes, as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again after {@link kill}. */
  restart(): Promise<void>;
  /** Stops all of its processes, or lets them continue (SIGSTOP, SIGCONT). */
  freeze(): void;
  thaw(): void;
}

export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env.WRIT_TEST_POSTGRES;
  return given === undefined ? startOwnPostgres() : server(given, async () => undefined);
}

/** @param flags more settings, as `-c name=value` */
export async function startOwnPostgres(...flags: readonly string[]): Promise<OwnPostgres> {
  const own = await Postgres.start(flags);
  return {
    database: () => own.database(),
    disconnect: async (url) => void (await own.disconnect(url)),
    kill: () => own.kill(),
    restart: () => own.up(),
    freeze: () => own.freeze(),
    thaw: () => own.thaw(),
    stop: () => own.stop(),
  };
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
      query(
        'select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
        [new URL(database).pathname.slice(1)],
      ),
    stop,
  };
}
