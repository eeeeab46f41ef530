import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { ExportMessage, ExportWorkerData } from './audit/export/export-worker.js';
import type { SinkDescription } from './audit/export/sinks.js';
import type { RecordSettings, SinkSettings } from './bundle/format/record.js';
import { millisecondsOf } from './lib/duration.js';
import { environmentText } from './lib/environment.js';

interface ExportsParts {
  /** Where the log is. */
  readonly store: string;
  readonly data: string;
  /** As the bundle that is served has them. */
  readonly settings: () => RecordSettings['export'];
  readonly onProgress: (sink: string, behind: number) => void;
  readonly logger: Logger;
}

const LOOK_MS = 1_000;

/**
 * Hands the log to the sinks of the bundle that is served, in a thread of its own; another thread when a bundle has other sinks.
 *
 * @returns what ends it
 */
export function startExports({ store, data, settings, onProgress, logger }: ExportsParts): () => Promise<void> {
  let of: RecordSettings['export'] | undefined;
  let end: () => Promise<void> = async () => undefined;
  let turn: Promise<void> = Promise.resolve();
  const failing = new Set<string>();
  const heard = (message: ExportMessage): void => {
    if ('failure' in message) {
      // Told once, and again when it goes on.
      if (!failing.has(message.sink)) logger.warn({ sink: message.sink }, `the log cannot be sent: ${message.failure}`);
      failing.add(message.sink);
      return;
    }
    if (failing.delete(message.sink)) logger.info({ sink: message.sink }, 'the log is sent again');
    onProgress(message.sink, message.behind);
  };
  const look = async (): Promise<void> => {
    const now = settings();
    if (now === of) return;
    const isSame = JSON.stringify(now) === JSON.stringify(of ?? {});
    of = now;
    if (isSame) return;
    await end();
    end = async () => undefined;
    if (Object.keys(now).length === 0) return;
    const sinks = Object.fromEntries(Object.entries(now).map(([name, sink]) => [name, described(name, sink, data)]));
    end = startThread({ store, sinks }, heard, (error) =>
      logger.error({ err: error }, 'the thread that sends the log failed'),
    );
  };
  const go = (): void => {
    turn = turn.then(look).catch((error: unknown) => logger.error({ err: error }, 'the log cannot be sent'));
  };
  go();
  const timer = setInterval(go, LOOK_MS).unref();
  return async () => {
    clearInterval(timer);
    await turn;
    await end();
  };
}

function startThread(
  workerData: ExportWorkerData,
  heard: (message: ExportMessage) => void,
  onError: (error: Error) => void,
): () => Promise<void> {
  // The worker runs as it was built, also when a test runs the sources.
  const worker = new Worker(createRequire(import.meta.url).resolve('#export-worker'), { workerData });
  worker.on('message', heard);
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

/** A sink that does not answer is not waited for: what it has not taken is sent to it again. */
const CLOSE_MS = 2_000;

function described(name: string, sink: SinkSettings, data: string): SinkDescription {
  const text = (value: string): string =>
    environmentText(value.replaceAll('${data}', data), `writ.yaml: record.export.${name}`);
  const headers = 'headers' in sink ? sink.headers : {};
  const filled = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, text(value)]));
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
