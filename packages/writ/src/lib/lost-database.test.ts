import { expect, it } from 'vitest';
import { isLostDatabase } from './lost-database.js';

const errorWith = (code: string): Error => Object.assign(new Error('failed'), { code });

it.each([
  ['a refused connection', errorWith('ECONNREFUSED')],
  ['a refused connection of each address', new AggregateError([errorWith('ECONNREFUSED')])],
  ['an end by an administrator', errorWith('57P01')],
  ['a server that starts', errorWith('57P03')],
  ['too many connections', errorWith('53300')],
  ['a connection that broke', new Error('Connection terminated unexpectedly')],
  ['a pool that waits', new Error('timeout exceeded when trying to connect')],
])('a lost database: %s', (_what, error) => {
  expect(isLostDatabase(error)).toBe(true);
});

it.each([
  ['a query that another one refutes', errorWith('23505')],
  ['a query that was cancelled', errorWith('57014')],
  ['a table that does not exist', errorWith('42P01')],
  ['a file that does not exist', errorWith('ENOENT')],
  ['a fault of ours', new TypeError('undefined is no function')],
  ['no error', 'ECONNREFUSED'],
])('no lost database: %s', (_what, error) => {
  expect(isLostDatabase(error)).toBe(false);
});
