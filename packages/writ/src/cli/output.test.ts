import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { findingBlock } from './output.js';

afterEach(() => void vi.unstubAllEnvs());

test.each([
  ['the start', 1, 'a'],
  ['the middle', 101, 'b'],
  ['the end', 201, 'c'],
])('a finding shows %s of a line that does not fit, with the mark below the place', (_, column, letter) => {
  vi.stubEnv('COLUMNS', undefined);
  const line = `a${'-'.repeat(99)}b${'-'.repeat(99)}c`;
  const finding = { severity: 'error', code: 'x/y', file: 'f', line: 1, column, message: 'm' } as const;
  const [, source = '', mark = ''] = stripVTControlCharacters(findingBlock(finding, new Map([['f', line]]))).split(
    '\n',
  );
  expect([source.length <= 80, source[mark.indexOf('^')]]).toEqual([true, letter]);
});

test('a finding in the bundle of a stranger moves no cursor and hides nothing', () => {
  const finding = {
    severity: 'error',
    code: 'x/y',
    file: 'policies/\u001b[2Ja.cedar',
    line: 2,
    column: 8,
    message: 'no \u009b31mlabel\u202e',
    help: 'a\u0007b',
  } as const;
  const texts = new Map([[finding.file, 'first\r\n\t"\u001b[8m\u200b" last\r\n']]);
  const [place, source = '', mark = '', help] = stripVTControlCharacters(findingBlock(finding, texts)).split('\n');
  expect([place, source, help]).toEqual([
    'policies/<U+001B>[2Ja.cedar:2:8 error no <U+009B>31mlabel<U+202E> [x/y]',
    '    2 |  "<U+001B>[8m<U+200B>" last',
    '      = a<U+0007>b',
  ]);
  expect(source[mark.indexOf('^')]).toBe('"');
});
