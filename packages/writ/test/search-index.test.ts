import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPlaces, bitsOfPlaces, encodePlaces, TILE_BYTES, TILES_IN_BLOCK } from '../src/audit/search/places.js';
import { indexMigrations, SearchIndex } from '../src/audit/search/search-index.js';
import { openStore, type Store } from '../src/store/store.js';

describe('the places of a block', () => {
  it('are read as they were written, however many there are', () => {
    const most = TILES_IN_BLOCK * TILE_BYTES * 8;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: most }), fc.integer({ min: 1, max: 97 }), (from, step) => {
        const places: number[] = [];
        for (let place = from; place < most; place += step) places.push(place);
        const kept = encodePlaces(places);
        expect(kept.length).toBe(Math.min(places.length * 2, 8_192));
        const bits = bitsOfPlaces(kept);
        const back: number[] = [];
        for (let tile = 0; tile < TILES_IN_BLOCK; tile += 1)
          addPlaces(back, tile, bits.subarray(tile * TILE_BYTES, (tile + 1) * TILE_BYTES));
        expect(back).toEqual(places);
      }),
      { numRuns: 50 },
    );
  });
});

describe('an index of more than two blocks', () => {
  const TILES = TILES_IN_BLOCK * 2 + 37;
  /** Which entries have a term. */
  const terms: Record<string, (tile: number, place: number) => boolean> = {
    everywhere: () => true,
    even: (_, place) => place % 2 === 0,
    odd: (_, place) => place % 2 === 1,
    'first of a tile': (_, place) => place === 0,
    'last of some tiles': (tile, place) => tile % 41 === 3 && place === 255,
    'in the first block': (tile, place) => tile === 200 && place === 7,
    'in the second block': (tile, place) => tile > 256 && tile < 300 && place % 100 === 0,
    'in no block yet': (tile, place) => tile === TILES - 2 && place === 9,
  };
  const names = Object.keys(terms);
  const folder = mkdtempSync(join(tmpdir(), 'writ-index-'));
  let store: Store;
  let index: SearchIndex;
  beforeAll(async () => {
    store = await openStore(join(folder, 'index.db'), indexMigrations);
    index = new SearchIndex(store);
    for (let first = 0; first < TILES; ) {
      const until = Math.min(first + 32, TILES, (Math.floor(first / TILES_IN_BLOCK) + 1) * TILES_IN_BLOCK);
      const tiles: Set<string>[][] = [];
      for (let tile = first; tile < until; tile += 1)
        tiles.push(
          Array.from({ length: 256 }, (_, place) => new Set(names.filter((name) => terms[name]?.(tile, place)))),
        );
      await index.add(first, tiles);
      first = until;
    }
  });
  afterAll(async () => {
    await store.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const found = async (wanted: readonly string[], last: number, first: number): Promise<string[]> => {
    const all: string[] = [];
    for await (const { tile, bits } of index.candidates(wanted, last, first)) {
      const places: number[] = [];
      addPlaces(places, 0, bits);
      all.push(`${tile}: ${places.join(' ')}`);
    }
    return all;
  };
  const expected = (wanted: readonly string[], last: number, first: number): string[] => {
    const all: string[] = [];
    for (let tile = Math.min(last, TILES - 1); tile >= first; tile -= 1) {
      const places: number[] = [];
      for (let place = 0; place < 256; place += 1)
        if (wanted.every((name) => terms[name]?.(tile, place))) places.push(place);
      if (places.length > 0) all.push(`${tile}: ${places.join(' ')}`);
    }
    return all;
  };

  it('finds what has all terms, the last tile first, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: TILES + 10 }),
        fc.integer({ min: 0, max: TILES }),
        async (wanted, last, first) => {
          expect(await found(wanted, last, first)).toEqual(expected(wanted, last, first));
        },
      ),
      { numRuns: 60 },
    );
    expect(await found(['in no block yet', 'odd'], TILES, 0)).toEqual([`${TILES - 2}: 9`]);
    expect(await found(['even', 'odd'], TILES, 0)).toEqual([]);
  });

  it('finds nobody by a term that was taken out, in a block or not', async () => {
    await index.remove(['in the first block', 'in no block yet']);
    expect(await found(['in the first block'], TILES, 0)).toEqual([]);
    expect(await found(['in no block yet'], TILES, 0)).toEqual([]);
    expect(await found(['last of some tiles'], TILES, 0)).toHaveLength(14);
  });
});
