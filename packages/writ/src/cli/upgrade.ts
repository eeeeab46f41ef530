import { join, resolve } from 'node:path';
import pc from 'picocolors';
import { stateMigrations } from '../audit/state/state-tables.js';
import { Closers } from '../lib/closers.js';
import { packageVersion } from '../lib/package-version.js';
import { pendingIn, upgradeStore } from '../serve/upgrade.js';
import { KEYS_FOLDER } from '../store/files.js';
import { lockData } from '../store/lock.js';
import { assertRestored } from '../store/restoring.js';
import { StateKey } from '../store/state-key.js';
import { makeBackup } from './backup-folder.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { count, print, printJson } from './output.js';
import type { SealedFlags } from './person-keys-of.js';
import { makeProcessPrivate } from './private-process.js';
import { processLogger } from './process-logger.js';
import { storeOf } from './store-of.js';

export interface UpgradeFlags extends SealedFlags {
  /** Folder for the backup of before. */
  readonly backup?: string | boolean;
  /** Whether it is only said what would be changed. */
  readonly check?: boolean;
  readonly json?: boolean;
}

/** `writ data upgrade`: backs a store up, then brings it up to date, without serving. */
export async function upgrade(flags: UpgradeFlags): Promise<ExitCode> {
  makeProcessPrivate();
  const data = resolve(flags.data);
  const store = storeOf(flags.store);
  const to = typeof flags.backup === 'string' ? flags.backup : undefined;
  const pending = await pendingIn({ data, store });
  if (flags.check === true || pending.length === 0)
    return said(flags, pending, pending.length === 0 ? EXIT.ok : EXIT.failed);
  if (store !== undefined && to !== undefined)
    throw new UsageError('the store is a PostgreSQL database', 'make a dump with pg_dump, then add --no-backup');
  if (to === undefined && flags.backup !== false)
    throw new UsageError(
      'an earlier version cannot use the store after the upgrade',
      'name a folder for a backup of before with --backup FOLDER; or add --no-backup if you have one',
    );
  const closers = new Closers();
  closers.add(lockData(data));
  try {
    assertRestored(data);
    const storeKey = flags.storeKey ?? process.env.WRIT_STORE_KEY;
    // A store from before the key is sealed with it from now on.
    if (pending.some((name) => name in stateMigrations)) StateKey.open(join(data, KEYS_FOLDER));
    if (to !== undefined) await makeBackup({ data, to, keysTo: undefined, storeKey, isVerified: false });
    await upgradeStore({ data, store, storeKey, logger: processLogger('warn'), closers });
  } finally {
    await closers.close();
  }
  return said({ ...flags, check: false }, pending, EXIT.ok, to);
}

function said({ json, check }: UpgradeFlags, pending: readonly string[], code: ExitCode, backup?: string): ExitCode {
  const version = packageVersion();
  if (json === true) printJson({ version, pending, backup });
  else if (pending.length === 0) print(`${pc.green('up to date')}: the store is that of Writ ${version}`);
  else if (check === true) {
    print(`${count(pending.length, 'change')} of the tables for Writ ${version}: ${pending.join(', ')}`);
  } else {
    print(`${pc.green('upgraded')} the store to Writ ${version}: ${count(pending.length, 'change')} of its tables`);
    if (backup !== undefined) print(`to go back: writ data restore ${backup} --replace, with the version of before`);
  }
  return code;
}
