import { expect, test } from 'vitest';
import { runsOf } from './runs.js';

test('items that look the same in a row are counted', () => {
  expect(runsOf(['a', 'a', 'b', 'a'], (one) => one)).toMatchObject([
    { first: 'a', count: 2 },
    { first: 'b', count: 1 },
    { first: 'a', count: 1 },
  ]);
});
