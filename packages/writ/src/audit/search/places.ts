import { TILE_WIDTH } from '../tlog/tiles.js';

/** The number of tiles in a block. A term has one row for each block. */
export const TILES_IN_BLOCK = 256;
export const TILE_BYTES = TILE_WIDTH / 8;
const BLOCK_BYTES = TILES_IN_BLOCK * TILE_BYTES;

/**
 * Encodes the places of a block that have a term: a bit each, or two bytes each if that is shorter (as in Roaring bitmaps). The length
 * distinguishes the two.
 *
 * @param places sorted, below 65,536
 */
export function encodePlaces(places: readonly number[]): Buffer {
  if (places.length * 2 >= BLOCK_BYTES) {
    const bits = Buffer.alloc(BLOCK_BYTES);
    for (const place of places) bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
    return bits;
  }
  const list = Buffer.allocUnsafe(places.length * 2);
  for (const [i, place] of places.entries()) list.writeUInt16LE(place, i * 2);
  return list;
}

/** Returns encoded places with a bit for each place of the block. */
export function bitsOfPlaces(kept: Buffer): Buffer {
  if (kept.length >= BLOCK_BYTES) return kept;
  const bits = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; at < kept.length; at += 2) {
    const place = kept.readUInt16LE(at);
    bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
  }
  return bits;
}

/** Adds the places whose bit is set in a tile to a list. */
export function addPlaces(places: number[], tile: number, bits: Buffer): void {
  const first = (tile % TILES_IN_BLOCK) * TILE_WIDTH;
  for (let at = 0; at < TILE_BYTES; at += 1) {
    const byte = bits[at] as number;
    for (let bit = 0; byte >> bit !== 0; bit += 1) if ((byte >> bit) & 1) places.push(first + at * 8 + bit);
  }
}

/** Returns the places that all have. */
export function intersection(all: readonly Buffer[]): Buffer {
  const [first, ...others] = all;
  const bits = Buffer.from(first as Buffer);
  for (const other of others)
    for (let i = 0; i < bits.length; i += 1) bits[i] = (bits[i] as number) & (other[i] as number);
  return bits;
}
