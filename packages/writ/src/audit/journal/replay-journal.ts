import { openDatabase } from '../../store/database.js';
import { StoreError } from '../../store/errors.js';
import { groupsInserter } from '../log/groups-inserter.js';
import { SqliteState } from '../state/sqlite-state.js';
import type { Signer } from '../tlog/note.js';
import { entriesIn, type JournalIdentity, type JournalRecord, missingOf, readJournal } from './journal.js';

/**
 * Returns the records of a journal that the tables do not have.
 *
 * @param last the id of the last entry in the tables; empty for none
 * @throws {StoreError} if they do not continue the tables
 */
export function following(file: string, last: string, seal: JournalIdentity['seal'] | undefined): JournalRecord[] {
  const missing = missingOf(readJournal(file, seal), last);
  let end = last;
  for (const { after, group } of missing) {
    if (after !== end)
      throw new StoreError(
        `${file} has entries (${entriesIn(missing)}) that come after ${after}, and the log ends with ${end || 'nothing'}`,
        `the store is older than the journal beside it: bring back the newer one; or move ${file} away, which loses those entries`,
      );
    end = group.last;
  }
  return missing;
}

/**
 * Writes to the tables what a service that was killed had in its journal alone.
 *
 * @param file the journal
 * @param store the file of the database
 * @param last the id of the last entry in the tables; empty for none
 * @param seal of the records; undefined for a journal from before seals
 * @param stateKey of the digests of the state tables; undefined for a log without them
 * @returns the id of the last entry in the tables now
 * @throws {StoreError} if the journal continues after an entry that the tables do not have; nothing is written then
 */
export function replayJournal(
  file: string,
  store: string,
  last: string,
  signer: Signer,
  seal?: JournalIdentity['seal'],
  stateKey?: Buffer,
): string {
  const missing = following(file, last, seal);
  const end = missing.at(-1)?.group.last;
  if (end === undefined) return last;
  const database = openDatabase(store);
  try {
    const state = stateKey && SqliteState.eachTransaction(database, stateKey);
    groupsInserter(database, signer, state).insert(missing.map(({ group }) => group));
  } finally {
    database.close();
  }
  return end;
}
