import { describe, expect, it } from 'vitest';
import { LedgerError } from '../errors.js';
import { Accounts } from './accounts.js';
import { WHOLE_NUMBERS } from './amounts.js';
import { SumAccount } from './sum-account.js';
import { windowOf } from './window.js';

const HOUR_MS = 3_600_000;
const accounts = (max: number, window?: string) =>
  new Accounts(
    {
      ...{ name: 'spent', fold: 'sum', window: windowOf(window), amounts: WHOLE_NUMBERS },
      account: () => new SumAccount(windowOf(window).resolution),
    },
    max,
  );

describe('the accounts of an accumulator, whose keys a caller chooses', () => {
  it('are bounded: no other is opened, and those that there are count on', () => {
    const all = accounts(3);
    for (const key of ['a', 'b', 'c']) all.enter(all.hold(key, 1n, 0));
    expect(() => all.hold('d', 1n, 0)).toThrow(LedgerError);
    expect(() => all.hold('d', 1n, 10 * HOUR_MS)).toThrow('has 3 accounts, and opens no more');
    all.enter(all.hold('a', 4n, 0));
    expect(all.find('a')?.valueAt(0)).toBe(5n);
  });

  it('are closed once nothing in them counts: after their window, and when all was given back', () => {
    const windowed = accounts(2, '1h');
    for (const key of ['a', 'b']) windowed.enter(windowed.hold(key, 1n, 0));
    expect(() => windowed.hold('c', 1n, HOUR_MS / 2)).toThrow(LedgerError);
    windowed.enter(windowed.hold('c', 1n, 2 * HOUR_MS));
    expect([windowed.find('a'), windowed.find('c')?.valueAt(2 * HOUR_MS)]).toEqual([undefined, 1n]);
    const lasting = accounts(1);
    const held = lasting.hold('a', 1n, 0);
    lasting.enter(held);
    lasting.giveBack(held);
    lasting.enter(lasting.hold('b', 1n, 0));
    expect(lasting.find('b')?.valueAt(0)).toBe(1n);
  });
});
