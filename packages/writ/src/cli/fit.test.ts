import { expect, test, vi } from 'vitest';
import { cell, columns, wrapped } from './fit.js';

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

test('a command is broken as a shell reads it, and no line is too long for that', () => {
  const command = '  writ init my-servers --recorded 1h --service http://h';
  expect(wrapped(command, 30)).toBe('  writ init my-servers \\\n      --recorded 1h \\\n      --service http://h');
  expect(wrapped('Use writ init a bb ccc dddd', 20)).toBe('Use writ init a bb\n    ccc dddd');
});

test.each([
  ['120', 120],
  ['1', 40],
  ['', 80],
  ['wide', 80],
  ['-5', 80],
])('COLUMNS=%s makes lines of %i', (given, expected) => {
  vi.stubEnv('COLUMNS', given);
  expect(columns()).toBe(process.stdout.columns ?? expected);
  vi.unstubAllEnvs();
});
