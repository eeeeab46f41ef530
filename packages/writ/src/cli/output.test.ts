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
