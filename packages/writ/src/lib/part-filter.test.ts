import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PartFilter } from './part-filter.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', ' ', '😀'), maxLength: 200 });

it('never says of a part that it is none', () => {
  fc.assert(
    fc.property(text, fc.nat(200), fc.nat(40), (one, from, length) => {
      expect(new PartFilter(one).mayHave(one.slice(from, from + length))).toBe(true);
    }),
  );
});

it('says of most other texts that they are no part', () => {
  const filter = new PartFilter('the quick brown fox jumps over the lazy dog. '.repeat(200));
  const others = Array.from({ length: 200 }, (_, i) => `invoice ${i} of q${i}`);
  expect(others.filter((other) => filter.mayHave(other))).toEqual([]);
  expect(filter.mayHave('xyz')).toBe(false);
  expect(filter.mayHave('fox jumps')).toBe(true);
  expect(filter.mayHave('')).toBe(true);
});
