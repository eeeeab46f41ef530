import pc from 'picocolors';
import { makeBackup } from './backup-folder.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson, printNote } from './output.js';
import type { SealedFlags } from './person-keys-of.js';
import { makeProcessPrivate } from './private-process.js';
import { storeOf } from './store-of.js';

export interface BackupFlags extends SealedFlags {
  /** Folder for a copy of the keys. */
  readonly keys?: string;
  readonly json?: boolean;
}

/** `writ data backup`: copies the store of a service to a folder, also while the service runs, and verifies the copy. */
export async function backup(folder: string, flags: BackupFlags): Promise<ExitCode> {
  if (storeOf(flags.store) !== undefined) throw usePgDump();
  makeProcessPrivate();
  const storeKey = flags.storeKey ?? process.env.WRIT_STORE_KEY;
  const made = await makeBackup({ data: flags.data, to: folder, keysTo: flags.keys, storeKey, isVerified: true });
  if (flags.json === true) {
    printJson({ folder, keys: flags.keys, ...made });
    return EXIT.ok;
  }
  print(
    `${pc.green('backed up')} ${count(made?.size ?? 0, 'entry', 'entries')} of the log ${made?.origin} to ${folder}, verified`,
  );
  if (flags.keys === undefined)
    printNote(
      `the keys are not in it: keep a copy of ${flags.data}/keys elsewhere, or name a folder for one with --keys`,
    );
  else print(`the keys are in ${flags.keys}: keep them apart from the backup`);
  return EXIT.ok;
}

/** Returns the error for a store that has its own tools. */
export function usePgDump(): UsageError {
  return new UsageError(
    'the store is a PostgreSQL database, which its own tools back up, restore and verify',
    'docs/operate.md says how, under "A backup of PostgreSQL": pg_dump, pg_restore, `writ log verify`',
  );
}
