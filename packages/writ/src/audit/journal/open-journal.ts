import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import type { StateKey } from '../../store/state-key.js';
import type { Store } from '../../store/store.js';
import { LogReader } from '../log/log-reader.js';
import { NO_CATCH_UP } from '../log/log-tiles.js';
import { NO_KEYS } from '../protection/person-keys.js';
import type { Acceptance } from '../state/acceptance.js';
import type { Signer } from '../tlog/note.js';
import { JOURNAL_FILE, Journal } from './journal.js';
import { assertJournal, journalsInUse, markJournals, NO_JOURNAL } from './journal-mark.js';
import { replayJournal } from './replay-journal.js';

interface OpenedJournal {
  readonly journal: Journal;
  /** The id of the last entry in the tables; empty for none. */
  readonly last: string;
  /** Notes in the store that it can be continued without the journal: the tables have everything. */
  readonly left: () => Promise<void>;
}

/**
 * Writes what only the journal of an earlier service has to the tables, and begins a new one.
 *
 * @param where the file of the database
 * @throws {StateError} if the journal that was in use is missing, or is another one
 * @throws {StoreError} if it does not continue the log, or was changed
 */
export async function openJournal(
  store: Store,
  where: string,
  signer: Signer,
  { stateKey, acceptance }: { readonly stateKey: StateKey; readonly acceptance: Acceptance },
): Promise<OpenedJournal> {
  const file = join(dirname(where), JOURNAL_FILE);
  const seal = keyedHash(stateKey.for('journal'));
  const inUse = await journalsInUse(store);
  const found = assertJournal(file, inUse, acceptance);
  const last = (await new LogReader(store, NO_KEYS, NO_CATCH_UP).lastId()) ?? '';
  const end = replayJournal(file, where, last, signer, inUse === undefined ? undefined : seal, stateKey.for('state'));
  const id = randomBytes(8).toString('hex');
  // Whenever the service is killed, the store names the journal that is there.
  await markJournals(store, [found, id]);
  const journal = Journal.begin(file, { id, seal });
  await markJournals(store, [id]);
  return { journal, last: end, left: () => markJournals(store, [NO_JOURNAL, id]) };
}
