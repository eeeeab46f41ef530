import { hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './errors.js';

/** In the folder of the keys, beside the key of the log and not in the store. */
const STATE_KEY_FILE = 'state.key';
const KEY_BYTES = 32;

/** The things that are recognised by the key; each has a key of its own, derived from it. */
type Purpose = 'attempts' | 'backup' | 'journal' | 'last-good' | 'node' | 'state';

/** The key by which a service recognises what it wrote itself: who changes a file or a table cannot make it fit. */
export class StateKey {
  private constructor(
    private readonly key: Buffer,
    private readonly file: string,
    /** Whether it was made just now. */
    readonly isNew: boolean,
  ) {}

  /** Reads the key of a folder, and makes it if it is missing. @throws {StoreError} if the file is not a key */
  static open(keys: string): StateKey {
    const found = StateKey.find(keys);
    if (found !== undefined) return found;
    mkdirSync(keys, { recursive: true, mode: 0o700 });
    const key = randomBytes(KEY_BYTES);
    const file = openSync(join(keys, STATE_KEY_FILE), 'wx', 0o600);
    try {
      writeSync(file, `${key.toString('base64url')}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return new StateKey(key, join(keys, STATE_KEY_FILE), true);
  }

  /** Reads the key of a folder; undefined if it is missing. @throws {StoreError} if the file is not a key */
  static find(keys: string): StateKey | undefined {
    const file = join(keys, STATE_KEY_FILE);
    if (!existsSync(file)) return undefined;
    const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url');
    if (key.length !== KEY_BYTES)
      throw new StoreError(
        `${file} is not a key: it has ${key.length} bytes, not ${KEY_BYTES}`,
        'restore it from a copy',
      );
    return new StateKey(key, file, false);
  }

  /** Removes a key that was made just now, because there is another one somewhere. */
  drop(): void {
    if (this.isNew) rmSync(this.file, { force: true });
  }

  /** Returns the key for one purpose (HKDF, RFC 5869). */
  for(purpose: Purpose): Buffer {
    return Buffer.from(hkdfSync('sha256', this.key, '', `writ ${purpose}`, KEY_BYTES));
  }
}
