import { join, resolve } from 'node:path';
import { StoreError } from './errors.js';
import { makePrivate } from './private-folder.js';
import { openSqlite } from './sqlite.js';

/**
 * Holds a data folder for one service: two on one folder would each keep a ledger of its own. The lock is the operating
 * system's on an open file, so it ends with the process, however that ends. The folder becomes its owner's alone.
 *
 * @param onMended called with the paths that others could read until now, if there are any
 * @returns a function that lets go
 * @throws {StoreError} when another process holds the folder
 */
export function lockData(folder: string, onMended?: (paths: readonly string[]) => void): () => void {
  const open = makePrivate(folder);
  if (open.length > 0) onMended?.(open);
  const database = openSqlite(join(folder, 'lock.db'), { timeout: 0 });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('begin exclusive');
  } catch (cause) {
    database.close();
    throw new StoreError(
      `another Writ is running on ${resolve(folder)}`,
      'stop it, or choose another folder with --data',
      { cause },
    );
  }
  return () => database.close();
}
