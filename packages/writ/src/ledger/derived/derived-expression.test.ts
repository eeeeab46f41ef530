import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../event.js';
import { compileDerived } from './derived-expression.js';

const EVENT = { action: 'a', effects: [], lineage: 'l', keys: { actor: 'b', originator: 'o' }, resource: {} };

describe('a derived value with loops in loops', () => {
  it.each([
    ['size(input.a)', 1_000],
    ['size(input.a.map(x, size(input.a.filter(y, y == x))))', 100],
    ['size(input.a.map(x, input.a.map(y, input.a.map(z, z))))', 21],
  ])('%s is of lists of at most %i items', (is, most) => {
    const compute = compileDerived('n', { type: 'Long', is });
    const of = (length: number) =>
      compute(
        { ...EVENT, input: { a: Array.from({ length }, (_, i) => `${i}`) } } as unknown as LedgerEvent,
        () => undefined,
      );
    expect(String(of(most))).not.toBe('');
    expect(() => of(most + 1)).toThrow(`at most ${most} items`);
  });
});
