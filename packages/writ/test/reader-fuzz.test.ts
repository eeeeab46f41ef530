import { expect, it } from 'vitest';
import { fuzzReaders } from '../fuzz/readers.js';
import { ChildPool } from '../src/lib/child-pool.js';

/** A sample; `npm run fuzz-readers -w writ -- --count 5000` runs as many as it is given. */
it('every reader of foreign text stays within its processor time, whatever the text', async () => {
  const { readings, slow } = await fuzzReaders(ChildPool, { count: 25, seed: 20_261_130 });
  expect(slow).toEqual([]);
  expect(readings).toBeGreaterThan(500);
});
