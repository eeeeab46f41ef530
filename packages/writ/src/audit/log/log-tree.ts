import { signedCheckpoint } from '../tlog/checkpoint.js';
import { Frontier } from '../tlog/frontier.js';
import { HASH_BYTES, type Hash, joined, leafHash } from '../tlog/hashes.js';
import type { Signer } from '../tlog/note.js';
import { TILE_HEIGHT, TILE_WIDTH } from '../tlog/tiles.js';

/** A tile of a level above the entries' hashes, which are kept with the entries. */
export interface TileRow {
  readonly level: number;
  readonly n: number;
  readonly hashes: Buffer;
}

/** The end of a log: one row. */
export interface HeadRow {
  readonly size: number;
  readonly frontier: Buffer;
  /** A signed note; empty before the first signature. */
  readonly checkpoint: string;
}

/** Entries that were added: the place of the first, and their hashes. */
interface Added {
  readonly start: number;
  readonly hashes: Buffer;
}

/**
 * The log's tree while entries are added to it. A value, as its frontier is: after a failed commit the new tree is dropped, and the
 * earlier one continues.
 */
export class LogTree {
  private constructor(
    private readonly frontier: Frontier,
    /** The last tile of each level above the entries' hashes, if it is not full. */
    private readonly open: ReadonlyMap<number, TileRow>,
  ) {}

  /** @param tiles the existing ones of those that {@link openTiles} names */
  static of({ size, frontier }: Pick<HeadRow, 'size' | 'frontier'>, tiles: readonly TileRow[]): LogTree {
    return new LogTree(Frontier.of(size, frontier), new Map(tiles.map((tile) => [tile.level, tile])));
  }

  get size(): number {
    return this.frontier.size;
  }

  root(): Hash {
    return this.frontier.root();
  }

  /** Returns the tree with more entries. @param entries their texts, as they are stored */
  with(entries: readonly string[]): {
    readonly tree: LogTree;
    readonly added: Added;
    readonly tiles: readonly TileRow[];
  } {
    const hashes = entries.map(leafHash);
    const open = new Map(this.open);
    const changed = new Map<string, TileRow>();
    const frontier = this.frontier.with(hashes, ({ height, index, hash }) => {
      if (height === 0 || height % TILE_HEIGHT !== 0) return;
      const [level, n] = [height / TILE_HEIGHT, Math.floor(index / TILE_WIDTH)];
      const before = open.get(level)?.n === n ? open.get(level)?.hashes : undefined;
      const tile = { level, n, hashes: before === undefined ? hash : Buffer.concat([before, hash]) };
      open.set(level, tile);
      changed.set(`${level}/${n}`, tile);
    });
    return {
      tree: new LogTree(frontier, open),
      added: { start: this.size, hashes: joined(hashes) },
      tiles: [...changed.values()],
    };
  }

  row(): Pick<HeadRow, 'size' | 'frontier'> {
    return { size: this.size, frontier: this.frontier.bytes() };
  }

  /** @param more extension lines of the checkpoint */
  head(signer: Signer, more: readonly string[] = []): HeadRow {
    return { ...this.row(), checkpoint: signedCheckpoint(signer, this.size, this.root(), more) };
  }
}

/** Returns the tiles above the entries' hashes that more entries would extend. */
export function openTiles(size: number): Pick<TileRow, 'level' | 'n'>[] {
  const tiles: Pick<TileRow, 'level' | 'n'>[] = [];
  for (let level = 1, nodes = Math.floor(size / TILE_WIDTH); nodes > 0; level += 1) {
    if (nodes % TILE_WIDTH > 0) tiles.push({ level, n: Math.floor(nodes / TILE_WIDTH) });
    nodes = Math.floor(nodes / TILE_WIDTH);
  }
  return tiles;
}

/** Returns the number of hashes in a group. */
export function countOf(hashes: Buffer): number {
  return hashes.length / HASH_BYTES;
}
