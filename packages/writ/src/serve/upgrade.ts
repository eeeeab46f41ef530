import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Closers } from '../lib/closers.js';
import { guardedClock } from '../lib/guarded-clock.js';
import { STORE_FILE } from '../store/files.js';
import { newerMigrations, newerStore, openStoreToRead, pendingMigrations } from '../store/store.js';
import { migrationsFor } from './migrations.js';
import { openRooms } from './open-rooms.js';

interface UpgradeOptions {
  readonly data: string;
  /** A PostgreSQL URL; SQLite in the data folder if it is undefined. */
  readonly store: string | undefined;
  readonly storeKey: string | undefined;
  readonly logger: Logger;
  readonly closers: Closers;
}

const PATIENCE_MS = 60_000;

/**
 * Returns the changes of its tables that a store needs for this version.
 *
 * @throws {NewerStoreError} if the store is of a newer version
 */
export async function pendingIn({ data, store }: Pick<UpgradeOptions, 'data' | 'store'>): Promise<string[]> {
  const where = store ?? join(data, STORE_FILE);
  const known = migrationsFor(where);
  const opened = openStoreToRead(where);
  try {
    const newer = await newerMigrations(opened, known);
    if (newer.length > 0) throw newerStore(where, newer);
    return await pendingMigrations(opened, known);
  } finally {
    await opened.destroy();
  }
}

/**
 * Does to a store all that a start does before it serves: brings its tables up to date, takes over the journal, wraps secrets, verifies
 * log and state.
 */
export async function upgradeStore({ data, store, storeKey, logger, closers }: UpgradeOptions): Promise<void> {
  await openRooms({
    ...{ data, store, storeKey, logger, closers, patienceMs: PATIENCE_MS },
    ...{ isNewStoreKey: false, logOrigin: undefined, isNewLogKey: false, acceptState: undefined, expected: undefined },
    isFollower: false,
    clock: guardedClock(() => undefined),
    onGone: () => undefined,
  });
}
