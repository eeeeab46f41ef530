import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { RecordError } from '../errors.js';
import type { Signer } from '../tlog/note.js';
import type { LogGroup } from './log-group.js';

/** A report of the thread on the oldest messages that it was sent: whether they are on disk. */
export interface Written {
  /** The number of messages. */
  readonly count: number;
  readonly failure: string | undefined;
}

/** The data that the thread starts with. */
export interface LogWorkerData {
  readonly file: string;
  /** The key that signs the log. */
  readonly skey: string;
  /** The key of the digests of the state tables; undefined for a log without them. */
  readonly stateKey: Uint8Array | undefined;
}

/** The number of entries that are handed on before the turn ends: the disk then works while the deciding thread does. */
export const FULL_GROUP = 8;

/** Puts groups on disk in the order in which they are handed over; their promises settle in that order. */
export interface GroupWriter {
  /** @param isAwaited whether somebody awaits the group; if not, it may wait for the next commit */
  write(group: LogGroup, isAwaited?: boolean): Promise<void>;
  /** Resolves when everything on disk can be read from the tables. */
  readable(): Promise<void>;
  /** Why nothing can be written until that is mended; undefined if it is not known to be so. */
  readonly failure: RecordError | undefined;
  close(): Promise<void>;
}

/** Puts several groups on disk at once: all of them or none. */
export interface BatchWriter extends GroupWriter {
  writeAll(groups: readonly LogGroup[]): Promise<void>;
}

/** Starts a thread that writes groups to a file. */
export function threadedWriter(file: string, { skey }: Signer, stateKey?: Uint8Array): BatchWriter {
  // The worker runs from dist, also if a test runs the sources.
  const worker = new Worker(createRequire(import.meta.url).resolve('#log-worker'), {
    workerData: { file, skey, stateKey } satisfies LogWorkerData,
  });
  const waiting: ReturnType<typeof withResolvers<void>>[] = [];
  let dead: RecordError | undefined;
  const settle = ({ count, failure }: Written): void => {
    for (const { resolve, reject } of waiting.splice(0, count)) {
      if (failure === undefined) resolve();
      else reject(new RecordError(failure));
    }
  };
  const die = (message: string): void => {
    dead ??= new RecordError(message, 'restart the service');
    settle({ count: waiting.length, failure: message });
  };
  worker.on('message', settle);
  worker.on('error', (error) => die(`the thread that writes the log failed: ${error.message}`));
  const exited = withResolvers();
  worker.once('exit', () => {
    die('the thread that writes the log has ended');
    exited.resolve();
  });
  const writeAll = (groups: readonly LogGroup[]): Promise<void> => {
    if (dead !== undefined) return Promise.reject(dead);
    const done = withResolvers();
    waiting.push(done);
    worker.postMessage(groups);
    return done.promise;
  };
  return {
    write: (group) => writeAll([group]),
    writeAll,
    readable: async () => undefined,
    get failure() {
      return dead;
    },
    async close() {
      if (dead === undefined) worker.postMessage('close');
      await exited.promise;
    },
  };
}
