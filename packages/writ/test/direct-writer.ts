import type Sqlite from 'better-sqlite3';
import type { GroupWriter } from '../src/audit/log/group-writer.js';
import { groupsInserter } from '../src/audit/log/groups-inserter.js';
import type { Signer } from '../src/audit/tlog/note.js';

/** Returns a writer of the log that works in this thread, so that a test need not wait for another. */
export function directWriter(database: Sqlite.Database, signer: Signer): GroupWriter {
  const inserter = groupsInserter(database, signer);
  return {
    write: async (group) => {
      inserter.insert([group]);
      inserter.sign();
    },
    readable: async () => undefined,
    failure: undefined,
    close: async () => void database.close(),
  };
}
