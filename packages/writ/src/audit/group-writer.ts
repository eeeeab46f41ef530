import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type Sqlite from 'better-sqlite3';
import { RecordError } from './errors.js';
import { groupInserter, type LogGroup } from './log-table.js';

/** Puts groups on disk, one at a time: {@link write} is called again only when it has settled. */
export interface GroupWriter {
  write(group: LogGroup): Promise<void>;
  close(): Promise<void>;
}

/** Writes in this thread. */
export function directWriter(database: Sqlite.Database): GroupWriter {
  const insert = groupInserter(database);
  return {
    write: async (group) => insert(group),
    close: async () => void database.close(),
  };
}

/** Writes in a thread of its own. */
export function threadedWriter(file: string): GroupWriter {
  // The worker runs as it was built, also when a test runs the sources.
  const worker = new Worker(createRequire(import.meta.url).resolve('#log-worker'), { workerData: file });
  let waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;
  let dead: Error | undefined;
  const settle = (failure: string | undefined): void => {
    const { resolve, reject } = waiting ?? {};
    waiting = undefined;
    if (failure === undefined) resolve?.();
    else reject?.(new RecordError(failure));
  };
  const die = (message: string): void => {
    dead ??= new RecordError(message, 'restart the service');
    settle(message);
  };
  worker.on('message', settle);
  worker.on('error', (error) => die(`the thread that writes the log failed: ${error.message}`));
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      die('the thread that writes the log has ended');
      resolve();
    });
  });
  return {
    write: (group) =>
      dead === undefined
        ? new Promise((resolve, reject) => {
            waiting = { resolve, reject };
            worker.postMessage(group);
          })
        : Promise.reject(dead),
    async close() {
      if (dead === undefined) worker.postMessage('close');
      await exited;
    },
  };
}
