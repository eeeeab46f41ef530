import { describe, expect, it } from 'vitest';
import type { Holding } from '../../decide/record.js';
import {
  amountWith,
  amountWithout,
  foldHoldings,
  type HoldingRow,
  holdingsWithout,
  keptHoldings,
  SETTLED_AFTER_MS,
} from './holding-rows.js';

const NOW = 1_000_000;
const held = (amount: Holding['amount'], more: Partial<Holding> = {}): Holding => ({
  accumulator: 'refunded',
  fold: 'sum',
  key: 'ana',
  amount,
  ...more,
});
const row = (id: string, at: number, ...holdings: Holding[]): HoldingRow => ({
  decision_id: id,
  at,
  next: 0,
  holdings: JSON.stringify(holdings),
});

describe('foldHoldings', () => {
  it.each<[string, HoldingRow[], ReturnType<typeof foldHoldings>]>([
    ['nothing', [], { over: [], later: [], totals: [] }],
    [
      'what has no window is added up by account',
      [row('a', 1, held(3)), row('b', 5, held(4)), row('c', 2, held(1, { key: 'ben' }))],
      {
        over: ['a', 'b', 'c'],
        later: [],
        totals: [
          { ...held(7), at: 5 },
          { ...held(1, { key: 'ben' }), at: 2 },
        ],
      },
    ],
    [
      'what a window no longer counts is dropped',
      [row('a', 1, held(3, { until: NOW }))],
      { over: ['a'], later: [], totals: [] },
    ],
    [
      'what a window still counts waits for its end, and the rest is added up',
      [row('a', 1, held(3, { until: NOW + 9 }), held(2, { until: NOW + 4 }), held(5))],
      {
        over: [],
        later: [
          {
            id: 'a',
            next: NOW + 4,
            holdings: JSON.stringify([held(3, { until: NOW + 9 }), held(2, { until: NOW + 4 })]),
          },
        ],
        totals: [{ ...held(5), at: 1 }],
      },
    ],
    [
      'sets are joined',
      [row('a', 1, held(['x', 'y'])), row('b', 2, held(['y', 'z']))],
      { over: ['a', 'b'], later: [], totals: [{ ...held(['x', 'y', 'z']), at: 2 }] },
    ],
  ])('%s', (_name, rows, folded) => {
    expect(foldHoldings(rows, NOW)).toEqual(folded);
  });
});

it.each<[string | undefined, Holding['amount'], string]>([
  [undefined, 3, '3'],
  ['4', 3, '7'],
  ['"9007199254740993"', 1, '"9007199254740994"'],
  ['9007199254740991', 1, '"9007199254740992"'],
  ['"9007199254740992"', -1, '9007199254740991'],
  ['["a"]', ['b', 'a'], '["a","b"]'],
])('amountWith(%s, %j) is %s', (before, more, sum) => {
  expect(amountWith(before, more)).toBe(sum);
});

it.each([
  ['["a","b"]', ['a'], '["b"]'],
  ['["a"]', ['x'], '["a"]'],
  ['7', ['a'], '7'],
])('amountWithout(%s, %j) is %s', (amount, values, left) => {
  expect(amountWithout(amount, values)).toBe(left);
});

it('values are removed from the accumulator and the key that are named, and from no other', () => {
  const set = (more: Partial<Holding>) => held(['a', 'b'], more);
  const all = [set({}), set({ key: 'ben' }), set({ accumulator: 'seen' })];
  const left = holdingsWithout(JSON.stringify(all), { accumulator: 'refunded', key: 'ana', values: ['a'] });
  expect(JSON.parse(left)).toEqual([{ ...set({}), amount: ['b'] }, all[1], all[2]]);
});

describe('keptHoldings', () => {
  const kept = (at: number, settled: string[], ...holdings: Holding[]) =>
    keptHoldings([row('a', at, ...holdings)], [], new Set(settled), NOW + SETTLED_AFTER_MS);

  it.each<[string, ReturnType<typeof keptHoldings>, object[]]>([
    ['of a permit whose outcome may come', kept(NOW + 1, [], held(3)), [{ ...held(3), at: NOW + 1, decisionId: 'a' }]],
    [
      'of a permit whose outcome is known',
      kept(NOW + 1, ['a'], held(3)),
      [{ ...held(3), at: NOW + 1, decisionId: undefined }],
    ],
    ['of a permit that is too old', kept(NOW, [], held(3)), [{ ...held(3), at: NOW, decisionId: undefined }]],
    ['whose window is over', kept(NOW, [], held(3, { until: NOW })), []],
  ])('%s', (_name, holdings, expected) => {
    expect(holdings).toEqual(expected);
  });

  it('accounts come first, and belong to no decision', () => {
    const account = { accumulator: 'refunded', fold: 'sum', key: 'ana', at: 1, amount: '9' };
    expect(keptHoldings([row('a', NOW, held(3))], [account], new Set(), NOW)).toEqual([
      { ...account, amount: 9, decisionId: undefined },
      { ...held(3), at: NOW, decisionId: 'a' },
    ]);
  });
});
