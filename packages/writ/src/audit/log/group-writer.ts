import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { RecordError } from '../errors.js';
import type { Signer } from '../tlog/note.js';
import type { LogGroup } from './log-group.js';

/** What the thread says of what it was handed, oldest first: whether that is on disk. */
export interface Written {
  /** How many messages it is about. */
  readonly count: number;
  readonly failure: string | undefined;
}

/** What the thread is begun with. */
export interface LogWorkerData {
  readonly file: string;
  /** What the log is signed with. */
  readonly skey: string;
}

/** So many entries are handed on without waiting for the turn to end: the disk then works while the deciding thread does. */
export const FULL_GROUP = 8;

/** Puts groups on disk, in the order in which they are handed over; their promises settle in that order. */
export interface GroupWriter {
  /** @param isAwaited whether somebody waits for it; without, it may take its time */
  write(group: LogGroup, isAwaited?: boolean): Promise<void>;
  /** What is on disk can be read from the tables too. */
  readable(): Promise<void>;
  close(): Promise<void>;
}

/** Puts several groups on disk at once: all of them or none. */
export interface BatchWriter extends GroupWriter {
  writeAll(groups: readonly LogGroup[]): Promise<void>;
}

/** Writes in a thread of its own. */
export function threadedWriter(file: string, { skey }: Signer): BatchWriter {
  // The worker runs as it was built, also when a test runs the sources.
  const worker = new Worker(createRequire(import.meta.url).resolve('#log-worker'), {
    workerData: { file, skey } satisfies LogWorkerData,
  });
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let dead: Error | undefined;
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
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      die('the thread that writes the log has ended');
      resolve();
    });
  });
  const writeAll = (groups: readonly LogGroup[]): Promise<void> =>
    dead === undefined
      ? new Promise((resolve, reject) => {
          waiting.push({ resolve, reject });
          worker.postMessage(groups);
        })
      : Promise.reject(dead);
  return {
    write: (group) => writeAll([group]),
    writeAll,
    readable: async () => undefined,
    async close() {
      if (dead === undefined) worker.postMessage('close');
      await exited;
    },
  };
}
