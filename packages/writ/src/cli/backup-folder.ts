import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { writeManifest } from '../audit/backup/manifest.js';
import { copyStore } from '../audit/backup/snapshot.js';
import { type VerifiedCopy, verifyCopy } from '../audit/backup/verify-copy.js';
import { logKeyFiles } from '../audit/log/open-log.js';
import { packageVersion } from '../lib/package-version.js';
import { syncTree } from '../lib/sync-tree.js';
import { BackupError } from '../store/errors.js';
import { ATTEMPTS_FOLDER, KEYS_FOLDER, STORE_FILE } from '../store/files.js';
import { keySource } from '../store/key-source.js';
import { StateKey } from '../store/state-key.js';
import { openStoreToRead } from '../store/store.js';
import { readKey } from './read-key.js';

interface BackupOptions {
  readonly data: string;
  /** The folder of the backup. It must be empty, or not exist. */
  readonly to: string;
  /** The folder for a copy of the keys; undefined for none. */
  readonly keysTo: string | undefined;
  /** The source of the key of the secrets. */
  readonly storeKey: string | undefined;
  /** Whether the copy is verified: a store of an earlier version is verified after its upgrade. */
  readonly isVerified: boolean;
}

/**
 * Backs up the store of a data folder, also while its service runs.
 *
 * @returns the log of the copy; undefined if it was not verified
 * @throws {BackupError} if it cannot be made; nothing has the name of the backup then
 */
export async function makeBackup(options: BackupOptions): Promise<VerifiedCopy | undefined> {
  const { data, isVerified } = options;
  const keys = join(data, KEYS_FOLDER);
  const stateKey = StateKey.find(keys);
  if (stateKey === undefined || !existsSync(join(data, STORE_FILE)))
    throw new BackupError(`${data} has no store with its keys`, 'is --data the folder of a Writ service?');
  const to = resolve(options.to);
  const keysTo = options.keysTo === undefined ? undefined : resolve(options.keysTo);
  assertFree(to);
  if (keysTo !== undefined) assertFree(keysTo);
  if (keysTo === to || keysTo?.startsWith(`${to}${sep}`) === true)
    throw new BackupError(
      'the keys would be in the backup: a person with both can sign, approve, and read what is sealed',
      'name another folder with --keys, and keep it elsewhere',
    );
  // A copy that was not finished never has the name of a backup.
  const fresh = `${to}.unfinished`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  await copyStore(data, fresh, stateKey);
  const attempts = join(data, ATTEMPTS_FOLDER);
  if (existsSync(attempts)) cpSync(attempts, join(fresh, ATTEMPTS_FOLDER), { recursive: true });
  const verified = isVerified ? await verifiedCopy(fresh, keys, stateKey, options) : undefined;
  const log = verified ?? { origin: '', size: 0, checkpoint: '' };
  await writeManifest(fresh, { writ: packageVersion(), at: new Date().toISOString(), log }, stateKey);
  if (keysTo !== undefined) {
    mkdirSync(keysTo, { recursive: true, mode: 0o700 });
    cpSync(keys, keysTo, { recursive: true });
    syncTree(keysTo);
  }
  syncTree(fresh);
  if (existsSync(to)) rmdirSync(to);
  renameSync(fresh, to);
  return verified;
}

async function verifiedCopy(
  folder: string,
  keys: string,
  stateKey: StateKey,
  { data, storeKey }: BackupOptions,
): Promise<VerifiedCopy> {
  const store = openStoreToRead(join(folder, STORE_FILE));
  try {
    const log = readKey(logKeyFiles(keys).public);
    return await verifyCopy({
      ...{ folder, store, stateKey, log, expected: undefined },
      storeKey: keySource(storeKey, data),
    });
  } finally {
    await store.destroy();
  }
}

function assertFree(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new BackupError(`${folder} is there already, and is not empty`, 'name another folder');
}
