import { OUTCOME_DEADLINE_MS } from '@writ/sdk/authzen';
import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { Caps } from './caps.js';

const at = (ms: number): Date => new Date(ms);
const use = { caps: ['c'], amounts: { amount: 40 }, until: 4_000_000_000 };
const caps = [{ id: 'c', uses: 2, limits: { amount: 100 } }];

describe('Caps', () => {
  it.each([
    ['nothing was used', 0, { amount: 100 }, undefined],
    ['it would be too much at once', 0, { amount: 101 }, '0 of 100 of amount is used up, and this is 101'],
    ['it is just enough', 1, { amount: 60 }, undefined],
    ['it is too much with what was used', 1, { amount: 61 }, '40 of 100 of amount is used up, and this is 61'],
    ['the amount is not there', 1, {}, '40 of 100 of amount is used up, and this is Infinity'],
    ['it was used as often as it may be', 2, { amount: 1 }, 'it may be used 2 times, and was'],
  ])('when %s', (_what, used, amounts, expected) => {
    const held = new Caps();
    for (let i = 0; i < used; i += 1) held.take(String(i), use, at(0));
    expect(held.obstacle(caps, amounts)).toBe(expected);
  });

  it.each([
    ['failed', 0, 0],
    ['not-executed', 0, 0],
    ['completed', 1, 40],
    ['unknown', 1, 40],
  ] as const)('gives back what %s, once', (status, uses, sum) => {
    const held = new Caps();
    held.take('1', use, at(0));
    expect([held.settle('1', status, at(1)), held.settle('1', 'failed', at(2))]).toEqual([true, false]);
    expect([held.usesOf('c'), held.sumsOf('c')]).toEqual([uses, { amount: sum }]);
  });

  it('gives nothing back at the deadline', () => {
    const held = new Caps();
    held.take('1', use, at(0));
    expect(held.settle('1', 'failed', at(OUTCOME_DEADLINE_MS))).toBe(false);
    expect(held.usesOf('c')).toBe(1);
  });

  it('counts what was taken before a restart, and can still give it back', () => {
    const held = new Caps();
    held.restore(ulid(1_000), use);
    const second = ulid(2_000);
    held.restore(second, use);
    expect(held.obstacle(caps, { amount: 1 })).toBe('it may be used 2 times, and was');
    expect(held.settle(second, 'failed', at(3_000))).toBe(true);
    expect(held.usesOf('c')).toBe(1);
  });

  it('counts one action for every cap that it is under', () => {
    const held = new Caps();
    held.take('1', { ...use, caps: ['c', 'd'] }, at(0));
    expect([held.usesOf('c'), held.usesOf('d'), held.usesOf('e')]).toEqual([1, 1, 0]);
  });
});
