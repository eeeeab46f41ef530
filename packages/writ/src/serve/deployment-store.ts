import { dirname, join } from 'node:path';
import { accessMigrations } from '../access/task-store.js';
import type { RecordError } from '../audit/errors.js';
import { exportMigrations } from '../audit/export/exporter.js';
import { JOURNAL_FILE, Journal } from '../audit/journal/journal.js';
import { JournaledWriter } from '../audit/journal/journaled-writer.js';
import { replayJournal } from '../audit/journal/replay-journal.js';
import { acknowledgementMigrations } from '../audit/log/async-acknowledgement.js';
import { type GroupWriter, threadedWriter } from '../audit/log/group-writer.js';
import { auditMigrations } from '../audit/log/log-migrations.js';
import { LogReader } from '../audit/log/log-reader.js';
import { NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { type OpenLogOptions, openLog } from '../audit/log/open-log.js';
import { PostgresWriter } from '../audit/log/postgres-writer.js';
import { NO_KEYS, personKeyMigrations } from '../audit/protection/person-keys.js';
import { indexMigrations } from '../audit/search/search-index.js';
import type { Signer } from '../audit/tlog/note.js';
import type { Closers } from '../lib/closers.js';
import { every } from '../lib/every.js';
import { credentialMigrations } from '../provenance/credentials.js';
import { dpopMigrations } from '../provenance/dpop.js';
import { signingKeyMigrations } from '../provenance/signing-keys.js';
import { taskMigrations } from '../provenance/task-store.js';
import { approvalMigrations } from '../registry/approval-store.js';
import { credentialUseMigrations } from '../registry/credential-uses.js';
import { entityMigrations } from '../registry/entity-store.js';
import { grantMigrations } from '../registry/grants.js';
import { identityMigrations } from '../registry/identities.js';
import { identityKeyMigrations } from '../registry/identity-keys.js';
import { revisionMigrations } from '../registry/revision-log.js';
import { revocationMigrations } from '../registry/revocation-rows.js';
import { sightingMigrations } from '../registry/sightings.js';
import { toolPinMigrations } from '../registry/tool-pins.js';
import { signalMigrations } from '../signals/stream-store.js';
import { PostgresAnnouncements } from '../store/announcements.js';
import { StoreError } from '../store/errors.js';
import { INDEX_FILE } from '../store/files.js';
import { connection, isPostgresUrl, lockedConnection } from '../store/postgres.js';
import { openFollowedStore, openStore, type Store } from '../store/store.js';

const MIGRATIONS = [
  accessMigrations,
  approvalMigrations,
  auditMigrations,
  credentialMigrations,
  credentialUseMigrations,
  dpopMigrations,
  acknowledgementMigrations,
  entityMigrations,
  exportMigrations,
  grantMigrations,
  identityKeyMigrations,
  identityMigrations,
  personKeyMigrations,
  revisionMigrations,
  revocationMigrations,
  signalMigrations,
  signingKeyMigrations,
  sightingMigrations,
  taskMigrations,
  toolPinMigrations,
];

/** How often the service that keeps the log signs the entries that its followers have written. */
const SIGN_MS = 1_000;

/** The database of a deployment, as one service of it has it open. */
export interface DeploymentStore {
  readonly store: Store;
  readonly writer: GroupWriter;
  /** Signs the log; undefined in a service that follows another. */
  readonly signer: Signer | undefined;
  /** The file of the search index, which can be deleted; undefined if it is in the same database. */
  readonly indexFile: string | undefined;
  /** Announces changes between the services on one database. */
  readonly announcements: PostgresAnnouncements | undefined;
}

/**
 * Opens the database of a deployment: as the one service that keeps the ledger and the tables, or as one that follows it.
 *
 * @param log where its key is, and its name
 * @param closers gets a closer for each thing that was opened, but for the writer, which the log closes
 * @param onWriteError called with why the journal cannot be written to the tables of the log; it is tried again
 * @throws {StoreError} when another service keeps it, it does not answer, or it is not of this version
 */
export async function openDeployment(
  where: string,
  follows: boolean,
  log: OpenLogOptions,
  closers: Closers,
  onWriteError: (why: RecordError) => void,
): Promise<DeploymentStore> {
  if (!isPostgresUrl(where)) {
    if (follows)
      throw new StoreError('a service follows another on a PostgreSQL database', 'name it with --store postgres://…');
    const store = await openStore(where, ...MIGRATIONS);
    closers.add(() => store.destroy());
    const signer = await openLog(store, log);
    const indexFile = join(dirname(where), INDEX_FILE);
    const file = join(dirname(where), JOURNAL_FILE);
    // The journal of an earlier service goes to the tables before anything else is read.
    const last = replayJournal(file, where, (await new LogReader(store, NO_KEYS, NO_CATCH_UP).lastId()) ?? '', signer);
    const journal = Journal.begin(file);
    const writer = new JournaledWriter(threadedWriter(where, signer), journal, last, onWriteError);
    return { store, writer, signer, indexFile, announcements: undefined };
  }
  // The lock comes before anything is read: this service would not know what another writes.
  const client = follows ? await connection(where) : await lockedConnection(where);
  closers.add(() => client.end());
  const store = await (follows ? openFollowedStore : openStore)(where, ...MIGRATIONS, indexMigrations);
  closers.add(() => store.destroy());
  const announcements = new PostgresAnnouncements(where);
  closers.add(() => announcements.close());
  if (follows) {
    const writer = new PostgresWriter(client, undefined);
    return { store, writer, signer: undefined, indexFile: undefined, announcements };
  }
  const signer = await openLog(store, log);
  const writer = new PostgresWriter(client, signer);
  // A failure is reported by the next write, which signs too.
  closers.add(
    every(
      SIGN_MS,
      () => writer.sign(),
      () => undefined,
    ),
  );
  return { store, writer, signer, indexFile: undefined, announcements };
}
