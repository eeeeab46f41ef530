import { describe, expect, it } from 'vitest';
import type { DecisionRecord, Holding, OutcomeRecord } from '../../decide/record.js';
import { timelineLines } from './timeline.js';

const decision = (more: Partial<DecisionRecord>): DecisionRecord =>
  ({
    time: '2026-11-24T06:31:28.000Z',
    result: 'allow',
    request: { action: { name: 'read_web' } },
    ledger: {},
    ...more,
  }) as DecisionRecord;
const held = (accumulator: string, amount: Holding['amount']): Holding => ({ accumulator, fold: '', key: '', amount });
const outcome = (more: Partial<OutcomeRecord>): OutcomeRecord => ({ status: 'completed', ...more }) as OutcomeRecord;
const now = decision({ ledger: { refunded: 9, seen: ['pii'] } });

describe('the line of an earlier call', () => {
  it.each<[string, Partial<DecisionRecord>, OutcomeRecord | undefined, string]>([
    ['without an outcome', {}, undefined, '   06:31:28 allow   read_web'],
    ['that counted nothing', {}, outcome({}), '   06:31:28 allow   read_web'],
    ['that failed', {}, outcome({ status: 'failed' }), '   06:31:28 allow   read_web: failed'],
    ['that was denied', { result: 'deny' }, undefined, '   06:31:28 deny    read_web'],
    [
      'that counted what the decision read',
      { reserved: [held('refunded', 4)] },
      undefined,
      ' * 06:31:28 allow   read_web: counted refunded 4',
    ],
    [
      'that counted something else',
      { reserved: [held('sent', 1)] },
      undefined,
      '   06:31:28 allow   read_web: counted sent 1',
    ],
    [
      'whose set shares a value with what was read',
      { reserved: [held('seen', ['pii', 'external'])] },
      undefined,
      ' * 06:31:28 allow   read_web: counted seen pii, external',
    ],
    [
      'whose set shares none',
      { reserved: [held('seen', ['external'])] },
      undefined,
      '   06:31:28 allow   read_web: counted seen external',
    ],
    [
      'whose outcome holds something else than it reserved',
      { reserved: [held('refunded', 4)] },
      outcome({ held: [] }),
      '   06:31:28 allow   read_web',
    ],
    [
      'that brought labels',
      { reserved: [held('$task', ['pii'])] },
      undefined,
      '   06:31:28 allow   read_web: brought pii',
    ],
    [
      'whose labels were reported',
      { reserved: [held('$task', ['pii'])] },
      outcome({ labels: ['external'] }),
      '   06:31:28 allow   read_web: brought external',
    ],
  ])('%s', (_name, more, became, line) => {
    const before = [{ decision: decision(more), outcome: became }];
    expect(timelineLines(now, { before, isCut: false }, 30)).toEqual([
      'Earlier in this task (* = counted in this decision)',
      line,
      '',
    ]);
  });
});

describe('the calls that are shown', () => {
  const calls = Array.from({ length: 30 }, (_, i) => ({
    decision: decision({
      time: `2026-11-24T06:00:${String(i).padStart(2, '0')}.000Z`,
      request: { action: { name: `read_${i}` } } as unknown as DecisionRecord['request'],
      reserved: i < 3 ? [held('refunded', 1)] : [],
    }),
    outcome: undefined,
  }));

  it('are the last ones, with how many more there are', () => {
    const lines = timelineLines(now, { before: calls, isCut: true }, 8);
    expect(lines[0]).toBe('Earlier in this task (last 30; * = counted in this decision)');
    expect(lines.slice(1, 9).map((line) => line.slice(3, 11))).toEqual(
      ['22', '23', '24', '25', '26', '27', '28', '29'].map((second) => `06:00:${second}`),
    );
    expect(lines.slice(9)).toEqual(['   22 more (3 *): --all', '']);
  });

  it('are all of them without a limit', () => {
    expect(timelineLines(now, { before: calls, isCut: false }, Number.POSITIVE_INFINITY)).toHaveLength(32);
  });

  it('have their day if it is not that of the decision', () => {
    const before = [
      { decision: decision({ time: '2026-11-23T23:59:59.000Z' }), outcome: undefined },
      { decision: decision({}), outcome: undefined },
    ];
    expect(timelineLines(now, { before, isCut: false }, 8).slice(1, 3)).toEqual([
      '   2026-11-23 23:59:59 allow   read_web',
      '              06:31:28 allow   read_web',
    ]);
  });

  it('are counted if they are alike and in a row', () => {
    const alike = ['01', '02', '03'].map((second) => decision({ time: `2026-11-24T06:00:${second}.000Z` }));
    const before = [...alike, decision({ result: 'deny' }), decision({})].map((one) => ({
      decision: one,
      outcome: undefined,
    }));
    expect(timelineLines(now, { before, isCut: false }, 8).slice(1, -1)).toEqual([
      '   06:00:01 allow   read_web ×3',
      '   06:31:28 deny    read_web',
      '   06:31:28 allow   read_web',
    ]);
    expect(timelineLines(now, { before, isCut: false }, 2)).toContain('   3 more: --all');
  });

  it('are not mentioned if there are none', () => {
    expect(timelineLines(now, { before: [], isCut: false }, 8)).toEqual([]);
  });
});
