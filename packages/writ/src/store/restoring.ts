import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './errors.js';
import { RESTORED_FILE, RESTORING_FILE } from './files.js';

/**
 * Marks a data folder while a restore replaces what is in it.
 *
 * @returns a function that removes the mark, when the folder is whole again
 */
export function beginRestore(folder: string): () => void {
  const mark = join(folder, RESTORING_FILE);
  writeFileSync(mark, '', { mode: 0o600, flush: true });
  return () => {
    writeFileSync(join(folder, RESTORED_FILE), '', { mode: 0o600, flush: true });
    rmSync(mark);
  };
}

/** Returns whether the store of a data folder came from a backup: its log can lack what happened since. */
export function wasRestored(folder: string): boolean {
  return existsSync(join(folder, RESTORED_FILE));
}

/** @throws {StoreError} if a restore of the folder did not finish: it may have no store, or that of another day */
export function assertRestored(folder: string): void {
  if (existsSync(join(folder, RESTORING_FILE)))
    throw new StoreError(`a restore of ${folder} did not finish`, 'run the same `writ data restore` again');
}
