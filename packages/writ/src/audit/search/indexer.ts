import type { Store } from '../../store/store.js';
import { EntryOpener } from '../log/entry-opener.js';
import { LogTiles, NO_CATCH_UP } from '../log/log-tiles.js';
import type { KeyFinder } from '../protection/person-keys.js';
import { TILE_WIDTH } from '../tlog/tiles.js';
import { TILES_IN_BLOCK } from './places.js';
import type { SearchIndex } from './search-index.js';
import { termsOf } from './terms.js';

const NO_TERMS: ReadonlySet<string> = new Set();

/** Adds the log to the index, by full tiles. */
export class Indexer {
  private readonly tiles: LogTiles;
  private readonly opener: EntryOpener;

  constructor(
    log: Store,
    private readonly index: SearchIndex,
    keys: KeyFinder,
  ) {
    this.tiles = new LogTiles(log, NO_CATCH_UP);
    this.opener = new EntryOpener(log, keys);
  }

  /**
   * Adds the next full tiles.
   *
   * @param limit at most this many
   * @returns how many were added, how many more are waiting, and how many are in the index now
   */
  async step(limit: number): Promise<{ readonly taken: number; readonly left: number; readonly until: number }> {
    const first = await this.index.tiles();
    const { size } = await this.tiles.head();
    const waiting = Math.floor(size / TILE_WIDTH) - first;
    const taken = Math.max(0, Math.min(limit, waiting, TILES_IN_BLOCK - (first % TILES_IN_BLOCK)));
    if (taken === 0) return { taken, left: 0, until: first };
    const tiles: ReadonlySet<string>[][] = [];
    for (let n = first; n < first + taken; n += 1) tiles.push(await this.termsOf(n));
    await this.index.add(first, tiles);
    return { taken, left: waiting - taken, until: first + taken };
  }

  private async termsOf(n: number): Promise<ReadonlySet<string>[]> {
    const lines = await this.tiles.lines(n, TILE_WIDTH);
    const entries = await this.opener.entries(lines.join('\n'));
    return entries.map((entry) => (entry.kind === 'decision' ? termsOf(entry) : NO_TERMS));
  }
}
