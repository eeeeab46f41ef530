import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../../decide/record.js';
import { type DecisionQuery, matches, QUERY_TERMS, termsIn, termsOf } from './terms.js';

const lena = { type: 'User', id: 'lena' };
const bot = { type: 'Agent', id: 'bot' };
const decision = {
  kind: 'decision',
  time: '2026-11-24T06:31:28.000Z',
  result: 'deny',
  enforcementPoint: 'gateway',
  policyVersion: 'sha256:5f',
  request: {
    subject: lena,
    action: { name: 'pay' },
    resource: { type: 'Order', id: 'o-1' },
    context: { task: 'named', session: 's-1', upstream: { server: 'shop', tool: 'pay_order' } },
  },
  parts: [{ access: 'read', fact: { uid: { type: 'Table', id: 'public.pay' }, attributes: {}, ancestors: [] } }],
  reasons: [{ policy: 'p', effect: 'forbid', identity: lena }],
  provenance: { path: [lena, bot], assurance: 1, txn: 'txn-1', session: 's-2' },
} as unknown as DecisionRecord;

it('a decision is found by every term of a query', () => {
  const names = new Set([...termsOf(decision)].map((term) => term.split('=')[0]));
  expect([...names].sort()).toEqual([...QUERY_TERMS].sort());
});

describe('matches', () => {
  it.each<[DecisionQuery, boolean]>([
    [{}, true],
    [{ result: 'deny' }, true],
    [{ result: 'allow' }, false],
    [{ action: 'pay' }, true],
    [{ identity: 'User::"lena"' }, true],
    [{ identity: 'Agent::"bot"' }, true],
    [{ originator: 'User::"lena"' }, true],
    [{ originator: 'Agent::"bot"' }, false],
    [{ task: 'txn-1' }, true],
    [{ task: 'named' }, true],
    [{ session: 's-1' }, true],
    [{ session: 's-2' }, true],
    [{ resource: 'Order::"o-1"' }, true],
    [{ resource: 'Table::"public.pay"' }, true],
    [{ resource: 'Table::"public.notes"' }, false],
    [{ policy: 'p' }, true],
    [{ policy: 'q' }, false],
    [{ tool: 'shop' }, true],
    [{ tool: 'shop/pay_order' }, true],
    [{ tool: 'pay_order' }, false],
    [{ enforcementPoint: 'gateway', policyVersion: 'sha256:5f' }, true],
    [{ action: 'pay', policy: 'q' }, false],
    [{ since: '2026-11-24T06:31:28.000Z' }, true],
    [{ since: '2026-11-24T06:31:28.001Z' }, false],
    [{ until: '2026-11-24T06:31:28.001Z' }, true],
    [{ until: '2026-11-24T06:31:28.000Z' }, false],
  ])('%j: %s', (query, is) => {
    expect(matches(decision, query)).toBe(is);
  });

  it('the subject is the path where there is none', () => {
    const { provenance: _none, ...rest } = decision;
    expect(matches(rest as DecisionRecord, { originator: 'User::"lena"', identity: 'User::"lena"' })).toBe(true);
  });
});

it('times are no terms', () => {
  expect(termsIn({ since: 'x', until: 'y', action: 'pay', tool: 'shop' })).toEqual(['action=pay', 'tool=shop']);
});
