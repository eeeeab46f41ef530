import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The permissions of everybody but the owner. */
const OTHERS = 0o077;
/** A folder that everybody shares, as /tmp: its mode is not ours to change. */
const STICKY = 0o1000;
/** The entries of a data folder that Writ makes: a folder that also holds other files keeps the modes of those. */
const OWN = /^(?:writ|index|lock)\.db(?:-\w+)?$|^log\.journal|^last-good\.json|^keys$|^attempts$/;

/**
 * Makes a folder of the service's data, and all that Writ keeps in it, readable by its owner alone. The store has the private keys
 * of tokens and the secrets of approvals: a user of the machine who reads it can forge both. Public keys may be read, but
 * not reached.
 *
 * @returns the paths that others could read until now
 * @throws {Error} of the file system, when a mode cannot be changed
 */
export function makePrivate(folder: string): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The folder first: from then on nobody else reaches what is in it.
  return readableByOthers(folder).map((path) => {
    const { mode } = lstatSync(path);
    chmodSync(path, mode & 0o7777 & ~OTHERS);
    return path;
  });
}

/** Returns the folder and the paths of Writ in it that others than their owner can use; none on Windows, which has no such modes. */
export function readableByOthers(folder: string): string[] {
  if (process.platform === 'win32') return [];
  const found: string[] = [];
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // A link has no mode of its own, and what it leads to is not in the folder.
    if (stat === undefined || stat.isSymbolicLink()) return;
    const isOpen = (stat.mode & OTHERS) !== 0 && (stat.mode & STICKY) === 0;
    if (isOpen && !path.endsWith('.pub')) found.push(path);
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(path)) if (path !== folder || OWN.test(name)) visit(join(path, name));
  };
  visit(folder);
  return found;
}

/** Makes an empty file that its owner alone can read, unless it is there: SQLite gives the files beside it the same mode. */
export function touchPrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
}
