/** Names of the parts of a log (C2SP tlog-tiles). */

/** The number of hashes in a full tile, and of entries in a full bundle. */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;
/** The longest entry: its length is written in two bytes. */
export const MAX_ENTRY_BYTES = 65_535;

export interface TileName {
  /** `entries` for the entries themselves; 0 for their hashes; above that, each hash is of a full tile of the level below. */
  readonly level: number | 'entries';
  readonly n: number;
  /** 256; fewer for the last tile of a level. */
  readonly width: number;
}

/** Returns the path of a tile. @example tilePath({ level: 0, n: 1234067, width: 12 }) // 'tile/0/x001/x234/067.p/12' */
export function tilePath({ level, n, width }: TileName): string {
  const digits = String(n);
  const parts = (digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) as string[]).map(
    (part, i, all) => (i === all.length - 1 ? part : `x${part}`),
  );
  return `tile/${level}/${parts.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

const PATH =
  /^tile\/(?<level>entries|0|[1-9]|[1-5][0-9]|6[0-3])\/(?<n>(?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/(?<width>[1-9][0-9]{0,2}))?$/;

/** Returns the tile that a path names; undefined if the specification would not write it so. */
export function parseTilePath(path: string): TileName | undefined {
  const found = PATH.exec(path)?.groups;
  if (found === undefined) return undefined;
  const { level = '', n = '', width } = found;
  const name: TileName = {
    level: level === 'entries' ? level : Number(level),
    n: Number(n.replace(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (!Number.isSafeInteger(name.n) || name.width > TILE_WIDTH || (width !== undefined && name.width === TILE_WIDTH))
    return undefined;
  // One name a tile: `x000/001` is not 1.
  return tilePath(name) === path ? name : undefined;
}

/** Returns the width of a tile in a tree of a size; 0 if the tree has no such tile. */
export function widthAt(size: number, level: number | 'entries', n: number): number {
  const nodes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, nodes - n * TILE_WIDTH));
}

/** Returns all tiles of a tree, with the bundles of entries, the lowest level first. */
export function* tilesOf(size: number): Generator<TileName> {
  for (const level of ['entries', 0] as const) yield* tilesAt(size, level);
  for (let level = 1; Math.floor(size / TILE_WIDTH ** level) > 0; level += 1) yield* tilesAt(size, level);
}

function* tilesAt(size: number, level: number | 'entries'): Generator<TileName> {
  for (let n = 0, width = widthAt(size, level, 0); width > 0; n += 1, width = widthAt(size, level, n))
    yield { level, n, width };
}

/** Returns an entry bundle: each entry behind its length. @throws {RangeError} if an entry is too long */
export function bundleOf(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${entry.length} bytes fits no bundle`);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/** Returns the entries of a bundle. @throws {RangeError} if its bytes are not whole entries */
export function entriesOf(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; ) {
    const end = at + 2 <= bundle.length ? at + 2 + bundle.readUInt16BE(at) : Number.POSITIVE_INFINITY;
    if (end > bundle.length) throw new RangeError(`the entry at byte ${at} of the bundle is cut off`);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
