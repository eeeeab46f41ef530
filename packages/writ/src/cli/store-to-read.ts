import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOURNAL_FILE, readJournal } from '../audit/journal/journal.js';
import { entriesIn, missingOf } from '../audit/journal/replay-journal.js';
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
  const records = readJournal(join(data, JOURNAL_FILE));
  if (records.length === 0) return opened;
  const reader = new LogReader(opened, NO_KEYS, NO_CATCH_UP);
  let missing = records;
  for (let look = 0; look < LOOKS; look += 1) {
    missing = missingOf(missing, (await reader.lastId()) ?? '');
    if (missing.length === 0) return opened;
    await sleep(LOOK_MS);
  }
  printNote(
    `${count(entriesIn(missing), 'entry', 'entries')} in ${join(data, JOURNAL_FILE)} are not in the log yet: the service was killed; start it again, and it adds them`,
  );
  return opened;
}
