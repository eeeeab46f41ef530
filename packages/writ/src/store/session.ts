import type pg from 'pg';

/** A session of PostgreSQL, by the process that serves it. */
export interface Session {
  readonly pid: number;
  readonly begun: string;
}

const PATIENCE_MS = 3_000;

export async function sessionOf(client: pg.Client): Promise<Session | undefined> {
  const { rows } = await client.query<Session>(
    'select pid, backend_start::text as begun from pg_stat_activity where pid = pg_backend_pid()',
  );
  return rows[0];
}

/**
 * Ends another session of the same user and waits until it is gone: one whose network was cut still holds its locks, and may
 * still commit.
 *
 * @throws if it is not gone in time
 */
export async function endSession(client: pg.Client, { pid, begun }: Session): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; ; ) {
    const { rows } = await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2::timestamptz',
      [pid, begun],
    );
    if (rows.length === 0) return;
    if (Date.now() > until) throw new Error(`the session ${pid} of before does not end`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
