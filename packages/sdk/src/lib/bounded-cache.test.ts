import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedCache } from './bounded-cache.js';

it('evicts the entry written longest ago', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual([undefined, 2, 3, 2]);
});

it('counts a rewritten entry as new, and evicts nothing for it', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.set('a', 3);
  expect([...cache.values()]).toEqual([2, 3]);
  cache.set('c', 4);
  expect(cache.has('b')).toBe(false);
  expect(cache.has('a')).toBe(true);
});

it('forgets what is deleted', () => {
  const cache = new BoundedCache<string, number>(2);
  cache.set('a', 1);
  expect(cache.delete('a')).toBe(true);
  expect(cache.delete('a')).toBe(false);
  cache.set('b', 1);
  cache.clear();
  expect(cache.size).toBe(0);
});

it('evicts as a map would whose first key is deleted', () => {
  const write = fc.record({
    key: fc.integer({ min: 0, max: 12 }),
    kind: fc.constantFrom('set', 'set', 'set', 'delete'),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(write, { maxLength: 200 }), (limit, writes) => {
      const cache = new BoundedCache<number, number>(limit);
      const plain = new Map<number, number>();
      for (const [i, { key, kind }] of writes.entries()) {
        if (kind === 'delete') {
          expect(cache.delete(key)).toBe(plain.delete(key));
          continue;
        }
        cache.set(key, i);
        const isKnown = plain.delete(key);
        const [first] = plain.keys();
        if (!isKnown && plain.size >= limit && first !== undefined) plain.delete(first);
        plain.set(key, i);
      }
      expect([...cache]).toEqual([...plain]);
    }),
  );
});
