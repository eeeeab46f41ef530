import { join } from 'node:path';
import type { Logger } from 'pino';
import { Ids } from '../decide/ids.js';
import type { UsedProof } from '../decide/record.js';
import { Ledger } from '../ledger/ledger.js';
import type { Closers } from '../lib/closers.js';
import { keyedHash } from '../lib/keyed-hash.js';
import { Credentials } from '../provenance/credentials.js';
import { SigningKeys } from '../provenance/signing-keys.js';
import { KEY_OVERLAP_MS } from '../provenance/transaction-token.js';
import { STORE_FILE } from '../store/files.js';
import type { Store } from '../store/store.js';
import { openDeployment } from './deployment-store.js';
import { RecordKeeping } from './record-keeping.js';
import { openRegistry, type RegistryStores } from './registry-stores.js';
import type { Runtime } from './runtime.js';

interface OpenOptions {
  readonly data: string;
  /** A PostgreSQL URL; SQLite in the data folder if it is undefined. */
  readonly store: string | undefined;
  readonly logOrigin: string | undefined;
  readonly isNewLogKey: boolean | undefined;
  /** Whether another service keeps the ledger and the log. */
  readonly isFollower: boolean;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly closers: Closers;
}

/** The opened stores of a service, and the parts that all others share. */
export interface Rooms {
  readonly runtime: Runtime;
  readonly data: string;
  readonly isFollower: boolean;
  /** The database: a file or a URL. */
  readonly where: string;
  readonly store: Store;
  /** The key by which the log is verified; undefined where another service signs it. */
  readonly logKey: string | undefined;
  readonly keeping: RecordKeeping;
  readonly credentials: Credentials;
  readonly keys: SigningKeys;
  readonly registry: RegistryStores;
  /** The proofs on the record that are not too old to be presented again. */
  readonly usedProofs: readonly Pick<UsedProof, 'key' | 'until'>[];
  readonly ledger: Ledger;
  /** Returns the keyed hash of what an approval is for, and of what an obligation changes. */
  readonly bind: (text: string) => string;
  /** Returns the keyed hash of a prompt. It shows that two prompts are the same, and nothing of their text. */
  readonly hashPrompt: (prompt: string) => string;
  /** The key of the hashes that masked values are replaced by. */
  readonly maskKey: Buffer;
}

/**
 * Opens the store, and reads from it what decisions need. Each thing that is opened gets its closer at once.
 *
 * @throws {StoreError} when another service keeps the store, it does not answer, or it is not of this version
 */
export async function openRooms(options: OpenOptions): Promise<Rooms> {
  const { data, isFollower, clock, logger, closers } = options;
  const where = options.store ?? join(data, STORE_FILE);
  const keysFolder = join(data, 'keys');
  const logOptions = { keys: keysFolder, origin: options.logOrigin, isNewKey: options.isNewLogKey };
  const opened = await openDeployment(where, isFollower, logOptions, closers, (why) =>
    logger.error({ err: why }, 'nothing can be recorded until this is mended; what is on the record is safe'),
  );
  const { store, announcements, signer } = opened;
  const keeping = await RecordKeeping.open({ opened, where, isFollower, clock, logger, closers });
  const { reader, log } = keeping;
  const credentials = await Credentials.open(store, keysFolder, [], clock, !isFollower);
  const usedProofs = await reader.proofs(clock());
  const registry = await openRegistry({ store, announcements, log, usedProofs, clock, logger, closers });
  const keys = await SigningKeys.open(store, clock, KEY_OVERLAP_MS);
  const ledger = new Ledger({});
  if (!isFollower) {
    ledger.restore(await reader.holdings(clock()));
    for (const { decisionId, use } of await reader.uses(clock())) ledger.caps.restore(decisionId, use);
  }
  const ids = new Ids(await reader.lastId());
  const runtime: Runtime = {
    clock,
    logger,
    ids,
    async record(change) {
      const now = clock();
      await log.append([{ kind: 'change', id: ids.next(now), time: now.toISOString(), ...change }]);
    },
  };
  await keeping.recordGaps(runtime.record);
  return {
    runtime,
    data,
    isFollower,
    where,
    store,
    logKey: signer?.vkey,
    keeping,
    credentials,
    keys,
    registry,
    usedProofs,
    ledger,
    bind: keyedHash(await credentials.secret('bindings')),
    hashPrompt: keyedHash(await credentials.secret('prompts')),
    maskKey: await credentials.secret('masks'),
  };
}
