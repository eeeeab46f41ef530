import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@writ/sdk/lib/message-of';
import { openStoreToWrite } from '../../store/store.js';
import { StoreKey } from '../../store/store-key.js';
import { PersonKeys } from '../protection/person-keys.js';
import { Exporter } from './exporter.js';
import { type SinkDescription, sinkOf } from './sinks.js';

/** The thread that sends the log to sinks. A slow or absent sink delays only itself. */

export interface ExportWorkerData {
  /** The store of the log: a file, or the URL of a database. */
  readonly store: string;
  /** The key that the secrets of the store are wrapped with. */
  readonly storeKey: Uint8Array;
  readonly sinks: Readonly<Record<string, SinkDescription>>;
}

/** A report of the thread on a sink. */
export type ExportMessage =
  | { readonly sink: string; readonly behind: number }
  | { readonly sink: string; readonly failure: string };

const IDLE_MS = 250;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

const port = parentPort;
if (port === null) throw new Error('this file is run as a worker');
const { store: where, storeKey, sinks } = workerData as ExportWorkerData;
const closing = new AbortController();
port.on('message', () => closing.abort());
const store = openStoreToWrite(where);
const keys = PersonKeys.beside(store, async () => new StoreKey(storeKey));

await Promise.all(Object.entries(sinks).map(([name, sink]) => run(name, sink)));
await store.destroy();
port.close();

async function run(name: string, description: SinkDescription): Promise<void> {
  const say = (message: ExportMessage): void => port?.postMessage(message);
  const sink = sinkOf(description);
  const exporter = new Exporter(store, name, sink, keys);
  let retry = FIRST_RETRY_MS;
  while (!closing.signal.aborted) {
    let rest = IDLE_MS;
    try {
      const { behind } = await exporter.step(performance.now());
      say({ sink: name, behind });
      retry = FIRST_RETRY_MS;
      if (behind > 0 && sink.batch.entries === 1) rest = 0;
    } catch (error) {
      say({ sink: name, failure: messageOf(error) });
      rest = retry;
      retry = Math.min(LAST_RETRY_MS, 2 * retry);
    }
    if (rest > 0) await pause(rest);
  }
  await sink.close().catch(() => undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      closing.signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    closing.signal.addEventListener('abort', end);
  });
}
