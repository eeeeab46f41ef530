import { dirname, join } from 'node:path';
import { every } from '@writ/sdk/lib/every';
import type Sqlite from 'better-sqlite3';
import { WRAPPED_ACCESS } from '../access/task-store.js';
import type { RecordError, RecordTakenOverError } from '../audit/errors.js';
import { JournaledWriter } from '../audit/journal/journaled-writer.js';
import { openJournal } from '../audit/journal/open-journal.js';
import { type GroupWriter, threadedWriter } from '../audit/log/group-writer.js';
import { type OpenLogOptions, openLog } from '../audit/log/open-log.js';
import { PostgresWriter } from '../audit/log/postgres-writer.js';
import { WRAPPED_PERSON_KEYS } from '../audit/protection/person-keys.js';
import type { Acceptance } from '../audit/state/acceptance.js';
import { PostgresState } from '../audit/state/postgres-state.js';
import { SqliteState } from '../audit/state/sqlite-state.js';
import { type StateDigests, StateGuard } from '../audit/state/state-guard.js';
import type { Signer } from '../audit/tlog/note.js';
import type { Closers } from '../lib/closers.js';
import { WRAPPED_SECRETS } from '../provenance/credential-rows.js';
import { WRAPPED_SIGNING_KEYS } from '../provenance/signing-keys.js';
import { PostgresAnnouncements } from '../store/announcements.js';
import { StoreError } from '../store/errors.js';
import { INDEX_FILE, STATE_BEGUN_FILE } from '../store/files.js';
import { type OpenKeyOptions, openStoreKey } from '../store/open-store-key.js';
import { connection, isPostgresUrl, lockedConnection } from '../store/postgres.js';
import type { StateKey } from '../store/state-key.js';
import { databaseOf, openFollowedStore, openKeyedStore, openStore, reconnect, type Store } from '../store/store.js';
import type { StoreKey, WrappedColumn } from '../store/store-key.js';
import { migrationsFor } from './migrations.js';
import { reopener } from './reopen-writer.js';

/** The secrets of all rooms: a copy of the database has none of them in the clear. */
const WRAPPED: readonly WrappedColumn[] = [
  ...WRAPPED_ACCESS,
  WRAPPED_PERSON_KEYS,
  WRAPPED_SECRETS,
  WRAPPED_SIGNING_KEYS,
];

/** How often the service that keeps the log signs the entries that its followers have written. */
const SIGN_MS = 1_000;

/** The database of a deployment, as one service of it has it open. */
export interface DeploymentStore {
  readonly store: Store;
  /** The key that the secrets of the database are wrapped with. */
  readonly key: StoreKey;
  readonly writer: GroupWriter;
  /** Signs the log; undefined in a service that follows another. */
  readonly signer: Signer | undefined;
  /** The file of the search index, which can be deleted; undefined if it is in the same database. */
  readonly indexFile: string | undefined;
  /** Announces changes between the services on one database. */
  readonly announcements: PostgresAnnouncements | undefined;
}

interface DeploymentOptions {
  /** The source of the key that the secrets of the database are wrapped with. */
  readonly storeKey: Pick<OpenKeyOptions, 'source' | 'isNewKey'>;
  /** The folder of the key of the log, and the name of the log. */
  readonly log: OpenLogOptions;
  readonly stateKey: StateKey;
  /** Refuses what is not as it was left. */
  readonly acceptance: Acceptance;
  /** Gets a closer for each thing that was opened, but for the writer, which the log closes. */
  readonly closers: Closers;
  /** Called with why the journal cannot be written to the tables of the log; it is tried again. */
  readonly onWriteError: (why: RecordError) => void;
  /** Called when another service has taken the record over while the database was lost. */
  readonly onGone: (why: RecordTakenOverError) => void;
}

/**
 * Opens the database of a deployment: as the one service that keeps the ledger and the tables, or as one that follows it.
 *
 * @throws {StoreError} when another service keeps it, it does not answer, or it is not of this version
 * @throws {StoreKeyError} when its key is missing, or is another one
 * @throws {StateError} when it is not as the service left it
 */
