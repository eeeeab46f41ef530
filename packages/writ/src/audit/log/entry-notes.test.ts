import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../decide/record.js';
import { besideOf, holdsNothing, noteOf } from './entry-notes.js';

const ID = '01M8641579V9C78TQ6ZQMQGCMN';
const TIME = '2026-11-24T06:31:28.000Z';
const use = { caps: ['c'], amounts: { amount: 3 }, until: 9 };
const held = [{ accumulator: 'refunded', fold: '', key: '', amount: 3 }];
const entry = (more: object): LogEntry =>
  ({ id: ID, time: TIME, request: { action: { name: 'pay' } }, ...more }) as unknown as LogEntry;

describe('holdsNothing', () => {
  it.each<[string, object, boolean]>([
    ['a denial', { kind: 'decision', result: 'deny' }, true],
    ['a permit that reserves', { kind: 'decision', reserved: held }, false],
    ['a permit that takes of a cap', { kind: 'decision', mandate: { kind: '', covers: true, use } }, false],
    ['a permit under a mandate without a cap', { kind: 'decision', mandate: { kind: '', covers: true } }, true],
    ['an outcome', { kind: 'outcome', status: 'failed' }, true],
    ['an outcome that holds', { kind: 'outcome', held }, false],
    ['an outcome that holds nothing any more', { kind: 'outcome', held: [] }, false],
    ['an outcome with labels', { kind: 'outcome', labels: ['pii'] }, false],
    ['an outcome without labels', { kind: 'outcome', labels: [] }, true],
    ['a change', { kind: 'change' }, false],
    ['a search', { kind: 'search' }, false],
  ])('%s', (_name, more, holds) => {
    expect(holdsNothing(entry(more))).toBe(holds);
  });
});

describe('the rows beside', () => {
  const NONE = { outcomes: [], uses: [], holdings: [], held: [], removed: [], undone: [], begun: [] };
  const decisionId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const removal = { accumulator: 'seen', key: 'ana', values: ['pii'] };
  const settled = (status: string, more: object = {}) => ({ kind: 'outcome', decisionId, status, ...more });

  it.each<[string, object, object]>([
    ['a denial', { kind: 'decision', result: 'deny' }, {}],
    [
      'a permit that reserves',
      { kind: 'decision', reserved: held },
      { holdings: [{ decisionId: ID, at: Date.parse(TIME), reserved: JSON.stringify(held) }] },
    ],
    [
      'a permit that takes of a cap',
      { kind: 'decision', mandate: { kind: '', covers: true, use } },
      { uses: [{ decisionId: ID, use: JSON.stringify(use), until: 9 }] },
    ],
    ['a completed action', settled('completed'), { outcomes: [{ decisionId, id: ID }] }],
    ['an unknown outcome', settled('unknown'), { outcomes: [{ decisionId, id: ID }] }],
    ['a failed action', settled('failed'), { outcomes: [{ decisionId, id: ID }], undone: [decisionId] }],
    [
      'an action that was not executed',
      settled('not-executed'),
      { outcomes: [{ decisionId, id: ID }], undone: [decisionId] },
    ],
    [
      'an outcome that holds something else',
      settled('completed', { held }),
      {
        outcomes: [{ decisionId, id: ID }],
        held: [{ decisionId, at: expect.any(Number), held: JSON.stringify(held) }],
      },
    ],
    [
      'an outcome that holds nothing any more',
      settled('completed', { held: [] }),
      { outcomes: [{ decisionId, id: ID }], held: [{ decisionId, at: expect.any(Number), held: undefined }] },
    ],
    ['a change that removes', { kind: 'change', removed: [removal] }, { removed: [removal] }],
    ['a search', { kind: 'search' }, {}],
  ])('%s', (_name, more, rows) => {
    expect(besideOf([noteOf(entry(more))])).toEqual({ ...NONE, ...rows });
  });

  it('a holding is as old as the decision, by its id', () => {
    expect(besideOf([noteOf(entry(settled('completed', { held })))]).held[0]?.at).toBe(1_469_922_850_259);
  });
});
