import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { every } from '@writ/sdk/lib/every';
import { messageOf } from '@writ/sdk/lib/message-of';
import { openStore, type Store } from '../../store/store.js';
import type { StoreKey } from '../../store/store-key.js';
import { LogTiles, NO_CATCH_UP } from '../log/log-tiles.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import type { IndexWorkerData } from './index-worker.js';
import { indexMigrations, SearchIndex } from './search-index.js';

interface LogIndexOptions {
  /** The log: its file or URL, its store, and the key of that. */
  readonly log: { readonly where: string; readonly store: Store; readonly key: StoreKey };
  /** The file of the index; undefined if it is in the database of the log. */
  readonly file: string | undefined;
  /** Whether this service keeps it up to date. */
  readonly isKept: boolean;
  /** Receives errors of the thread, which tries again by itself. */
  readonly onError: (message: string) => void;
}

const LOOK_MS = 1_000;

/** The index of a log, and the thread that keeps it up to date. Both begin with the first full tile. */
export class LogIndex {
  private index: SearchIndex | undefined;
  private own: Store | undefined;
  private worker: Worker | undefined;
  private stopLooking: () => Promise<void> = async () => undefined;

  private constructor(private readonly options: LogIndexOptions) {}

  static async open(options: LogIndexOptions): Promise<LogIndex> {
    const opened = new LogIndex(options);
    const { file, log, isKept } = options;
    if (file === undefined) opened.index = new SearchIndex(log.store);
    else if (existsSync(file)) await opened.make(file);
    if (isKept) {
      opened.stopLooking = every(
        LOOK_MS,
        () => opened.look(),
        (error) => options.onError(messageOf(error)),
      );
    }
    return opened;
  }

  /** Undefined before the index is begun. */
  get current(): SearchIndex | undefined {
    return this.index;
  }

  private async make(file: string): Promise<SearchIndex> {
    this.own = await openStore(file, indexMigrations);
    this.index = new SearchIndex(this.own);
    return this.index;
  }

  private async look(): Promise<void> {
    const { log, file } = this.options;
    const { size } = await new LogTiles(log.store, NO_CATCH_UP).head();
    if (size < TILE_WIDTH) return;
    const index = this.index ?? (await this.make(file as string));
    if ((await index.tiles()) * TILE_WIDTH + TILE_WIDTH > size) return;
    // Not awaited: this is the run that stopping would wait for.
    void this.stopLooking();
    this.start({ log: log.where, index: file ?? log.where, storeKey: log.key.secret });
  }

  private start(workerData: IndexWorkerData): void {
    // The worker runs from dist, also if a test runs the sources.
    const worker = new Worker(createRequire(import.meta.url).resolve('#index-worker'), { workerData });
    worker.on('message', this.options.onError);
    worker.on('error', (error) => this.options.onError(error.message));
    worker.unref();
    this.worker = worker;
  }

  async close(): Promise<void> {
    await this.stopLooking();
    const { worker } = this;
    if (worker !== undefined) {
      worker.ref();
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage('close');
      await exited;
    }
    await this.own?.destroy();
  }
}
