import type { Reason } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import type { Origin } from '../ledger/flow/origins.js';
import { listed } from '../lib/listed.js';
import { assuranceLine, factLine, heldTexts, ledgerLines, originLine, reasonLines } from './field-lines.js';
import type { FactRecord } from './shapes.js';

const ben = { type: 'User', id: 'ben' };
const bot = { type: 'Agent', id: 'bot' };
const reason = (more: Partial<Reason>): Reason => ({ policy: 'p', effect: 'forbid', identity: ben, ...more });

describe('reasonLines', () => {
  it.each<[string, Reason[], string[]]>([
    ['one', [reason({})], ['p forbids it, for User::"ben"']],
    [
      'the same policy for two identities',
      [reason({}), reason({ identity: bot })],
      ['p forbids it, for User::"ben" and Agent::"bot"'],
    ],
    [
      'two policies, each for two identities',
      [reason({}), reason({ policy: 'q' }), reason({ identity: bot }), reason({ policy: 'q', identity: bot })],
      ['p forbids it, for User::"ben" and Agent::"bot"', 'q forbids it, for User::"ben" and Agent::"bot"'],
    ],
    [
      'a permit, with a reason',
      [reason({ effect: 'permit', reason: 'the desk' })],
      ['p permits it, for User::"ben": the desk'],
    ],
    ['what a step-up lifts', [reason({ liftedBy: 'step-up' })], ['p forbids it without a step-up, for User::"ben"']],
    [
      'what an approval lifts',
      [reason({ liftedBy: 'request' })],
      ['p forbids it until it is approved, for User::"ben"'],
    ],
    [
      'a policy whose forbid is lifted for one identity only',
      [reason({ liftedBy: 'request' }), reason({ identity: bot })],
      ['p forbids it until it is approved, for User::"ben"', 'p forbids it, for Agent::"bot"'],
    ],
  ])('%s', (_name, reasons, lines) => {
    expect(reasonLines(reasons)).toEqual(lines);
  });
});

describe('factLine', () => {
  const fact: FactRecord = { uid: ben, attributes: {}, ancestors: [] };
  it.each<[string, FactRecord, string]>([
    ['nothing known', fact, 'User::"ben"'],
    ['attributes', { ...fact, attributes: { level: 3 } }, 'User::"ben" {"level":3}'],
    ['groups', { ...fact, ancestors: [bot, ben] }, 'User::"ben" in Agent::"bot", User::"ben"'],
    [
      'ages',
      { ...fact, ages: { level: { source: 'hr', asOf: '2026-01-01T00:00:00Z' } } },
      'User::"ben" (level as of 2026-01-01T00:00:00Z, from hr)',
    ],
    ['withheld', { ...fact, withheld: ['level'] }, 'User::"ben" (level too old to rely on)'],
  ])('%s', (_name, given, line) => {
    expect(factLine(given)).toBe(line);
  });
});

it.each<[Record<string, unknown>, string]>([
  [{ refunded: 7 }, 'so far, refunded: 7 (this action included)'],
  [{ refunded: '12.50' }, 'so far, refunded: 12.50 (this action included)'],
  [{ seen: [] }, 'so far, seen: nothing'],
  [{ seen: ['pii', 'external'] }, 'so far, seen: pii, external'],
  [{ seen: { masked: 'dropped' } }, 'so far, seen: {"masked":"dropped"} (this action included)'],
  [{ seen: ['pii', { masked: 'dropped' }] }, 'so far, seen: pii, {"masked":"dropped"}'],
])('ledgerLines: %j', (ledger, line) => {
  expect(ledgerLines(ledger)).toEqual([line]);
});

it.each<[Partial<Origin>, string]>([
  [{ from: 'prompt' }, 'to, its destination: the user said it; endorsed'],
  [
    { from: 'nowhere', integrity: 'external', labels: ['external', 'pii'] },
    'to, its destination: nobody said it before; external, pii',
  ],
  [
    { from: 'field', source: { decisionId: '01X', tool: 'read_mail', at: 'from' } },
    'to, its destination: a field of a result, from of read_mail (01X); endorsed',
  ],
])('originLine: %j', (more, line) => {
  expect(
    originLine({
      argument: 'to',
      role: 'destination',
      from: 'text',
      integrity: 'endorsed',
      labels: [],
      ...more,
    } as Origin),
  ).toBe(line);
});

it('heldTexts leaves out what Writ holds for itself', () => {
  const held = (accumulator: string, amount: number | string[]) => ({ accumulator, fold: '', key: '', amount });
  expect(heldTexts([held('refunded', 3), held('$task', ['pii']), held('seen', ['a', 'b'])])).toEqual([
    'refunded 3',
    'seen a, b',
  ]);
});

it.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('listed: %j', (texts, list) => {
  expect(listed(texts)).toBe(list);
});

it('assuranceLine names every level', () => {
  expect([0, 1, 2, 3, 4].map((level) => /\((\w+)\)/.exec(assuranceLine(level))?.[1])).toEqual([
    'none',
    'asserted',
    'authenticated',
    'bound',
    'chained',
  ]);
});
