import { existsSync, renameSync } from 'node:fs';
import type { Store } from '../../store/store.js';
import type { LogTables } from '../log/log-tables.js';
import type { Acceptance } from '../state/acceptance.js';
import { journalId } from './journal.js';

/** Stands for a journal that may be missing: the service was stopped in order. */
export const NO_JOURNAL = '';

const HELP =
  'bring back the store and log.journal together, as one copy; what was acknowledged may be in that file alone. To go on without it: writ start --accept-state REASON, which is recorded';

/** Returns the journals that the store may be continued with; undefined for a store from before the mark. */
export async function journalsInUse(store: Store): Promise<readonly string[] | undefined> {
  const head = await store.withTables<LogTables>().selectFrom('log_head').select('journal').executeTakeFirst();
  return head?.journal?.split(' ');
}

/** Notes in the store which journals it may be continued with. */
export async function markJournals(store: Store, ids: readonly string[]): Promise<void> {
  await store
    .withTables<LogTables>()
    .updateTable('log_head')
    .set({ journal: ids.join(' ') })
    .execute();
}

/**
 * Verifies that a store is continued with the journal that it had in use: without it, acknowledged decisions are lost.
 *
 * @param acceptance accepts what is wrong, if the operator said so; the file is then moved away
 * @returns the journal that is there; {@link NO_JOURNAL} if none is
 * @throws {StateError} if the journal is missing, or is another one
 */
export function assertJournal(file: string, inUse: readonly string[] | undefined, acceptance: Acceptance): string {
  const found = existsSync(file) ? journalId(file) : NO_JOURNAL;
  // Before the mark, a journal had no name.
  if (inUse === undefined || (inUse.includes(found) && (found !== NO_JOURNAL || !existsSync(file)))) return found;
  if (!existsSync(file)) {
    acceptance.refuse(`${file} is missing, and the store has it in use`, HELP);
    return NO_JOURNAL;
  }
  acceptance.refuse(
    `${file} is not the journal of this store: the store is older than the journal beside it, or something other than Writ wrote the file`,
    HELP,
  );
  renameSync(file, `${file}.refused`);
  return NO_JOURNAL;
}
