import { join } from 'node:path';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import type { Logger } from 'pino';
import type { RecordTakenOverError } from '../audit/errors.js';
import { assertContinues } from '../audit/log/kept-checkpoint.js';
import { Acceptance } from '../audit/state/acceptance.js';
import { type Seal, sealOf } from '../bundle/last-good.js';
import { ServedPolicies } from '../bundle/served-policies.js';
import { BatchesOnce } from '../decide/batches-once.js';
import { Ids } from '../decide/ids.js';
import type { PlainTasks } from '../decide/plain-tasks.js';
import type { UsedProof } from '../decide/record.js';
import { IsolatedReader } from '../ledger/flow/isolated-reader.js';
import { Ledger } from '../ledger/ledger.js';
import type { Clock } from '../lib/clock.js';
import type { Closers } from '../lib/closers.js';
import { CREDENTIALS } from '../lib/known-credentials.js';
import { Credentials } from '../provenance/credentials.js';
import type { WriteKeys } from '../provenance/key-ends.js';
import type { RecordKey } from '../provenance/recorded-key.js';
import { SigningKeys } from '../provenance/signing-keys.js';
import { TaskStore } from '../provenance/task-store.js';
import { KEY_OVERLAP_MS } from '../provenance/token-times.js';
import type { RevisionLog } from '../registry/revision-log.js';
import { STORE_FILE } from '../store/files.js';
import { keySource } from '../store/key-source.js';
import { StateKey } from '../store/state-key.js';
import type { Store } from '../store/store.js';
import type { StoreKey } from '../store/store-key.js';
import { openDeployment } from './deployment-store.js';
import { openPlainTasks } from './plain-tasks.js';
import { RecordKeeping } from './record-keeping.js';
import { openRegistry, type RegistryStores } from './registry-stores.js';
import type { Runtime } from './runtime.js';

interface OpenOptions {
  readonly data: string;
  /** A PostgreSQL URL; SQLite in the data folder if it is undefined. */
  readonly store: string | undefined;
  /** The source of the key that the secrets of the store are wrapped with. */
  readonly storeKey: string | undefined;
  readonly isNewStoreKey: boolean | undefined;
  readonly logOrigin: string | undefined;
  readonly isNewLogKey: boolean | undefined;
  /** Why the operator accepts a store that is not as it was left; undefined if it is not accepted. */
  readonly acceptState: string | undefined;
  /** A checkpoint that was kept elsewhere, and that the log must continue; undefined if none was. */
  readonly expected: Buffer | undefined;
  /** Whether another service keeps the ledger and the log. */
  readonly isFollower: boolean;
  readonly clock: Clock;
  /** How long an entry may wait for the disk before nothing is permitted, in milliseconds. */
  readonly patienceMs: number;
  readonly logger: Logger;
  readonly closers: Closers;
  /** Called when another service has taken the record over. */
  readonly onGone: (why: RecordTakenOverError) => void;
}