export async function openDeployment(
  where: string,
  follows: boolean,
  opening: DeploymentOptions,
): Promise<DeploymentStore> {
  const { log, closers } = opening;
  const wrapping = { ...opening.storeKey, columns: WRAPPED, isFollower: follows };
  if (!isPostgresUrl(where)) {
    if (follows)
      throw new StoreError('a service follows another on a PostgreSQL database', 'name it with --store postgres://…');
    const store = await openStore(where, ...migrationsFor(where));
    closers.add(() => store.destroy());
    const digests = SqliteState.eachStatement(databaseOf(store) as Sqlite.Database, opening.stateKey.for('state'));
    const key = await openStoreKey(store, wrapping);
    const signer = await openLog(store, { ...log, state: guardOf(store, digests, opening, true) });
    const indexFile = join(dirname(where), INDEX_FILE);
    const { journal, last, left } = await openJournal(store, where, signer, opening);
    const writer = new JournaledWriter(
      threadedWriter(where, signer, opening.stateKey.for('state')),
      journal,
      last,
      opening.onWriteError,
      left,
    );
    return { store, key, writer, signer, indexFile, announcements: undefined };
  }
  // The lock comes before anything is read: this service would not know what another writes.
  const ownKey = opening.stateKey.for('state').toString('hex');
  const followed = follows ? await openFollowed(where, opening.stateKey, closers) : undefined;
  const client = await (follows ? connection(where, followed?.stateKey) : lockedConnection(where, ownKey));
  closers.add(() => client.end());
  const { store, stateKey } = followed ?? (await openKept(where, ownKey, closers));
  const key = await openStoreKey(store, wrapping);
  const announcements = new PostgresAnnouncements(where);
  closers.add(() => announcements.close());
  const reconnection = {
    open: await reopener(where, client, follows, stateKey),
    onGone: opening.onGone,
    onLost: () => {
      reconnect(store);
      announcements.reconnect();
    },
  };
  const digests = new PostgresState(store);
  const state = guardOf(store, digests, opening, false);
  const signer = follows ? undefined : await openLog(store, { ...log, state });
  const writer = new PostgresWriter(client, signer, undefined, reconnection, !follows);
  if (!follows) closers.add(() => digests.renew());
  // The head as this service found it: another that writes is noticed by it.
  await writer.sign();
  // A failure is reported by the next write, which signs too.
  const ignore = (): void => undefined;
  if (!follows) closers.add(every(SIGN_MS, () => digests.renew(), ignore));
  // Not after the digests: over a cut network those wait for as long as nobody notices it, and this is what notices it.
  closers.add(every(SIGN_MS, () => writer.sign(), ignore));
  return { store, key, writer, signer, indexFile: undefined, announcements };
}

/** A database with the key that its sessions keep the digests of the state with; undefined if they do not keep them. */
interface OpenedStore {
  readonly store: Store;
  readonly stateKey: string | undefined;
}

/** Brings the tables up to date, and opens the database with sessions that keep the digests of the state. */
async function openKept(url: string, stateKey: string, closers: Closers): Promise<OpenedStore> {
  const store = await openStore(url, ...migrationsFor(url));
  await store.destroy();
  const keyed = openKeyedStore(url, stateKey);
  closers.add(() => keyed.destroy());
  return { store: keyed, stateKey };
}

/** A table with few rows. */
const PROBE = 'served_policies';

/**
 * Opens the database of the service that is followed. With the key of that service the sessions keep its digests: it may then be
 * stopped while this one changes something. With another key they would spoil them.
 */
async function openFollowed(url: string, key: StateKey, closers: Closers): Promise<OpenedStore> {
  const store = await openFollowedStore(url, ...migrationsFor(url));
  closers.add(() => store.destroy());
  if (key.isNew) return { store, stateKey: undefined };
  const stateKey = key.for('state').toString('hex');
  const keyed = openKeyedStore(url, stateKey);
  closers.add(() => keyed.destroy());
  const digests = new PostgresState(keyed);
  const probe = (await digests.rows()).find(({ name }) => name === PROBE);
  const isRight = probe !== undefined && (await digests.fits(probe));
  return isRight ? { store: keyed, stateKey } : { store, stateKey: undefined };
}

function guardOf(
  store: Store,
  digests: StateDigests,
  { log, stateKey: key, acceptance }: Pick<DeploymentOptions, 'log' | 'stateKey' | 'acceptance'>,
  isSignedOften: boolean,
): StateGuard {
  return new StateGuard({
    ...{ store, digests, acceptance, key, isSignedOften },
    begunFile: join(log.keys, STATE_BEGUN_FILE),
  });
}
