import { LogTiles, NO_CATCH_UP } from '../audit/log/log-tiles.js';
import { type StoreFlags, storeToRead } from './store-to-read.js';

/** Runs work on the tiles of a store, and closes the store after it. */
export async function withTiles<T>(flags: StoreFlags, use: (tiles: LogTiles) => Promise<T>): Promise<T> {
  const store = await storeToRead(flags);
  try {
    return await use(new LogTiles(store, NO_CATCH_UP));
  } finally {
    await store.destroy();
  }
}
