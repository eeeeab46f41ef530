import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@writ/sdk/lib/message-of';
import { isPostgres } from '../../store/dialect.js';
import { sql } from '../../store/kysely.js';
import { openStoreToRead, openStoreToWrite } from '../../store/store.js';
import { StoreKey } from '../../store/store-key.js';
import { PersonKeys } from '../protection/person-keys.js';
import { Indexer } from './indexer.js';
import { SearchIndex } from './search-index.js';

/** The thread that keeps the index up to date. It uses at most a part of a core: decisions come first. */

export interface IndexWorkerData {
  /** The log and the index: files, or URLs of databases. */
  readonly log: string;
  readonly index: string;
  /** The key that the secrets of the log's database are wrapped with. */
  readonly storeKey: Uint8Array;
}

const IDLE_MS = 200;
const TILES_AT_ONCE = 8;
/** The thread rests this many times as long as it worked: longer while much is decided, less when it is far behind. */
const REST = 4;
const BUSY_REST = 40;
const BUSY_TILES_A_SECOND = 4;
const FAR_BEHIND = 4_000;

const port = parentPort;
if (port === null) throw new Error('this file is run as a worker');
const { log, index, storeKey } = workerData as IndexWorkerData;
let isOver = false;
port.on('message', () => {
  isOver = true;
});

const logStore = openStoreToRead(log);
const indexStore = openStoreToWrite(index);
// The index can be rebuilt: its commits need not be on disk at once.
if (!isPostgres(indexStore)) await sql`pragma synchronous = normal`.execute(indexStore);
const indexer = new Indexer(
  logStore,
  new SearchIndex(indexStore),
  PersonKeys.beside(logStore, async () => new StoreKey(storeKey)),
);
let before: { readonly at: number; readonly tiles: number } | undefined;
while (!isOver) {
  const begun = performance.now();
  let rest = IDLE_MS;
  try {
    const { taken, left, until } = await indexer.step(TILES_AT_ONCE);
    const grown = before === undefined ? 0 : (until + left - before.tiles) / ((begun - before.at) / 1_000);
    before = { at: begun, tiles: until + left };
    const times = left > FAR_BEHIND ? 1 : grown > BUSY_TILES_A_SECOND ? BUSY_REST : REST;
    if (taken > 0) rest = (performance.now() - begun) * times;
  } catch (error) {
    port.postMessage(messageOf(error));
    rest = 5_000;
  }
  const until = performance.now() + rest;
  for (let left = rest; !isOver && left > 0; left = until - performance.now()) await sleep(Math.min(IDLE_MS, left));
}
await indexStore.destroy();
await logStore.destroy();
port.close();
