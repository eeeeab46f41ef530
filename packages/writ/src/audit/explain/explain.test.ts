import { describe, expect, it } from 'vitest';
import type { DecisionRecord, OutcomeRecord } from '../../decide/record.js';
import { explain } from './explain.js';

const lena = { type: 'User', id: 'lena' };
const helper = { type: 'Agent', id: 'helper' };
const bot = { type: 'Agent', id: 'bot' };
const decision = (more: object = {}): DecisionRecord =>
  ({
    id: '01M8641579V9C78TQ6ZQMQGCMN',
    time: '2026-11-24T06:31:28.000Z',
    result: 'allow',
    enforcementPoint: 'gateway',
    policyVersion: 'v',
    request: { subject: lena, action: { name: 'pay' }, resource: { type: 'Order', id: 'o-1' } },
    reasons: [{ policy: 'p', effect: 'permit', identity: lena }],
    facts: [],
    ledger: {},
    ...more,
  }) as unknown as DecisionRecord;
const explained = (more: object = {}, outcome?: Partial<OutcomeRecord>): string[] =>
  explain({ decision: decision(more), outcome: outcome as OutcomeRecord | undefined }).split('\n');
const path = (...uids: object[]): object => ({ provenance: { path: uids, assurance: 1 } });

it('an explanation says why, on what, what became of it, and which decision it is', () => {
  expect(explained()).toEqual([
    'Allowed: User::"lena" asked to pay on Order::"o-1".',
    '',
    'Why',
    '  p permits it, for User::"lena"',
    '  no forbid policy applied',
    '',
    'Inputs',
    '  nothing but the request',
    '',
    'No outcome was reported; the action counts as done.',
    '',
    'Decision 01M8641579V9C78TQ6ZQMQGCMN, 2026-11-24T06:31:28.000Z, asked by gateway, policy v.',
  ]);
});

describe('the first sentence', () => {
  it.each<[object, string]>([
    [path(lena), 'Allowed: User::"lena" asked to'],
    [path(lena, bot), 'Allowed: Agent::"bot", on behalf of User::"lena", asked to'],
    [path(lena, helper, bot), 'Allowed: Agent::"bot", on behalf of User::"lena" through Agent::"helper", asked to'],
    [{ result: 'modify' }, 'Allowed with changes:'],
    [{ result: 'step_up' }, 'Denied until somebody steps in:'],
    [{ result: 'defer' }, 'Not decided yet:'],
    [{ result: 'deny' }, 'Denied:'],
  ])('%j', (more, text) => {
    expect(explained(more)[0]?.startsWith(text), explained(more)[0]).toBe(true);
  });

  it('has the arguments', () => {
    const request = { ...decision().request, context: { input: { amount: 3 } } };
    expect(explained({ request })[0]).toContain('on Order::"o-1" with {"amount":3}.');
  });
});

describe('the outcome', () => {
  const changes = [
    { obligation: 'hide', type: 'mask', on: 'input', before: 'a', after: 'b' },
    { obligation: 'same', type: 'mask', on: 'result', before: 'c', after: 'c' },
  ] as const;
  it.each<[object, Partial<OutcomeRecord>, string]>([
    [{ result: 'deny' }, { status: 'completed' }, 'The action did not reach its target.'],
    [{}, { status: 'completed', time: 'T' }, 'The action was carried out (reported T).'],
    [
      {},
      { status: 'completed', time: 'T', changes },
      'The action was carried out (reported T). Changed on the way: hide (input).',
    ],
    [
      {},
      { status: 'failed', time: 'T', error: 'no' },
      'The target reported that the action failed (T); it does not count. It said: no',
    ],
    [{}, { status: 'not-executed', time: 'T' }, 'The action did not reach its target (reported T); it does not count.'],
    [
      {},
      { status: 'not-executed', time: 'T', held: [{ accumulator: 'paid', fold: 'sum', key: 'k', amount: 5 }] },
      'The action did not reach its target (reported T); it counts in paid, which gives nothing back.',
    ],
    [{}, { status: 'unknown', time: 'T' }, 'What became of the action is not known (reported T); it counts as done.'],
  ])('%j, %j', (more, outcome, line) => {
    expect(explained(more, outcome)).toContain(line);
  });
});

it('what the policies themselves say stands between why and the inputs', () => {
  const lines = explain({ decision: decision(), outcome: undefined }, undefined, ['Conditions that decided', '']).split(
    '\n',
  );
  expect(lines.indexOf('Conditions that decided')).toBeGreaterThan(lines.indexOf('Why'));
  expect(lines.indexOf('Conditions that decided')).toBeLessThan(lines.indexOf('Inputs'));
});
