import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../event.js';
import type { EventMore } from '../event-more.js';
import { Ledger } from '../ledger.js';

/** The holdings of a permit once its answer is known, also if less is known of the call than when it was permitted. */

const more = (facts: Readonly<Record<string, string>>): EventMore => ({
  ...{ kind: 'refund', scope: [], assurance: 1, details: undefined, properties: {}, withheld: new Set() },
  facts: { originator: new Map(Object.entries(facts)), actor: new Map(), resource: new Map() },
  ...{ derivedNames: [], derived: () => undefined },
});
const event = (facts: Readonly<Record<string, string>>, labels: readonly string[] = []): LedgerEvent => ({
  ...{ action: 'refund', isOwn: false, input: { amount: 5 }, labels, effects: [], call: undefined, data: undefined },
  ...{ resource: { type: 'Order', id: 'o' }, lineage: 'a' },
  keys: { task: 't' as LedgerEvent['keys']['task'], actor: 'a', originator: 'a', resource: 'o', session: 's' },
  more: () => more(facts),
});
const at = new Date(0);
const DECLARED = {
  gold: { key: 'originator', sum: 'input.amount', on: 'facts.originator.tier == "gold"' },
  plain: { key: 'originator', sum: 'input.amount', on: 'facts.originator.tier == "plain"' },
  seen: { key: 'originator', set: 'labels' },
  answered: { key: 'originator', distinct: 'result.id', on: 'facts.originator.tier == "gold"' },
};

describe('the holdings of a permit after its outcome', () => {
  it('are what it reserved where it cannot be measured again, with the labels of the answer', () => {
    const ledger = new Ledger(DECLARED);
    const reserved = ledger.reserve('1', event({ tier: 'gold' }), at);
    expect(reserved.map(({ accumulator, amount }) => [accumulator, amount])).toEqual([['gold', 5]]);
    const after = ledger.holdingsAfter(event({}, ['pii']), 'completed', {}, at, at, reserved);
    expect(after.map(({ accumulator, amount }) => [accumulator, amount])).toEqual([
      ['gold', 5],
      ['seen', ['pii']],
    ]);
    ledger.settle('1', 'completed', at, after);
    expect(ledger.look('originator', 'a', at)).toEqual({ gold: 5n, plain: 0n, seen: ['pii'], answered: 0n });
  });

  it('have what was answered, once, and nothing of it if the action failed', () => {
    const ledger = new Ledger(DECLARED);
    ledger.reserve('1', event({ tier: 'gold' }), at);
    const of = (status: 'completed' | 'failed') =>
      ledger.holdingsAfter(event({ tier: 'gold' }), status, { answered: ['c-1', 'c-2'] }, at);
    expect(of('failed')).toEqual([]);
    const after = of('completed');
    expect(after.map(({ accumulator }) => accumulator)).toEqual(['gold', 'answered']);
    expect(ledger.settle('1', 'completed', at, after)).toBe(true);
    expect(ledger.settle('1', 'completed', at)).toBe(false);
    expect(ledger.look('originator', 'a', at)).toMatchObject({ gold: 5n, answered: 2n });
  });
});
