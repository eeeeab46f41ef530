import { describe, expect, it } from 'vitest';
import { PieceReader, piecesOf } from './pieces.js';

function through(value: unknown): { readonly value: unknown; readonly pieces: readonly Uint8Array[] } {
  const pieces = [...piecesOf(value)];
  const reader = new PieceReader();
  for (const piece of pieces) reader.add(piece);
  return { value: reader.value, pieces };
}

describe('pieces', () => {
  it.each([
    ['a number', 1],
    ['undefined', undefined],
    ['an empty list', []],
    ['a text that is larger than a piece', 'x'.repeat(100_000)],
    ['a long list', Array.from({ length: 5_000 }, (_, id) => ({ id, big: 2n ** 60n, none: undefined, list: [id] }))],
    ['an object with many members', Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, { i }]))],
    ['lists in lists', [[['x'.repeat(30_000)], 'y'.repeat(30_000)], {}, { a: ['z'.repeat(30_000)] }]],
  ])('give back %s', (_, value) => {
    expect(through(value).value).toEqual(value);
  });

  it('are small, but for what cannot be divided', () => {
    const { pieces } = through(Array.from({ length: 20_000 }, (_, id) => ({ id, text: 'x'.repeat(50) })));
    expect(pieces.length).toBeGreaterThan(20);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(64_000);
  });

  it('keep a member named __proto__ a member', () => {
    const members = Array.from({ length: 3_000 }, (_, i) => [`k${i}`, 'x'.repeat(20)] as const);
    const given = Object.fromEntries([...members, ['__proto__', { isAdmin: true }]]);
    const { value } = through(given) as { value: Record<string, unknown> };
    expect([Object.keys(value).length, value.isAdmin]).toEqual([3_001, undefined]);
  });
});
