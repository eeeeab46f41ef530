import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPlaces, bitsOfPlaces, encodePlaces, intersection, TILE_BYTES, TILES_IN_BLOCK } from './places.js';

const PLACES = TILES_IN_BLOCK * 256;
const placesIn = (bits: Buffer): number[] => {
  const places: number[] = [];
  for (let tile = 0; tile < TILES_IN_BLOCK; tile += 1)
    addPlaces(places, tile, bits.subarray(tile * TILE_BYTES, (tile + 1) * TILE_BYTES));
  return places;
};

describe('the places of a term', () => {
  it('are read as they were written', () => {
    const some = fc.uniqueArray(fc.nat(PLACES - 1), { maxLength: 300 });
    fc.assert(
      fc.property(some, (unsorted) => {
        const places = unsorted.sort((a, b) => a - b);
        expect(placesIn(bitsOfPlaces(encodePlaces(places)))).toEqual(places);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    [0, 0],
    [1, 2],
    [4_095, 8_190],
    [4_096, 8_192],
    [PLACES, 8_192],
  ])('%i of them take %i bytes', (count, bytes) => {
    const places = Array.from({ length: count }, (_, i) => i);
    const kept = encodePlaces(places);
    expect(kept).toHaveLength(bytes);
    expect(placesIn(bitsOfPlaces(kept))).toEqual(places);
  });
});

it('intersection has the places that all have', () => {
  const bits = (...places: number[]): Buffer => bitsOfPlaces(encodePlaces(places));
  expect(placesIn(intersection([bits(1, 5, 9)]))).toEqual([1, 5, 9]);
  expect(placesIn(intersection([bits(1, 5, 9), bits(5, 9, 60_000), bits(0, 9)]))).toEqual([9]);
  expect(placesIn(intersection([bits(1), bits(2)]))).toEqual([]);
});
