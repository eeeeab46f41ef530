import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from './accumulator.js';
import { AccumulatorError, LedgerError } from './errors.js';
import { Ledger } from './ledger.js';
import { OUTCOME_DEADLINE_MS } from './outcome.js';

const event = (amount: unknown, key = 'a', action = 'refund'): LedgerEvent => ({
  action,
  input: { amount },
  labels: ['pii'],
  keys: { task: key, actor: key, originator: key, resource: key },
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
    const accounts = (ledger as unknown as { accounts: Map<string, Map<string, { entries: Map<string, unknown> }>> })
      .accounts;
    expect(accounts.get('seen')?.get('a')?.entries.size).toBe(0);
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
});
