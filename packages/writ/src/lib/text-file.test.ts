import { describe, expect, it } from 'vitest';
import { textOf } from './text-file.js';

describe('the text of a file', () => {
  it.each([
    ['plain', Buffer.from('a: ü\n'), 'a: ü\n'],
    ['after a byte order mark', Buffer.from('\ufeffa: 1'), 'a: 1'],
    ['with a mark inside, which is a character', Buffer.from('a\ufeffb'), 'a\ufeffb'],
    ['with one mark less than it has', Buffer.from('\ufeff\ufeffa'), '\ufeffa'],
    ['empty', Buffer.alloc(0), ''],
  ])('is read %s', (_how, bytes, expected) => {
    expect(textOf(bytes, 'f.yaml')).toBe(expected);
  });

  it.each([
    ['UTF-16, little end first', Buffer.from('\ufeffa: 1', 'utf16le'), 'f.yaml: the text is UTF-16'],
    ['Latin-1', Buffer.from('a: 1\nb: \xfc\n', 'latin1'), 'f.yaml:2: the line is not UTF-8'],
    ['an overlong form', Buffer.from([0x61, 0x0a, 0x0a, 0xc0, 0xaf]), 'f.yaml:3: the line is not UTF-8'],
    ['half a surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'f.yaml:1: the line is not UTF-8'],
    ['half a character', Buffer.from([0x61, 0xe2, 0x82]), 'f.yaml:1: the line is not UTF-8'],
  ])('is refused as %s', (_how, bytes, message) => {
    expect(() => textOf(bytes, 'f.yaml')).toThrow(message);
  });
});
