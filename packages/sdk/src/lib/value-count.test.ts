import { describe, expect, it } from 'vitest';
import { valuesIn } from './value-count.js';

describe('the values of JSON', () => {
  it.each([
    [null, 0],
    ['a', 0],
    [[], 0],
    [[1, 2], 2],
    [{ a: 1, b: { c: [1, 2] } }, 5],
    [[[[[1]]]], 4],
  ])('of %j are %i', (value, count) => {
    expect(valuesIn(value)).toBe(count);
  });

  it('are counted no further than they may be', () => {
    const wide = Array.from({ length: 50 }, () => ({}));
    expect(valuesIn([wide, wide], 10)).toBe(52);
    let deep: unknown = 1;
    for (let i = 0; i < 200_000; i += 1) deep = [deep];
    expect(valuesIn(deep, 100)).toBe(101);
  });
});
