import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { DecisionRecord } from '../decide/record.js';
import { DecisionTable } from './decision-table.js';

const decision = (id: number, more: object = {}): DecisionRecord =>
  ({
    id: `01M8641579V9C78TQ6ZQMQGCM${id}`,
    time: `2026-11-24T06:31:0${id}.000Z`,
    result: 'allow',
    request: { subject: { type: 'User', id: 'ana' }, action: { name: 'pay' }, resource: { type: 'Order', id: 'o-1' } },
    provenance: {
      path: [
        { type: 'User', id: 'ana' },
        { type: 'Agent', id: 'bot' },
      ],
    },
    reasons: [],
    ...more,
  }) as unknown as DecisionRecord;

beforeAll(() => void vi.stubEnv('COLUMNS', undefined));
afterAll(() => void vi.unstubAllEnvs());

/** Without colours, which there are where CI is set. */
const plain = (lines: readonly string[]): string[] => lines.map((line) => stripVTControlCharacters(line).trimEnd());

test('a decision is one line: id, time, result, agent, action, target; the day stands before', () => {
  expect(plain(new DecisionTable().lines([decision(9), decision(8, { result: 'step_up' })]))).toEqual([
    '2026-11-24, times in UTC',
    '01M8641579V9C78TQ6ZQMQGCM9 06:31:09 allow   bot  pay      o-1',
    '01M8641579V9C78TQ6ZQMQGCM8 06:31:08 step_up bot  pay      o-1',
  ]);
});

test('decisions in a row that are alike are one line', () => {
  const other = decision(4, { time: '2026-11-23T23:00:00.000Z' });
  expect(plain(new DecisionTable().lines([decision(7), decision(6), decision(5), other]))).toEqual([
    '2026-11-24, times in UTC',
    '01M8641579V9C78TQ6ZQMQGCM7 06:31:07 allow   bot  pay      o-1                 ×3',
    '2026-11-23, times in UTC',
    '01M8641579V9C78TQ6ZQMQGCM4 23:00:00 allow   bot  pay      o-1',
  ]);
});

test('a line fits 80 columns, whatever is in it; a tool is named once', () => {
  const long = 'x'.repeat(5_000);
  const request = { subject: {}, action: { name: long }, resource: { type: 'T', id: `/home/${long}/end.txt\n` } };
  const [, line = ''] = plain(
    new DecisionTable().lines([decision(1, { request, provenance: { path: [{ id: long }] } })]),
  );
  expect(line.length).toBeLessThanOrEqual(80);
  const tool = { subject: {}, action: { name: 'look' }, resource: { type: 'Tool', id: 'look' } };
  expect(plain(new DecisionTable().lines([decision(1, { request: tool })]))[1]).toMatch(/bot +look$/);
});

test('a table that goes on does not repeat the day', () => {
  const table = new DecisionTable();
  expect([...table.lines([decision(1)]), ...table.lines([decision(2, { result: 'deny' })])]).toHaveLength(3);
});
