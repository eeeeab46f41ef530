import type Sqlite from 'better-sqlite3';
import { StoreError } from '../../store/errors.js';
import { groupsInserter } from '../groups-inserter.js';
import type { Signer } from '../tlog/note.js';
import { type JournalRecord, readJournal } from './journal.js';

/** What of a journal is not in the tables yet. */
export function missingOf(records: readonly JournalRecord[], last: string): JournalRecord[] {
  return records.filter(({ group }) => group.first > last);
}

/** The id of the last entry in the tables; empty when there is none. */
export function lastIn(database: Sqlite.Database): string {
  const row = database.prepare('select last_id from log_groups order by seq desc limit 1').get();
  return (row as { last_id: string } | undefined)?.last_id ?? '';
}

/**
 * Takes into the tables what a service that was killed had in its journal and not there yet.
 *
 * @returns the id of the last entry in the tables now
 * @throws {StoreError} when the journal goes on after something that the tables do not have: nothing is taken in then
 */
export function takeIn(file: string, database: Sqlite.Database, signer: Signer): string {
  const last = lastIn(database);
  const missing = missingOf(readJournal(file), last);
  let end = last;
  for (const { after, group } of missing) {
    if (after !== end)
      throw new StoreError(
        `${file} has entries (${entriesIn(missing)}) that come after ${after}, and the log ends with ${end || 'nothing'}`,
        `the store is older than the journal beside it: bring back the newer one; or move ${file} away, which loses those entries`,
      );
    end = group.last;
  }
  if (missing.length > 0) groupsInserter(database, signer).insert(missing.map(({ group }) => group));
  return end;
}

export function entriesIn(records: readonly JournalRecord[]): number {
  return records.reduce((sum, { group }) => sum + group.count, 0);
}
