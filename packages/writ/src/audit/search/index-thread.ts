import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { IndexWorkerData } from './index-worker.js';

/**
 * Keeps the index up to date in a thread of its own.
 *
 * @param onError is told what it stumbles over; it goes on by itself
 * @returns what ends it
 */
export function startIndexing(data: IndexWorkerData, onError: (message: string) => void): () => Promise<void> {
  // The worker runs as it was built, also when a test runs the sources.
  const worker = new Worker(createRequire(import.meta.url).resolve('#index-worker'), { workerData: data });
  worker.on('message', onError);
  worker.on('error', (error) => onError(error.message));
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.unref();
  return async () => {
    worker.ref();
    worker.postMessage('close');
    await exited;
  };
}
