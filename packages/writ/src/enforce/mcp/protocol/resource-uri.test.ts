import { MappingError } from '@writ/enforce';
import { describe, expect, it } from 'vitest';
import { readableUri } from './resource-uri.js';

describe('a URI that has one reading', () => {
  it.each([
    ...['file:///a/b.txt', 'https://example.com/', 'https://example.com/a?b=../c#/../d', 'urn:isbn:123'],
    ...['db://tables/a%20b', 'custom:a/b', 'https://example.com/.../a', 'https://example.com/a..b', 'a+b-c.d:x'],
    ...[
      `file:///${'a'.repeat(2_040)}`,
      'file:///%C3%A4/%C3%B6',
      'https://[::1]/a',
      'note://Ana/a%3Ab',
      'file:///a%20b%2C',
    ],
  ])('is %s', (uri) => {
    expect(readableUri(uri)).toBe(uri);
  });

  it.each<[string, string]>([
    ['/a/b', 'no scheme'],
    ['1a:b', 'no scheme'],
    ['', 'no scheme'],
    ['File:///a', 'capital letters'],
    ['file:///a/../b', 'dot segments'],
    ['file:///a/./b', 'dot segments'],
    ['file:///..', 'dot segments'],
    ['custom:..', 'dot segments'],
    ['custom:a/../b', 'dot segments'],
    ['file:///a%2e%2e/b', 'encodes'],
    ['file:///a%2E/b', 'encodes'],
    ['file:///a%2fb', 'encodes'],
    ['file:///a%5cb', 'encodes'],
    ['file:///a%252e', 'encodes'],
    ['file:///a%00', 'encodes'],
    ['file:///a%0a', 'encodes'],
    ['file:///a%7f', 'encodes'],
    ['file:///a%', 'encodes nothing'],
    ['file:///a%g0', 'encodes nothing'],
    ['file:///a\\b', 'characters'],
    ['file:///a b', 'characters'],
    ['file:///a\nb', 'characters'],
    ['file:///a\0b', 'characters'],
    ['file:///a\u200bb', 'characters'],
    ['file:///a\u202eb', 'characters'],
    ['file:///<a>', 'characters'],
    ['file:///a|b', 'characters'],
    ['file:///ä', 'unless they are encoded'],
    ['file:///a%61', 'needs no encoding'],
    ['file:///a%7E', 'needs no encoding'],
    ['file:///%41', 'needs no encoding'],
    ['file:///%c3%A4', 'small letters'],
    ['file:///a%3a', 'small letters'],
    ['file:///a%CC%88', 'not in NFC'],
    ['file:///a%C3', 'no text'],
    ['file:///a%ED%A0%80', 'no text'],
    ['file:///a//b', 'empty segment'],
    ['file:/a', 'another spelling of file:///a'],
    ['file://localhost/a', 'another spelling of file:///a'],
    ['https:/example.com/', 'another spelling of https://example.com/'],
    ['https://EXAMPLE.com/', 'another spelling of https://example.com/'],
    ['https://example.com', 'another spelling of https://example.com/'],
    ['https://example.com:443/', 'another spelling of https://example.com/'],
    ['https://0x7f.1/', 'another spelling of https://127.0.0.1/'],
    ['https://user@example.com/', 'credentials'],
    ['https://user:secret@example.com/', 'credentials'],
    [`file:///${'a'.repeat(2_041)}`, 'longer than 2048'],
  ])('is not %j: it has %s', (uri, why) => {
    expect(() => readableUri(uri)).toThrow(MappingError);
    expect(() => readableUri(uri)).toThrow(why);
  });
});
