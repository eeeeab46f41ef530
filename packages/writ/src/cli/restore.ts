import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import { MANIFEST_FILE, readManifest, verifiedManifest } from '../audit/backup/manifest.js';
import { type VerifiedCopy, verifyCopy } from '../audit/backup/verify-copy.js';
import { LogTiles, NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { logKeyFiles } from '../audit/log/open-log.js';
import { revocationsIn } from '../registry/revocations-in.js';
import { migrationsFor } from '../serve/migrations.js';
import { BackupError } from '../store/errors.js';
import { KEYS_FOLDER, STORE_FILE } from '../store/files.js';
import { keySource } from '../store/key-source.js';
import { lockData } from '../store/lock.js';
import { makePrivate } from '../store/private-folder.js';
import { StateKey } from '../store/state-key.js';
import { openStore, openStoreToRead, type Store } from '../store/store.js';
import { usePgDump } from './backup.js';
import { EXIT, type ExitCode } from './exit.js';
import { keysOfThen } from './keys-of-then.js';
import { count, print, printJson, printNote } from './output.js';
import type { SealedFlags } from './person-keys-of.js';
import { makeProcessPrivate } from './private-process.js';
import { readKey } from './read-key.js';
import { swapIn } from './restore-swap.js';
import { storeOf } from './store-of.js';

export interface RestoreFlags extends SealedFlags {
  /** Folder with the keys of the service that was backed up. */
  readonly keys?: string;
  /** File with a checkpoint that the log of the backup must continue. */
  readonly expect?: string;
  /** Whether a store that is there is moved away. */
  readonly replace?: boolean;
  readonly json?: boolean;
}

/** The part of the store that is there and not in the backup. */
interface Lost {
  readonly entries: number;
  readonly revocations: readonly string[];
}

/** A copy is verified here before it replaces a store. */
const STAGE = 'restore.new';

/** `writ data restore`: verifies a backup, then replaces the store with it. */
export async function restore(backup: string, flags: RestoreFlags): Promise<ExitCode> {
  if (storeOf(flags.store) !== undefined) throw usePgDump();
  makeProcessPrivate();
  const data = resolve(flags.data);
  const unlock = lockData(data);
  try {
    const isThere = existsSync(join(data, STORE_FILE));
    if (isThere && flags.replace !== true)
      throw new BackupError(
        `${data} has a store already`,
        'to go back to the backup, add --replace: what is there is moved to a folder beside it, and nothing is deleted',
      );
    const stage = join(data, STAGE);
    rmSync(stage, { recursive: true, force: true });
    const { copy, lost, hasOwnKeys } = await staged(resolve(backup), stage, { ...flags, data }, isThere).catch(
      (error: unknown) => {
        // The keys are in it.
        rmSync(stage, { recursive: true, force: true });
        throw error;
      },
    );
    const away = swapIn(data, stage, hasOwnKeys);
    if (flags.json === true) printJson({ data, ...copy, away, lost });
    else report(data, copy, away, lost);
    return EXIT.ok;
  } finally {
    unlock();
  }
}

interface Staged {
  readonly copy: VerifiedCopy;
  readonly lost: Lost | string | undefined;
  /** Whether its keys replace those that are there. */
  readonly hasOwnKeys: boolean;
}

/** Copies a backup and its keys, brings its tables up to date, and verifies the copy. */
async function staged(backup: string, stage: string, flags: RestoreFlags, isThere: boolean): Promise<Staged> {
  const keys = flags.keys ?? join(flags.data, KEYS_FOLDER);
  const stateKey = StateKey.find(keys);
  readManifest(backup);
  cpSync(backup, stage, { recursive: true, dereference: false });
  await verifiedManifest(stage, stateKey);
  rmSync(join(stage, MANIFEST_FILE));
  cpSync(keys, join(stage, KEYS_FOLDER), { recursive: true });
  makePrivate(stage);
  const store = await openStore(join(stage, STORE_FILE), ...migrationsFor(stage));
  try {
    const copy = await verifyCopy({
      ...{ folder: stage, store, stateKey: stateKey as StateKey },
      log: readKey(logKeyFiles(keys).public),
      storeKey: keySource(flags.storeKey ?? process.env.WRIT_STORE_KEY, stage),
      expected: flags.expect === undefined ? undefined : readFileSync(flags.expect),
    });
    const hasOwnKeys = (await keysOfThen(stage, store, copy)) || flags.keys !== undefined;
    if (!isThere) return { copy, hasOwnKeys, lost: undefined };
    const before = openStoreToRead(join(flags.data, STORE_FILE));
    // A store that is damaged is why it is replaced.
    const lost = await lostIn(before, store, copy.size).catch(messageOf);
    await before.destroy();
    return { copy, hasOwnKeys, lost };
  } finally {
    await store.destroy();
  }
}

async function lostIn(before: Store, after: Store, size: number): Promise<Lost> {
  const head = await new LogTiles(before, NO_CATCH_UP).head();
  const kept = await revocationsIn(after);
  const revocations = [...(await revocationsIn(before))].filter((one) => !kept.has(one));
  return { entries: Math.max(head.size - size, 0), revocations };
}

function report(data: string, copy: VerifiedCopy, away: string | undefined, lost: Lost | string | undefined): void {
  print(
    `${pc.green('restored')} ${count(copy.size, 'entry', 'entries')} of the log ${copy.origin} to ${data}, verified`,
  );
  if (away !== undefined) print(`what was there is in ${away}: remove it when the service runs well`);
  if (typeof lost === 'string')
    printNote(`the store that was there cannot be read, so what is lost is not known: ${lost}`);
  else if (lost !== undefined) {
    if (lost.entries > 0)
      printNote(`${count(lost.entries, 'entry', 'entries')} of the store that was there are not in the backup`);
    for (const one of lost.revocations)
      printNote(`${pc.red('not revoked any more')}: ${one}; repeat it with \`writ revoke\``);
  }
  printNote(
    'a start that expects a checkpoint of after the backup, or whose witnesses have signed one, needs --accept-state REASON once',
  );
}
