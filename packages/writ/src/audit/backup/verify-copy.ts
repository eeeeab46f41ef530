import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import { BackupError } from '../../store/errors.js';
import type { KeySource } from '../../store/key-source.js';
import { hasStoreKey, storeKeyToRead } from '../../store/open-store-key.js';
import type { StateKey } from '../../store/state-key.js';
import type { Store } from '../../store/store.js';
import { entriesIn, JOURNAL_FILE } from '../journal/journal.js';
import { assertJournal, journalsInUse } from '../journal/journal-mark.js';
import { following } from '../journal/replay-journal.js';
import { assertContinues } from '../log/kept-checkpoint.js';
import { LogReader } from '../log/log-reader.js';
import { LogTiles, NO_CATCH_UP } from '../log/log-tiles.js';
import { verifyLog } from '../log/verify-log.js';
import { NO_KEYS } from '../protection/person-keys.js';
import { Acceptance } from '../state/acceptance.js';
import { verifiedCheckpoint } from '../tlog/checkpoint.js';
import type { Verifier } from '../tlog/note.js';

interface Copy {
  readonly folder: string;
  readonly store: Store;
  readonly stateKey: StateKey;
  /** The key that the log is signed with. */
  readonly log: Verifier;
  readonly storeKey: KeySource;
  /** A checkpoint that was kept elsewhere, and that the log must continue. */
  readonly expected: Buffer | undefined;
}

/** The log of a copy that was verified. */
export interface VerifiedCopy {
  readonly origin: string;
  /** The entries in the tables and in the journal. */
  readonly size: number;
  readonly checkpoint: string;
}

/**
 * Verifies that a service can continue with a copy of its store: each entry and the signed checkpoint of the log, the journal, the
 * key of the secrets, and a checkpoint that was kept elsewhere.
 *
 * @throws {BackupError} naming what was changed
 * @throws {NoteError} for a checkpoint that the key did not sign; {@link StateError} for an earlier log than expected, or another journal
 * @throws {StoreKeyError} if the key of the secrets is missing, or is another one
 */
export async function verifyCopy({ folder, store, stateKey, log, storeKey, expected }: Copy): Promise<VerifiedCopy> {
  const tiles = new LogTiles(store, NO_CATCH_UP);
  const { origin, size, checkpoint } = await tiles.head();
  if (checkpoint === '')
    throw new BackupError(
      `the log in ${folder} has no signed checkpoint: it is from before they were signed`,
      'restore it with the version that made it',
    );
  const signed = verifiedCheckpoint(checkpoint, log);
  const { problems } = await verifyLog(tiles, signed);
  const [first] = problems;
  if (first !== undefined)
    throw new BackupError(
      `the log in ${folder} is not as it was written: ${first.where}: ${first.what}`,
      'take another copy; `writ log verify --data FOLDER` lists all places',
    );
  const none = new Acceptance(undefined);
  const journal = join(folder, JOURNAL_FILE);
  const inUse = await journalsInUse(store);
  assertJournal(journal, inUse, none);
  const last = (await new LogReader(store, NO_KEYS, NO_CATCH_UP).lastId()) ?? '';
  const seal = inUse === undefined ? undefined : keyedHash(stateKey.for('journal'));
  const waiting = existsSync(journal) ? following(journal, last, seal) : [];
  if (expected !== undefined) await assertContinues(tiles, log, expected, none);
  // A store from before it had a key gets one at its next start.
  if (await hasStoreKey(store)) await storeKeyToRead(store, storeKey);
  return { origin, size: size + entriesIn(waiting), checkpoint };
}
