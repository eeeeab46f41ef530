import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import { messageOf } from '@writ/sdk/lib/message-of';
import type Sqlite from 'better-sqlite3';
import { BackupError } from '../../store/errors.js';
import { LAST_GOOD_FILE, STORE_FILE } from '../../store/files.js';
import { touchPrivate } from '../../store/private-folder.js';
import { openSqlite } from '../../store/sqlite.js';
import type { StateKey } from '../../store/state-key.js';
import { JOURNAL_FILE } from '../journal/journal.js';
import { assertJournal } from '../journal/journal-mark.js';
import { following } from '../journal/replay-journal.js';
import { Acceptance } from '../state/acceptance.js';

/** The service needs milliseconds between two states that fit. */
const TRIES = 50;
const REST_MS = 20;
/** Pages of a step; the steps are of one snapshot, and nobody waits for them. */
const PAGES = 10_000;

/** The files in front of the store that must be of the same moment. */
const BESIDE = [JOURNAL_FILE, LAST_GOOD_FILE] as const;

/**
 * Copies the store of a data folder, with the files that belong to it, as they are at one moment; also while a service writes to it.
 *
 * The journal is read first and the tables are held at the moment after: an entry that was acknowledged before is in one of the two,
 * as after a service that was killed. A copy whose parts do not fit is taken again.
 *
 * @param to an empty folder
 * @throws {BackupError} if no moment is found at which the parts fit
 */
export async function copyStore(data: string, to: string, key: StateKey): Promise<void> {
  const source = openSqlite(join(data, STORE_FILE), { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    for (let tries = 1; ; tries += 1) {
      const why = await copied(source, data, to, key);
      if (why === undefined) return;
      if (tries === TRIES)
        throw new BackupError(`the parts of ${data} do not fit: ${why}`, 'stop the service, and try again');
      await sleep(REST_MS);
    }
  } finally {
    source.close();
  }
}

/** Copies the store once. @returns why the parts do not fit; undefined if they do */
async function copied(source: Sqlite.Database, data: string, to: string, key: StateKey): Promise<string | undefined> {
  const before = BESIDE.map((name) => bytesOf(join(data, name)));
  source.exec('begin');
  try {
    // The first read fixes the moment: from here on no change is seen.
    const last = lastIdIn(source);
    const after = bytesOf(join(data, LAST_GOOD_FILE));
    if (!isSame(before[1], after)) return `${LAST_GOOD_FILE} was replaced`;
    for (const [i, name] of BESIDE.entries()) write(join(to, name), before[i]);
    const why = problemOf(source, join(to, JOURNAL_FILE), last, key);
    if (why !== undefined) return why;
    const file = join(to, STORE_FILE);
    touchPrivate(file);
    await source.backup(file, { progress: () => PAGES });
    return finished(file, last);
  } finally {
    source.exec('rollback');
  }
}

function problemOf(source: Sqlite.Database, journal: string, last: string, key: StateKey): string | undefined {
  try {
    const inUse = journalsIn(source);
    assertJournal(journal, inUse, new Acceptance(undefined));
    following(journal, last, inUse === undefined ? undefined : keyedHash(key.for('journal')));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Makes a copy one file, which can be read where nothing can be written. @returns why it is no copy of that moment */
function finished(file: string, last: string): string | undefined {
  const database = openSqlite(file, { fileMustExist: true });
  try {
    database.pragma('journal_mode = delete');
    const [first] = database.pragma('quick_check(1)') as { readonly quick_check: string }[];
    if (first?.quick_check !== 'ok') return `the database is damaged: ${first?.quick_check}`;
    return lastIdIn(database) === last ? undefined : 'the tables went on';
  } finally {
    database.close();
  }
}

/** Returns the id of the last entry in the tables; empty for none, and in a store from before the log had them. */
function lastIdIn(database: Sqlite.Database): string {
  if (!hasColumn(database, 'log_groups', 'last_id')) return '';
  const row = database.prepare('select last_id as last from log_groups order by seq desc limit 1').get();
  return (row as { readonly last: string } | undefined)?.last ?? '';
}

/** Returns the journals that the store may be continued with; undefined for a store from before the mark. */
function journalsIn(database: Sqlite.Database): readonly string[] | undefined {
  if (!hasColumn(database, 'log_head', 'journal')) return undefined;
  const row = database.prepare('select journal from log_head').get();
  return (row as { readonly journal: string | null } | undefined)?.journal?.split(' ');
}

function hasColumn(database: Sqlite.Database, table: string, column: string): boolean {
  return database.prepare('select 1 from pragma_table_info(?) where name = ?').get(table, column) !== undefined;
}

function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    // It can go between any two looks.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

function write(file: string, bytes: Buffer | undefined): void {
  if (existsSync(file)) rmSync(file);
  if (bytes !== undefined) writeFileSync(file, bytes, { mode: 0o600 });
}
