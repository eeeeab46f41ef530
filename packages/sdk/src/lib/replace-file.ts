import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The end of the name of a file that is being written. */
export const UNFINISHED = '.new';

/**
 * Writes a file whole or not at all, readable by its owner alone. It is on disk afterwards.
 *
 * @throws {Error} of the file system; the file is as it was then
 */
export function replaceFile(file: string, text: string): void {
  const fresh = `${file}${UNFINISHED}`;
  rmSync(fresh, { force: true });
  try {
    synced(openSync(fresh, 'wx', 0o600), (descriptor) => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    });
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  // Windows opens no folders, and its renames need no sync.
  if (process.platform !== 'win32') synced(openSync(dirname(file), 'r'), () => undefined);
}

function synced(descriptor: number, work: (descriptor: number) => void): void {
  try {
    work(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
