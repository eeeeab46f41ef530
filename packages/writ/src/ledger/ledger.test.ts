import { OUTCOME_DEADLINE_MS } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccumulatorError, LedgerError } from './errors.js';
import type { LedgerEvent } from './event.js';
import { Ledger } from './ledger.js';

const event = (amount: unknown, key = 'a', action = 'refund'): LedgerEvent => ({
  action,
  input: { amount },
  labels: ['pii'],
  effects: [],
  call: undefined,
  data: undefined,
  resource: { type: 'Order', id: key },
  lineage: key,
  keys: { task: key, actor: key, originator: key, resource: key, session: key },
});
const at = (ms: number): Date => new Date(ms);
const refunds = {
  refunded: { key: 'originator', sum: 'input.amount', on: 'action == "refund"', window: '24h' },
} as const;

describe('Ledger', () => {
  it('counts the present action in sums and not in sets', () => {
    const ledger = new Ledger({ ...refunds, seen: { key: 'task', set: 'labels' } });
    expect(ledger.read(event(5), at(0))).toEqual({ refunded: 5n, seen: [] });
    ledger.reserve('1', event(5), at(0));
    expect(ledger.read(event(7), at(0))).toEqual({ refunded: 12n, seen: ['pii'] });
    expect(ledger.read(event(7, 'b'), at(0))).toEqual({ refunded: 7n, seen: [] });
  });

  it('forgets what is older than the window, not sooner', () => {
    const ledger = new Ledger(refunds);
    ledger.reserve('1', event(5), at(0));
    expect(ledger.read(event(1), at(24 * 3_600_000 - 1))).toEqual({ refunded: 6n });
    expect(ledger.read(event(1), at(24 * 3_600_000))).toEqual({ refunded: 1n });
    // Settled actions are added up to a thousandth of the window: they count up to that much longer, and never less.
    ledger.reserve('2', event(5), at(1));
    ledger.settle('2', 'completed', at(2));
    expect(ledger.read(event(1), at(24 * 3_600_000 + 1))).toEqual({ refunded: 6n });
    expect(ledger.read(event(1), at(24 * 3_600_000 + 86_400))).toEqual({ refunded: 1n });
  });

  it('takes out only what is known not to have happened, and settles once', () => {
    const ledger = new Ledger(refunds);
    for (const id of ['completed', 'failed', 'not-executed', 'unknown'] as const) {
      ledger.reserve(id, event(1), at(0));
      expect(ledger.settle(id, id, at(0))).toBe(true);
      expect(ledger.settle(id, 'failed', at(0))).toBe(false);
    }
    ledger.reserve('open', event(1), at(0));
    expect(ledger.read(event(0), at(0))).toEqual({ refunded: 3n });
  });

  it('counts an action as done at its deadline, and takes no outcome after it', () => {
    const ledger = new Ledger(refunds);
    ledger.reserve('late', event(5), at(0));
    expect(ledger.settle('late', 'failed', at(OUTCOME_DEADLINE_MS))).toBe(false);
    expect(ledger.read(event(0), at(OUTCOME_DEADLINE_MS))).toEqual({ refunded: 5n });
  });

  it('stays as small as what it says, however long a task is', () => {
    const ledger = new Ledger({ seen: { key: 'task', set: 'labels' }, calls: { key: 'task', count: true } });
    for (let i = 0; i < 2_000; i += 1) {
      ledger.reserve(String(i), event(1), at(i));
      ledger.settle(String(i), i % 2 === 0 ? 'completed' : 'failed', at(i));
    }
    expect(ledger.read(event(1), at(2_000))).toEqual({ seen: ['pii'], calls: 1_001n });
  });

  it('is never over a limit, whatever is permitted, settled and retried in which order', () => {
    const limit = 100n;
    const step = fc.record({
      amount: fc.integer({ min: 0, max: 60 }),
      settle: fc.constantFrom('completed', 'failed', 'unknown', undefined),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new Ledger(refunds);
        let done = 0n;
        for (const [i, { amount, settle }] of steps.entries()) {
          const value = ledger.read(event(amount), at(i)).refunded as bigint;
          expect(value).toBe(done + BigInt(amount));
          if (value > limit) continue;
          ledger.reserve(String(i), event(amount), at(i));
          if (settle !== undefined) ledger.settle(String(i), settle, at(i));
          if (settle !== 'failed') done += BigInt(amount);
          expect(done).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it.each([[-1], ['5'], [1.5], [null], [undefined], [2 ** 60]])('refuses the amount %s', (amount) => {
    const ledger = new Ledger(refunds);
    expect(() => ledger.read(event(amount), at(0))).toThrow(LedgerError);
  });

  it('refuses an expression that is not CEL, by the name of its accumulator', () => {
    expect(() => new Ledger({ broken: { key: 'task', sum: 'input.' } })).toThrow(AccumulatorError);
    expect(() => new Ledger({ broken: { key: 'task', sum: 'input.' } })).toThrow(/broken/);
  });

  it('tells how many different values there are, the present one with them', () => {
    const ledger = new Ledger({ recipients: { key: 'task', distinct: 'input.to', on: 'action == "mail"' } });
    const mail = (to: unknown): LedgerEvent => ({ ...event(0, 'a', 'mail'), input: { to } });
    expect(ledger.read(mail('x'), at(0))).toEqual({ recipients: 1n });
    ledger.reserve('1', mail(['x', 'y', 'x']), at(0));
    expect(ledger.read(mail('y'), at(0))).toEqual({ recipients: 2n });
    expect(ledger.read(mail(['z', 'y']), at(0))).toEqual({ recipients: 3n });
    ledger.reserve('2', mail('y'), at(1));
    ledger.settle('1', 'failed', at(2));
    expect(ledger.read(mail('y'), at(2))).toEqual({ recipients: 1n });
    expect(() => ledger.read(mail(5), at(2))).toThrow(/did not give a text/);
    expect(() => ledger.read(mail([1]), at(2))).toThrow(/did not give a text/);
  });

  it('keeps accounts under what CEL gives, a text and a number apart', () => {
    const ledger = new Ledger({ paid: { key: 'input.customer', sum: 'input.amount' } });
    const pay = (customer: unknown): LedgerEvent => ({ ...event(0), input: { customer, amount: 5 } });
    ledger.reserve('1', pay('7'), at(0));
    ledger.reserve('2', pay(7), at(0));
    expect(ledger.read(pay('7'), at(0))).toEqual({ paid: 10n });
    expect(() => ledger.read(pay(undefined), at(0))).toThrow(LedgerError);
    expect(() => ledger.reserve('3', pay({ id: 7 }), at(0))).toThrow(/not a text or a whole number/);
  });

  it.each([
    ['a variable that is none', { key: 'task', sum: 'imput.amount' }, /`sum`: there is no variable/],
    ['a condition that is none', { key: 'task', count: true, on: 'action' }, /`on` gives string/],
    ['a sum of texts', { key: 'task', sum: 'action' }, /`sum` gives string/],
    ['a sum of fractions', { key: 'task', sum: '1.5' }, /`sum` gives double/],
    ['a key that is true or false', { key: 'action == "x"', count: true }, /`key` gives bool/],
    ['a comparison of different kinds', { key: 'task', count: true, on: 'action == 5' }, /`on`/],
    ['values that are numbers', { key: 'task', distinct: '[1, 2]' }, /`distinct` gives list<int>/],
  ] as const)('refuses %s before anything is decided', (_what, declaration, message) => {
    expect(() => new Ledger({ wrong: declaration })).toThrow(AccumulatorError);
    expect(() => new Ledger({ wrong: declaration })).toThrow(message);
  });

  it('reads only what is asked for', () => {
    const ledger = new Ledger({
      paid: { key: 'input.customer', sum: 'input.amount' },
      calls: { key: 'task', count: true },
    });
    expect(ledger.read({ ...event(0), input: {} }, at(0), ['calls', 'unknown'])).toEqual({ calls: 1n });
  });

  it.each([
    ['hour', '2026-03-31T10:59:59Z', '2026-03-31T11:00:00Z'],
    ['day', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
    ['week', '2026-11-29T23:59:59Z', '2026-11-30T00:00:00Z'],
    ['week', '2026-11-30T00:00:00Z', '2026-12-07T00:00:00Z'],
    ['month', '2028-02-29T23:59:59Z', '2028-03-01T00:00:00Z'],
  ])('counts until the end of the %s, from %s to %s', (period, during, end) => {
    const ledger = new Ledger({ calls: { key: 'task', count: true, window: period } });
    ledger.reserve('1', event(0), new Date(during));
    ledger.reserve('2', event(0), new Date(during));
    ledger.settle('2', 'completed', new Date(during));
    expect(ledger.read(event(0), new Date(Date.parse(end) - 1))).toEqual({ calls: 3n });
    expect(ledger.read(event(0), new Date(end))).toEqual({ calls: 1n });
  });

  it('forgets the values of a set with its window, and not those that came again', () => {
    const ledger = new Ledger({ lately: { key: 'task', set: 'action', window: '1h' } });
    ledger.reserve('1', event(0, 'a', 'look'), at(0));
    ledger.settle('1', 'completed', at(0));
    ledger.reserve('2', event(0, 'a', 'look'), at(1_800_000));
    ledger.reserve('3', event(0, 'a', 'mail'), at(1_800_000));
    ledger.settle('3', 'completed', at(1_800_000));
    expect(ledger.read(event(0), at(3_700_000))).toEqual({ lately: ['look', 'mail'] });
    expect(ledger.read(event(0), at(5_500_000))).toEqual({ lately: [] });
  });

  it('permits no more when a set is full: it would forget otherwise', () => {
    const ledger = new Ledger({ seen: { key: 'task', set: 'input.values' } });
    const see = (values: string[]): LedgerEvent => ({ ...event(0), input: { values } });
    ledger.reserve('1', see(Array.from({ length: 999 }, (_, i) => `v${i}`)), at(0));
    ledger.reserve('2', see(['v1', 'last']), at(0));
    expect(() => ledger.reserve('3', see(['one more']), at(0))).toThrow(/holds no more/);
    expect(ledger.reserve('4', see(['v7']), at(0))).toHaveLength(1);
  });

  it('says what a plain list of everything that was done would say', () => {
    const step = fc.record({
      value: fc.constantFrom('x', 'y', 'z'),
      amount: fc.nat({ max: 5 }),
      status: fc.constantFrom('completed', 'failed', 'unknown', undefined),
      wait: fc.constantFrom(0, 7, 60_000),
    });
    const declarations = {
      sum: { key: 'task', sum: 'input.amount' },
      set: { key: 'task', set: 'input.value' },
      distinct: { key: 'task', distinct: 'input.value' },
      day: { key: 'task', count: true, window: 'day' },
    } as const;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = new Ledger(declarations);
        const done = new Map<string, (typeof steps)[number] & { at: number }>();
        let now = Date.parse('2026-01-01T23:50:00Z');
        for (const [i, one] of steps.entries()) {
          const doing = { ...event(0), input: { value: one.value, amount: one.amount } };
          ledger.reserve(String(i), doing, at(now));
          done.set(String(i), { ...one, at: now });
          if (one.status !== undefined) ledger.settle(String(i), one.status, at(now));
          if (one.status === 'failed') done.delete(String(i));
          now += one.wait;
          const all = [...done.values()];
          const values = [...new Set(all.map(({ value }) => value))].sort();
          const day = Math.floor(now / 86_400_000);
          expect(ledger.read({ ...event(0), input: { value: 'x', amount: 0 } }, at(now))).toEqual({
            sum: BigInt(all.reduce((sum, { amount }) => sum + amount, 0)),
            set: values,
            distinct: BigInt(new Set([...values, 'x']).size),
            day: BigInt(all.filter((other) => Math.floor(other.at / 86_400_000) === day).length + 1),
          });
        }
      }),
    );
  });
});
