import { EMPTY_ROOT, type Hash, hashAt, nodeHash } from './hashes.js';
import { TILE_HEIGHT, TILE_WIDTH, widthAt } from './tiles.js';

/** Returns the bytes of a tile of hashes: at least as many hashes as the tile has in a tree of the size in question. */
export type ReadTile = (level: number, n: number, width: number) => Promise<Buffer>;

/**
 * Returns the audit path of an entry (RFC 6962, section 2.1.1), from the sibling of its hash upwards.
 *
 * @throws {RangeError} if the tree has no such entry
 */
export async function inclusionProof(read: ReadTile, index: number, size: number): Promise<Hash[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`a tree of ${size} entries has no entry ${index}`);
  const tree = new Nodes(read, size);
  const path: Promise<Hash>[] = [];
  for (let lo = 0, hi = size; hi - lo > 1; ) {
    const middle = lo + splitOf(hi - lo);
    if (index < middle) {
      path.unshift(tree.hashOf(middle, hi));
      hi = middle;
    } else {
      path.unshift(tree.hashOf(lo, middle));
      lo = middle;
    }
  }
  return Promise.all(path);
}

/**
 * Returns the proof that the tree of an earlier size is the beginning of a later one (RFC 6962, section 2.1.2). Empty if they are the
 * same, or the earlier one is empty.
 *
 * @throws {RangeError} if `earlier` is larger than `size`
 */
export async function consistencyProof(read: ReadTile, earlier: number, size: number): Promise<Hash[]> {
  if (!(earlier >= 0 && earlier <= size)) throw new RangeError(`${earlier} entries are no beginning of ${size}`);
  if (earlier === 0 || earlier === size) return [];
  const tree = new Nodes(read, size);
  const path: Promise<Hash>[] = [];
  let [lo, hi] = [0, size];
  let isWhole = true;
  while (earlier !== hi) {
    const middle = lo + splitOf(hi - lo);
    if (earlier <= middle) {
      path.unshift(tree.hashOf(middle, hi));
      hi = middle;
    } else {
      path.unshift(tree.hashOf(lo, middle));
      lo = middle;
      isWhole = false;
    }
  }
  if (!isWhole) path.unshift(tree.hashOf(lo, hi));
  return Promise.all(path);
}

/** Returns the root of a tree from its tiles. */
export async function rootOf(read: ReadTile, size: number): Promise<Hash> {
  return size === 0 ? EMPTY_ROOT : new Nodes(read, size).hashOf(0, size);
}

/** Returns the largest power of two below a number of entries, which is above 1. */
function splitOf(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

/** Returns whether a number is a power of two. Exact for every size; a logarithm would be rounded. */
function isPowerOfTwo(count: number): boolean {
  return (BigInt(count) & (BigInt(count) - 1n)) === 0n;
}

/** Computes the nodes of a tree from its tiles; reads each tile once. */
class Nodes {
  private readonly tiles = new Map<string, Promise<Buffer>>();

  constructor(
    private readonly read: ReadTile,
    private readonly size: number,
  ) {}

  async hashOf(lo: number, hi: number): Promise<Hash> {
    const count = hi - lo;
    if (isPowerOfTwo(count)) return this.node(Math.log2(count), lo / count);
    const middle = lo + splitOf(count);
    const [left, right] = await Promise.all([this.hashOf(lo, middle), this.hashOf(middle, hi)]);
    return nodeHash(left, right);
  }

  private async node(height: number, index: number): Promise<Hash> {
    const level = Math.floor(height / TILE_HEIGHT);
    const within = 2 ** (height % TILE_HEIGHT);
    const first = index * within;
    const tile = await this.tile(level, Math.floor(first / TILE_WIDTH));
    let row = Array.from({ length: within }, (_, i) => hashAt(tile, (first % TILE_WIDTH) + i));
    while (row.length > 1) row = row.flatMap((one, i) => (i % 2 === 0 ? [nodeHash(one, row[i + 1] as Hash)] : []));
    return row[0] as Hash;
  }

  private tile(level: number, n: number): Promise<Buffer> {
    const name = `${level}/${n}`;
    let tile = this.tiles.get(name);
    if (tile === undefined) {
      const width = widthAt(this.size, level, n);
      tile = this.read(level, n, width);
      this.tiles.set(name, tile);
    }
    return tile;
  }
}

/** Returns whether a path leads from an entry's hash to a root (RFC 9162, section 2.1.3.2). */
export function isIncluded(leaf: Hash, index: number, size: number, path: readonly Hash[], root: Hash): boolean {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false;
  let [fn, sn, at] = [BigInt(index), BigInt(size - 1), leaf];
  for (const one of path) {
    if (sn === 0n) return false;
    if (fn % 2n === 1n || fn === sn) {
      at = nodeHash(one, at);
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n];
    } else {
      at = nodeHash(at, one);
    }
    [fn, sn] = [fn / 2n, sn / 2n];
  }
  return sn === 0n && at.equals(root);
}

/** Returns whether a tree is the beginning of a later one (RFC 9162, section 2.1.4.2). */
export function isConsistent(
  earlier: { readonly size: number; readonly root: Hash },
  later: { readonly size: number; readonly root: Hash },
  proof: readonly Hash[],
): boolean {
  if (earlier.size > later.size) return false;
  if (earlier.size === later.size) return proof.length === 0 && earlier.root.equals(later.root);
  // The empty tree is the beginning of every tree.
  if (earlier.size === 0) return proof.length === 0;
  const [first, ...rest] = isPowerOfTwo(earlier.size) ? [earlier.root, ...proof] : proof;
  if (first === undefined) return false;
  let [fn, sn] = [BigInt(earlier.size - 1), BigInt(later.size - 1)];
  while (fn % 2n === 1n) [fn, sn] = [fn / 2n, sn / 2n];
  let [before, after] = [first, first];
  for (const one of rest) {
    if (sn === 0n) return false;
    if (fn % 2n === 1n || fn === sn) {
      before = nodeHash(one, before);
      after = nodeHash(one, after);
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n];
    } else {
      after = nodeHash(after, one);
    }
    [fn, sn] = [fn / 2n, sn / 2n];
  }
  return sn === 0n && before.equals(earlier.root) && after.equals(later.root);
}
