import { expect, test } from 'vitest';
import { visibleLine, visibleText } from './visible-text.js';

test.each([
  ['a\u001b[2Jb\u0007', 'a<U+001B>[2Jb<U+0007>'],
  ['a\u009b31mb', 'a<U+009B>31mb'],
  ['pay \u202Eeve\u2066', 'pay <U+202E>eve<U+2066>'],
  ['a\u200bb\u{E0041}', 'a<U+200B>b<U+E0041>'],
  ['a\u2028b\r', 'a<U+2028>b<U+000D>'],
  ['\u3164\u1160', '<U+3164><U+1160>'],
  ['\ud800', '<U+D800>'],
  ['two\nlines, ü 日本 😀', 'two\nlines, ü 日本 😀'],
])('%j is shown with the numbers of what is not seen', (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test('a line is one line, and is cut between characters', () => {
  expect(visibleLine('a\nb', 10)).toBe('a<U+000A>b');
  expect(visibleLine('abcde', 5)).toBe('abcde');
  expect(visibleLine('abcdef', 5)).toBe('abcde…');
  expect(visibleLine('😀😀😀', 2)).toBe('😀😀…');
  expect(visibleLine(`${'a'.repeat(4)}\u001b[2J`, 5)).toBe('aaaa<U+001B>…');
});
