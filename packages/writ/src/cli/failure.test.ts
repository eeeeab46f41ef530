import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { CedarError } from '@writ/cedar';
import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { BundleError } from '../bundle/errors.js';
import { StoreError } from '../store/errors.js';
import { UsageError } from './errors.js';
import { reportFailure } from './failure.js';

let written: MockInstance<typeof process.stderr.write>;
beforeEach(() => {
  written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  written.mockRestore();
});

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};
const portTaken = Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:7465'), {
  code: 'EADDRINUSE',
});
const finding = { severity: 'error', code: 'x', file: 'a.cedar', line: 1, column: 2, message: 'no' } as const;

test.each<[string, unknown, number, string[]]>([
  ['a file', thrownBy(() => readFileSync('nofile.json')), 2, ['error there is no file nofile.json']],
  ['a folder', thrownBy(() => readdirSync('nofolder')), 2, ['error there is no folder nofolder']],
  ['a folder for a file', thrownBy(() => readFileSync('.')), 2, ['error a folder was given instead of a file']],
  ['a file for a folder', thrownBy(() => readdirSync('package.json')), 2, ['error package.json is not a folder']],
  ['a command', spawnSync('no-such-command').error, 2, ['error there is no command no-such-command']],
  ['a port', portTaken, 2, [`error ${portTaken.message}`, '      choose another port with --port or --gateway-port']],
  ['a usage', new UsageError('this is wrong', 'do that'), 2, ['error this is wrong', '      do that']],
  ['a store', new StoreError('it is not a store'), 2, ['error it is not a store']],
  ['a bundle', new BundleError([finding]), 1, ['error the bundle has 1 error:']],
  ['a policy', new CedarError('policy', 'unexpected token'), 2, ['error unexpected token']],
])('%s that is missing or wrong is one error with the fact first', (_what, error, code, lines) => {
  expect(reportFailure(error)).toBe(code);
  const text = written.mock.calls.map(([part]) => String(part)).join('');
  expect(stripVTControlCharacters(text).split('\n').slice(0, lines.length)).toEqual(lines);
});

test.each([
  [0, 0],
  [1, 2],
])('an error that commander has printed is not printed again', (given, code) => {
  expect(reportFailure(new CommanderError(given, 'commander.x', 'printed'))).toBe(code);
  expect(written).not.toHaveBeenCalled();
});

test('a fault of Writ is thrown on, with its stack', () => {
  const fault = new TypeError('x is undefined');
  expect(() => reportFailure(fault)).toThrow(fault);
});
