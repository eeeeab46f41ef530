import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_FILE } from '../audit/journal/journal.js';
import { syncTree } from '../lib/sync-tree.js';
import { ATTEMPTS_FOLDER, INDEX_FILE, KEYS_FOLDER, LAST_GOOD_FILE, STORE_FILE } from '../store/files.js';
import { beginRestore } from '../store/restoring.js';

/** All that a service keeps of its state; the search index is made again. */
const STATE = [
  ...[STORE_FILE, `${STORE_FILE}-wal`, `${STORE_FILE}-shm`, JOURNAL_FILE, LAST_GOOD_FILE, ATTEMPTS_FOLDER],
  ...[INDEX_FILE, `${INDEX_FILE}-wal`, `${INDEX_FILE}-shm`],
];

/**
 * Replaces the state of a data folder with a folder that was verified. A start in between is refused.
 *
 * @param hasKeys whether its keys replace those that are there
 * @returns the folder that what was there was moved to; undefined if nothing was there
 */
export function swapIn(data: string, stage: string, hasKeys: boolean): string | undefined {
  syncTree(stage);
  const end = beginRestore(data);
  const there = [...STATE, ...(hasKeys ? [KEYS_FOLDER] : [])].filter((name) => existsSync(join(data, name)));
  const away = there.length === 0 ? undefined : join(data, `before-restore-${Date.now()}`);
  if (away !== undefined) mkdirSync(away, { mode: 0o700 });
  for (const name of there) renameSync(join(data, name), join(away as string, name));
  for (const name of readdirSync(stage))
    if (hasKeys || name !== KEYS_FOLDER) renameSync(join(stage, name), join(data, name));
  syncTree(data);
  end();
  rmSync(stage, { recursive: true });
  return away;
}
