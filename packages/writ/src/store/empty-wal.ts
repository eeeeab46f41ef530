import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from './kysely.js';
import type { Store } from './store.js';

const TRIES = 50;
const REST_MS = 20;
/** As {@link openDatabase} sets it. */
const PATIENCE_MS = 5_000;

/**
 * Moves the write-ahead log of an SQLite database into its file and cuts it to nothing, so that it keeps no earlier version of a
 * page. Readers that are under way are awaited for a second, without stopping this thread.
 *
 * @returns whether it is empty
 */
export async function emptyWal(store: Store): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await sql`pragma busy_timeout = 1`.execute(store);
    const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(store);
    await sql.raw(`pragma busy_timeout = ${PATIENCE_MS}`).execute(store);
    if (rows[0]?.busy === 0) return true;
    await sleep(REST_MS);
  }
  return false;
}
