import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { entriesIn, JOURNAL_FILE, missingOf, readJournal } from '../audit/journal/journal.js';
import { LogReader } from '../audit/log/log-reader.js';
import { NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { NO_KEYS } from '../audit/protection/person-keys.js';
import { STORE_FILE } from '../store/files.js';
import { openStoreToRead, type Store } from '../store/store.js';
import { count, printNote } from './output.js';
import { storeOf } from './store-of.js';

export interface StoreFlags {
  readonly data: string;
  readonly store?: string;
}

const LOOKS = 10;
const LOOK_MS = 50;

/**
 * Opens the store of a deployment to read from. A running service gets half a second to move its journal into the log; if the service
 * was killed, a warning says how many entries are missing.
 *
 * @throws {StoreError} if there is no store
 */
export async function storeToRead({ data, store }: StoreFlags): Promise<Store> {
  const url = storeOf(store);
  const opened = openStoreToRead(url ?? join(data, STORE_FILE));
  if (url !== undefined) return opened;
  const missing = await missingIn(opened, data, LOOKS);
  if (missing === 0) return opened;
  printNote(
    `${count(missing, 'entry', 'entries')} in ${join(data, JOURNAL_FILE)} are not in the log yet: the service was killed; start it again, and it adds them`,
  );
  return opened;
}

/**
 * Returns the number of entries in the journal that are not in the log. A running service gets a while to move those that are there now.
 *
 * @param looks how often it is looked whether they are in the log, 50 ms apart
 */
export async function missingIn(store: Store, data: string, looks: number): Promise<number> {
  let missing = readJournal(join(data, JOURNAL_FILE));
  if (missing.length === 0) return 0;
  const reader = new LogReader(store, NO_KEYS, NO_CATCH_UP);
  for (let look = 0; look < looks; look += 1) {
    missing = missingOf(missing, (await reader.lastId()) ?? '');
    if (missing.length === 0) return 0;
    await sleep(LOOK_MS);
  }
  return entriesIn(missing);
}

/** Returns whether a store has entries in a journal: its service runs, or was killed. */
export function hasJournal({ data, store }: StoreFlags): boolean {
  return storeOf(store) === undefined && readJournal(join(data, JOURNAL_FILE)).length > 0;
}
