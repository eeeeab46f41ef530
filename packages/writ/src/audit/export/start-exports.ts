import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { every } from '@writ/sdk/lib/every';
import type { Logger } from 'pino';
import { millisecondsOf } from '../../lib/duration.js';
import { environmentText } from '../../lib/environment.js';
import { CREDENTIALS } from '../../lib/known-credentials.js';
import { SerialQueue } from '../../lib/serial-queue.js';
import type { StoreKey } from '../../store/store-key.js';
import type { ExportMessage, ExportWorkerData } from './export-worker.js';
import type { SinkDescription, SinkSettings } from './sinks.js';

/** Sinks by name, as a bundle declares them. */
type DeclaredSinks = Readonly<Record<string, SinkSettings>>;

interface ExportsParts {
  /** The database that has the log: a file or a URL. */
  readonly store: string;
  readonly storeKey: StoreKey;
  readonly data: string;
  /** Returns the sinks to send to now; another object when a bundle was activated. */
  readonly settings: () => DeclaredSinks;
  /** Called with the number of entries that a sink has not been sent yet. */
  readonly onProgress: (sink: string, behind: number) => void;
  readonly logger: Logger;
}

const LOOK_MS = 1_000;
/** A sink that does not answer is not awaited: what it has not taken is sent to it again. */
const CLOSE_MS = 2_000;

/**
 * Sends the log to the sinks of the served bundle, in a thread of its own. The thread is replaced when the sinks change.
 *
 * @returns a function that stops it and resolves when the thread has ended
 */
export function startExports({
  store,
  storeKey,
  data,
  settings,
  onProgress,
  logger,
}: ExportsParts): () => Promise<void> {
  let current: DeclaredSinks | undefined;
  let stopThread: () => Promise<void> = async () => undefined;
  const failing = new Set<string>();
  const receive = (message: ExportMessage): void => {
    if ('failure' in message) {
      // A failure is logged once, and its end is.
      if (!failing.has(message.sink)) logger.warn({ sink: message.sink }, `the log cannot be sent: ${message.failure}`);
      failing.add(message.sink);
      return;
    }
    if (failing.delete(message.sink)) logger.info({ sink: message.sink }, 'the log is sent again');
    onProgress(message.sink, message.behind);
  };
  const follow = async (): Promise<void> => {
    const now = settings();
    if (now === current) return;
    const isSame = JSON.stringify(now) === JSON.stringify(current ?? {});
    current = now;
    if (isSame) return;
    await stopThread();
    stopThread = async () => undefined;
    if (Object.keys(now).length === 0) return;
    const sinks = Object.fromEntries(
      Object.entries(now).map(([name, sink]) => [name, descriptionOf(name, sink, data)]),
    );
    stopThread = startThread({ store, storeKey: storeKey.secret, sinks }, receive, (error) =>
      logger.error({ err: error }, 'the thread that sends the log failed'),
    );
  };
  const queue = new SerialQueue();
  const onError = (error: unknown): void => logger.error({ err: error }, 'the log cannot be sent');
  void queue.run(follow).catch(onError);
  const stopFollowing = every(LOOK_MS, () => queue.run(follow), onError);
  return async () => {
    await stopFollowing();
    await queue.idle();
    await stopThread();
  };
}

/** Starts the export worker. @returns a function that ends it, by force after {@link CLOSE_MS} */
function startThread(
  workerData: ExportWorkerData,
  receive: (message: ExportMessage) => void,
  onError: (error: Error) => void,
): () => Promise<void> {
  // The worker runs as it was built, also when a test runs the sources.
  const worker = new Worker(createRequire(import.meta.url).resolve('#export-worker'), { workerData });
  worker.on('message', receive);
  worker.on('error', onError);
  const exited = new Promise<void>((done) => worker.once('exit', () => done()));
  worker.unref();
  return async () => {
    worker.ref();
    worker.postMessage('close');
    const patience = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await exited;
    clearTimeout(patience);
  };
}

/** @throws {EnvironmentError} when a variable is not in the environment */
function descriptionOf(name: string, sink: SinkSettings, data: string): SinkDescription {
  const text = (value: string): string =>
    environmentText(value.replaceAll('${data}', data), `writ.yaml: record.export.${name}`);
  const headers = 'headers' in sink ? sink.headers : {};
  const filled = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, text(value)]));
  for (const [header, value] of Object.entries(filled)) CREDENTIALS.addNamed(header, value);
  if ('url' in sink) CREDENTIALS.addNamed('', text(sink.url));
  switch (sink.to) {
    case 'file':
      return { ...sink, file: resolve(text(sink.file)) };
    case 'http':
    case 'otlp':
      return { ...sink, url: text(sink.url), headers: filled };
    case 'syslog':
      return { ...sink, url: text(sink.url) };
    case 'parquet':
      return { ...sink, folder: resolve(text(sink.folder)), ms: millisecondsOf(sink.every) };
  }
}
