import { expect, test } from 'vitest';
import { cell, wrapped } from './fit.js';

test('a line that is too long is broken at spaces, and continues indented', () => {
  expect(wrapped('apr_1  active  one two three four five', 20)).toBe(
    'apr_1  active  one\n    two three four\n    five',
  );
  expect(wrapped('  a bb cc dd', 7)).toBe('  a bb\n      cc\n      dd');
});

test('a line that fits, and a word that does not, stay as they are', () => {
  expect(wrapped('a  b', 10)).toBe('a  b');
  expect(wrapped(`x ${'y'.repeat(30)} z`, 10)).toBe(`x\n    ${'y'.repeat(30)}\n    z`);
});

test('colours have no width', () => {
  expect(wrapped('\u001b[1mab\u001b[22m cd', 5)).toBe('\u001b[1mab\u001b[22m cd');
});

test('a cell has its width, whatever is in it', () => {
  expect([cell('ab', 4), cell('abcdef', 4), cell('a/b/c.txt', 6, 'end'), cell('a\nb', 12)]).toEqual([
    'ab  ',
    'abc…',
    '…c.txt',
    'a<U+000A>b  ',
  ]);
});