/** The opened stores of a service, and the parts that all others share. */
export interface Rooms {
  readonly runtime: Runtime;
  readonly data: string;
  readonly isFollower: boolean;
  /** The database: a file or a URL. */
  readonly where: string;
  readonly store: Store;
  /** The key that the secrets of the store are wrapped with. */
  readonly storeKey: StoreKey;
  /** The key by which the log is verified; undefined where another service signs it. */
  readonly logKey: string | undefined;
  /** Refuses what is not as it was left. */
  readonly acceptance: Acceptance;
  /** Seals the bundle that is kept. */
  readonly seal: Seal;
  readonly served: ServedPolicies;
  readonly keeping: RecordKeeping;
  readonly credentials: Credentials;
  readonly keys: SigningKeys;
  readonly registry: RegistryStores;
  readonly patienceMs: number;
  /** The proofs on the record that are not too old to be presented again. */
  readonly usedProofs: readonly Pick<UsedProof, 'key' | 'until'>[];
  /** Seals what was refused without a decision and is not on the record yet. */
  readonly attemptKey: Buffer;
  /** The batches of attempts that were handed in. */
  readonly batches: BatchesOnce;
  readonly ledger: Ledger;
  /** The tasks that were started. */
  readonly tasks: TaskStore;
  readonly plainTasks: PlainTasks;
  /** Reads the answers of tools. */
  readonly reader: IsolatedReader;
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
  const { data, isFollower, clock, patienceMs, logger, closers } = options;
  const where = options.store ?? join(data, STORE_FILE);
  CREDENTIALS.addNamed('', options.store);
  const keysFolder = join(data, 'keys');
  const stateKey = StateKey.open(keysFolder);
  const logOptions = { keys: keysFolder, origin: options.logOrigin, isNewKey: options.isNewLogKey };
  const acceptance = new Acceptance(options.acceptState);
  const opened = await openDeployment(where, isFollower, {
    storeKey: { source: keySource(options.storeKey, data), isNewKey: options.isNewStoreKey === true },
    log: logOptions,
    stateKey,
    acceptance,
    closers,
    onGone: options.onGone,
    onWriteError: (why) =>
      logger.error({ err: why }, 'nothing can be recorded until this is mended; what is on the record is safe'),
  });
  const { store, key: storeKey, announcements, signer } = opened;
  const keeping = await RecordKeeping.open({ opened, where, isFollower, clock, patienceMs, logger, closers });
  const { reader, log, tiles } = keeping;
  if (options.expected !== undefined && signer !== undefined)
    await assertContinues(tiles, signer, options.expected, acceptance);
  const answers = new IsolatedReader();
  closers.add(() => answers.close());
  const usedProofs = await reader.proofs(clock());
  const registry = await openRegistry({ store, announcements, log, usedProofs, clock, logger, closers });
  const keys = await SigningKeys.open(store, storeKey, clock, KEY_OVERLAP_MS);
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
    async record(change, proofs = []) {
      const now = clock();
      await log.append([{ kind: 'change', id: ids.next(now), time: now.toISOString(), ...change }], proofs);
    },
  };
  const recordKey: RecordKey = (what, key, by = 'writ') => runtime.record({ by, what, detail: { ...key } });
  const credentials = new Credentials({
    ...{ store, key: storeKey, folder: keysFolder, clock, isFollower, record: recordKey },
    write: keyWriter(registry.revisions, clock),
  });
  registry.revisions.keep({ kind: 'credential', refresh: (from) => credentials.refresh(from) });
  const tasks = new TaskStore(store);
  const hashPrompt = keyedHash(await credentials.secret('prompts'));
  const plainTasks = await openPlainTasks({
    ...{ tasks, hashPrompt, isFollower, clock, logger, closers },
    revocations: registry.revocations,
    nextId: (now) => ids.next(now),
  });
  await recordAccepted(acceptance, runtime);
  await keeping.recordGaps(runtime.record);
  return {
    runtime,
    data,
    isFollower,
    where,
    store,
    storeKey,
    logKey: signer?.vkey,
    acceptance,
    seal: sealOf(stateKey),
    served: new ServedPolicies(store, isFollower ? undefined : nodeOf(stateKey), clock),
    keeping,
    credentials,
    keys,
    registry,
    patienceMs,
    usedProofs,
    attemptKey: stateKey.for('attempts'),
    batches: new BatchesOnce(clock, usedProofs),
    ledger,
    tasks,
    plainTasks,
    reader: answers,
    bind: keyedHash(await credentials.secret('bindings')),
    hashPrompt,
    maskKey: await credentials.secret('masks'),
  };
}

/** Writes changes of keys in the order of all changes of the registry, which other services follow. */
function keyWriter(revisions: RevisionLog, clock: Clock): WriteKeys {
  return async (by, hashes, make) => {
    await revisions.write({ by, now: clock() }, async (tables) => {
      await make(tables);
      // A hash of a key says nothing of it; a part of one names it.
      return {
        changes: hashes.map((hash) => ({ kind: 'credential', type: 'key', id: hash.slice(0, 12), what: 'put' })),
      };
    });
  };
}

/** Records what the operator accepted since the last call: from here on the record shows it. */
export async function recordAccepted(acceptance: Acceptance, { record, logger }: Runtime): Promise<void> {
  const { reason } = acceptance;
  const accepted = acceptance.take();
  if (accepted.length === 0) return;
  logger.warn({ reason, accepted }, 'the store is not as it was left, and the operator accepted that');
  await record({ by: 'writ', what: 'state.accept', detail: { reason, accepted } });
}

/** Returns the name of the service that keeps the log: a standby with the same keys has the same. */
function nodeOf(key: StateKey): string {
  return key.for('node').toString('hex').slice(0, 16);
}
