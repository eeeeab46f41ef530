import { expect, test } from 'vitest';
import { BoundedNames } from './bounded-names.js';

test('the first names keep theirs; later ones are one', () => {
  const names = new BoundedNames(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((name) => names.of(name))).toEqual(['a', 'b', 'other', 'a', 'other']);
});

test('a name is one visible line of a bounded length', () => {
  const names = new BoundedNames(9);
  expect(names.of('a\n} 1\u202E')).toBe('a<U+000A>} 1<U+202E>');
  expect(names.of('x'.repeat(100_000))).toBe(`${'x'.repeat(80)}…`);
});
