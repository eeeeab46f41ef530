import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@writ/sdk/lib/message-of';
import { ulid } from 'ulid';
import { StoreError } from '../../store/errors.js';
import type { Store } from '../../store/store.js';
import type { StateGuard } from '../state/state-guard.js';
import { parseCheckpoint, signedCheckpoint, verifiedCheckpoint } from '../tlog/checkpoint.js';
import { parseSigner, type Signer, signerOf } from '../tlog/note.js';
import { rootOf } from '../tlog/proofs.js';
import type { LogTables } from './log-tables.js';
import { hashTiles, LogTiles, NO_CATCH_UP } from './log-tiles.js';

export interface OpenLogOptions {
  /** The folder of the key that signs the log. It is not in the store: a person who can change the store must not be able to sign. */
  readonly keys: string;
  /** The name for a new log. A log keeps its first name. */
  readonly origin?: string | undefined;
  /** Whether a new key may replace the key that signed the log so far. */
  readonly isNewKey?: boolean | undefined;
  /** Verifies the tables that the last checkpoint binds; undefined for a log that binds none. */
  readonly state?: Pick<StateGuard, 'check' | 'lines'> | undefined;
}

/** Returns the files of the private key, and of the public key for those who verify. */
export function logKeyFiles(keys: string): { readonly secret: string; readonly public: string } {
  return { secret: join(keys, 'log.key'), public: join(keys, 'log.pub') };
}

/**
 * Verifies that the log may be continued: its checkpoint is signed with the key of this deployment, and its tree has that root.
 *
 * @returns the key that signs it
 * @throws {StoreError} if it may not be continued, or has another name
 */
export async function openLog(
  store: Store,
  { keys, origin, isNewKey = false, state }: OpenLogOptions,
): Promise<Signer> {
  const tiles = new LogTiles(store, NO_CATCH_UP);
  const head = await tiles.head();
  if (head.origin !== '' && origin !== undefined && head.origin !== origin)
    throw new StoreError(
      `the log of this store is ${head.origin}, not ${origin}`,
      'a log keeps its name: leave --log-origin out, or begin with an empty store',
    );
  const isFirst = head.origin === '';
  // .internal is for names without a meaning elsewhere (reserved by ICANN in 2024).
  const name = isFirst ? (origin ?? `writ.internal/${ulid().toLowerCase()}`) : head.origin;
  const { signer, keep } = keyIn(keys, name, isFirst || isNewKey);
  const root = await rootOf(hashTiles(tiles), head.size).catch(unusable);
  if (!isFirst && !isNewKey) await assertWhole(tiles, signer, head).catch(unusable);
  await state?.check(head.checkpoint);
  // A service that was killed may not have signed for the last commits.
  if (isFirst || isNewKey || parseCheckpoint(head.checkpoint).size < head.size) {
    const checkpoint = signedCheckpoint(signer, head.size, root, await state?.lines());
    await store.withTables<LogTables>().updateTable('log_head').set({ origin: name, checkpoint }).execute();
  }
  keep();
  return signer;
}

/** A key, and the function that keeps it once the store knows of it. */
interface FoundKey {
  readonly signer: Signer;
  readonly keep: () => void;
}

/** Returns the key of the folder; makes one if it is missing and a new one is acceptable. */
function keyIn(keys: string, name: string, mayMake: boolean): FoundKey {
  const files = logKeyFiles(keys);
  // A process that was killed can leave a key for a log that the store does not know: the key is made again.
  const fresh = `${files.secret}.new`;
  const keep = (): void => renameSync(fresh, files.secret);
  if (existsSync(files.secret)) {
    const signer = parseSigner(readFileSync(files.secret, 'utf8'));
    if (signer.name === name) return { signer, keep: () => undefined };
    throw new StoreError(
      `${files.secret} is the key of another log, ${signer.name}`,
      'a data folder and a store belong together; to begin a new log, move log.key and log.pub away',
    );
  }
  if (!mayMake && existsSync(fresh)) {
    const signer = parseSigner(readFileSync(fresh, 'utf8'));
    if (signer.name === name) return { signer, keep };
  }
  if (!mayMake)
    throw new StoreError(
      `${files.secret}, the key that the log ${name} is signed with, is not there`,
      'bring it back; if it is lost, start once with --new-log-key and give the new log.pub to whoever verifies the log',
    );
  const signer = signerOf(name, randomBytes(32));
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  rmSync(fresh, { force: true });
  writeFileSync(fresh, `${signer.skey}\n`, { mode: 0o600, flag: 'wx', flush: true });
  writeFileSync(files.public, `${signer.vkey}\n`, { mode: 0o600 });
  return { signer, keep };
}

/** Verifies that the signed checkpoint and the tree agree. Services that follow may have added more than is signed. */
async function assertWhole(
  tiles: LogTiles,
  signer: Signer,
  { checkpoint: note, size }: { readonly checkpoint: string; readonly size: number },
): Promise<void> {
  const checkpoint = verifiedCheckpoint(note, signer);
  if (checkpoint.size > size)
    throw new StoreError(`its checkpoint has ${checkpoint.size} entries, and only ${size} are there`);
  const root = await rootOf(hashTiles(tiles), checkpoint.size);
  if (!root.equals(checkpoint.root)) throw new StoreError('its tree has another root than its checkpoint');
  const whole = await rootOf(hashTiles(tiles), size);
  if (!whole.equals(await tiles.root())) throw new StoreError('its tree has another root than its head');
}

function unusable(cause: unknown): never {
  throw new StoreError(
    `the log of this store cannot be continued: ${messageOf(cause)}`,
    'something other than Writ changed it: `writ log verify` shows where; restore it from a copy',
    { cause },
  );
}
