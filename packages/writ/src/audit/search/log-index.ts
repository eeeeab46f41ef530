import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { openStore, type Store } from '../../store/store.js';
import { LogTiles } from '../log/log-tiles.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import type { IndexWorkerData } from './index-worker.js';
import { indexMigrations, SearchIndex } from './search-index.js';

interface LogIndexOptions {
  /** Where the log is, and the store of it. */
  readonly log: { readonly where: string; readonly store: Store };
  /** Where the index is: a file of its own, or undefined for the database that the log is in. */
  readonly file: string | undefined;
  /** Whether this service keeps it up to date. */
  readonly isKept: boolean;
  /** Is told what the thread stumbles over; it goes on by itself. */
  readonly onError: (message: string) => void;
}

const LOOK_MS = 1_000;

/** The index of a log, and the thread that keeps it up to date: both are begun with the first tile that is full. */
export class LogIndex {
  private index: SearchIndex | undefined;
  private own: Store | undefined;
  private worker: Worker | undefined;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();

  private constructor(private readonly options: LogIndexOptions) {}

  static async open(options: LogIndexOptions): Promise<LogIndex> {
    const opened = new LogIndex(options);
    const { file, log, isKept } = options;
    if (file === undefined) opened.index = new SearchIndex(log.store);
    else if (existsSync(file)) await opened.make(file);
    if (isKept) {
      opened.timer = setInterval(() => {
        opened.turn = opened.turn
          .then(() => opened.look())
          .catch((error: unknown) => options.onError(error instanceof Error ? error.message : String(error)));
      }, LOOK_MS).unref();
    }
    return opened;
  }

  /** Undefined while there is none. */
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
    const { size } = await new LogTiles(log.store).head();
    if (size < TILE_WIDTH) return;
    const index = this.index ?? (await this.make(file as string));
    if ((await index.tiles()) * TILE_WIDTH + TILE_WIDTH > size) return;
    clearInterval(this.timer);
    this.start({ log: log.where, index: file ?? log.where });
  }

  private start(workerData: IndexWorkerData): void {
    // The worker runs as it was built, also when a test runs the sources.
    const worker = new Worker(createRequire(import.meta.url).resolve('#index-worker'), { workerData });
    worker.on('message', this.options.onError);
    worker.on('error', (error) => this.options.onError(error.message));
    worker.unref();
    this.worker = worker;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.turn;
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
