import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '@writ/sdk/lib/message-of';
import { StoreKeyError } from './errors.js';
import { KEYS_FOLDER, STORE_KEY_FILE } from './files.js';
import { KEY_BYTES, StoreKey } from './store-key.js';

/** A place that the key of a store is kept in. */
export interface KeySource {
  /** For messages. */
  readonly where: string;
  /** Returns the key; undefined if it is not there. */
  read(): StoreKey | undefined;
  /** Undefined where the key comes from outside: Writ then makes none. */
  readonly own?: OwnKey;
}

/** A key that Writ makes and keeps itself. It takes effect in two steps, so that neither a store nor a key is ever without the other. */
interface OwnKey {
  /** Returns the key that was made and is not kept yet; undefined if none was made. */
  next(): StoreKey | undefined;
  /** Makes the next key. It is on disk when this returns. */
  make(): StoreKey;
  /** Makes the next key the key. */
  keep(): void;
}

const COMMAND_MS = 30_000;
const HOW_TO = 'a key is 32 random bytes in base64: `openssl rand -base64 32` makes one';

/**
 * Returns the source that a text names: `file:PATH`, `env:NAME` (a variable that has the key), or `command:PROGRAM ARGUMENT…` (a
 * program that prints it, as the command of a key management service does).
 *
 * @param spec undefined for `keys/store.key` in the data folder
 * @throws {StoreKeyError} if it is another text
 */
export function keySource(spec: string | undefined, data: string): KeySource {
  if (spec === undefined || spec === '') return fileSource(join(data, KEYS_FOLDER, STORE_KEY_FILE));
  const [, kind, rest = ''] = /^(file|env|command):(.+)$/s.exec(spec) ?? [];
  if (kind === 'file') return fileSource(rest);
  if (kind === 'env')
    return { where: `the variable ${rest}`, read: () => keyIn(process.env[rest], `the variable ${rest}`) };
  if (kind === 'command') return commandSource(rest.trim().split(/\s+/));
  throw new StoreKeyError(
    `--store-key is not a source of a key: ${/^\w*/.exec(spec)?.[0] ?? ''}…`,
    'write file:PATH, env:NAME or command:PROGRAM ARGUMENT…',
  );
}

function fileSource(file: string): KeySource {
  const fresh = `${file}.new`;
  const read = (path: string) => (): StoreKey | undefined =>
    existsSync(path) ? keyIn(readFileSync(path, 'utf8'), path) : undefined;
  return {
    where: file,
    read: read(file),
    own: {
      next: read(fresh),
      make() {
        const secret = randomBytes(KEY_BYTES);
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        rmSync(fresh, { force: true });
        writeFileSync(fresh, `${secret.toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
        return new StoreKey(secret);
      },
      keep: () => renameSync(fresh, file),
    },
  };
}

/** The program runs without a shell. */
function commandSource([program = '', ...args]: readonly string[]): KeySource {
  const where = `the command ${program}`;
  return {
    where,
    read() {
      let text: string;
      try {
        text = execFileSync(program, args, {
          ...{ encoding: 'utf8', timeout: COMMAND_MS },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
      } catch (cause) {
        // The error of Node has what the program printed: the message has its first line alone.
        const [why] = messageOf(cause).split('\n', 1);
        throw new StoreKeyError(`${where} printed no key of the store: ${why}`, HOW_TO);
      }
      return keyIn(text, where);
    },
  };
}

/** Returns the key in a text; undefined if the text is empty. */
function keyIn(text: string | undefined, where: string): StoreKey | undefined {
  const given = text?.trim() ?? '';
  if (given === '') return undefined;
  const isHex = /^[0-9a-f]{64}$/i.test(given);
  const secret = isHex ? Buffer.from(given, 'hex') : Buffer.from(given, 'base64');
  if (secret.length !== KEY_BYTES || (!isHex && !/^[\w+/-]{43}=?$/.test(given)))
    throw new StoreKeyError(`${where} has no key of a store`, HOW_TO);
  return new StoreKey(secret);
}
