import { describe, expect, it } from 'vitest';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import type { DecisionRecord } from '../src/decide/record.js';
import { Replay } from '../src/decide/replay/replay.js';
import type { Txn } from '../src/lib/ids.js';
import { mandateOf } from '../src/provenance/mandate.js';
import type { Provenance } from '../src/provenance/path.js';
import { bundleFrom } from './planes.js';

/** Values that are computed from calls and facts, and accumulators that see more of an action than its call. */

const FILES = {
  'schema.cedarschema': `
entity User { tier: String };
entity Item { price: Long, weight: decimal, stock?: Long };
entity Order { owner: User };
action order, swap, book, ship appliesTo { principal: [User], resource: [Order], context: { input: {
  items?: Set<{ id: String, price: Long }>, passengers?: Set<{ name: String }>, old?: Set<String>, new?: Set<String>, amount?: Long } } };
`,
  'facts.yaml': 'facts: { Item: { stock: { maxAge: 1h } } }',
  'ledger.yaml': `
derived:
  total: { of: [order], type: Long, is: 'has(input.items) ? sum(input.items.map(item, item.price)) : 0' }
  passengers: { of: [book], type: Long, is: 'has(input.passengers) ? size(input.passengers) : 0' }
  difference:
    of: [swap]
    type: Long
    is: sum((has(input.new) ? input.new :[]).map(id, fact("Item", id, "price"))) - sum((has(input.old) ? input.old :[]).map(id, fact("Item", id, "price")))
  weight: { of: [ship], type: decimal, is: 'has(input.new) ? sum(input.new.map(id, fact("Item", id, "weight"))) : 0' }
  sold: { of: [ship], type: Bool, is: 'has(input.old) && input.old.exists(id, fact("Item", id, "stock") == 0 || true)' }
accumulators:
  spent: { key: originator, sum: derived.total, on: action == "order" }
  gold: { key: originator, sum: input.amount, on: 'action == "book" && has(input.amount) && facts.originator.tier == "gold"' }
  byKind: { key: kind + originator, count: true, on: action == "book" }
  asked: { key: originator, count: true, on: 'has(properties.urgent) && properties.urgent == true' }
  scoped: { key: originator, count: true, on: '"desk" in scope && assurance >= 3 && details.desk == 7' }
  tickets: { key: task, sum: size(input.passengers), on: 'action == "book" && has(input.passengers)' }
`,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("five") forbid (principal, action == Action::"book", resource) when { context.derived.passengers > 5 };
@id("big") forbid (principal, action == Action::"order", resource) when { context.derived.total > 100 || context.ledger.spent > 150 };
@id("covers") forbid (principal, action == Action::"swap", resource) when { context.derived.difference > 20 };
@id("light") forbid (principal, action == Action::"ship", resource) when { context.derived.weight.greaterThan(decimal("1.5")) || context.derived.sold };
@id("tier") forbid (principal, action == Action::"book", resource) when { context.ledger.gold > 1000 };
@id("look") forbid (principal, action == Action::"book", resource)
  when { context.ledger.byKind > 99 || context.ledger.asked > 99 || context.ledger.tickets > 99 };
@id("scope") forbid (principal, action == Action::"book", resource) when { context.ledger has scoped && context.ledger.scoped > 1 };
`,
  'entities/all.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' }, attrs: { tier: 'gold' }, parents: [] },
    { uid: { type: 'User', id: 'ben' }, attrs: { tier: 'plain' }, parents: [] },
    ...[10, 20, 45].map((price) => ({
      uid: { type: 'Item', id: `i${price}` },
      attrs: { price, weight: { __extn: { fn: 'decimal', arg: `0.${price}` } } },
      parents: [],
    })),
  ]),
};
const BUNDLE = bundleFrom(FILES);

function service() {
  const decider = offlineDecider(BUNDLE, { append: async () => undefined }, () => new Date('2026-12-01T08:00:00Z'));
  const ask = (
    action: string,
    input: object,
    { user = 'ana', token, properties }: { user?: string; token?: Partial<Provenance>; properties?: object } = {},
  ): Promise<DecisionRecord> => {
    const subject = { type: 'User', id: user };
    const request = {
      ...{ subject, resource: { type: 'Order', id: 'o' }, context: { input } },
      action: { name: action, ...(properties === undefined ? {} : { properties: { ...properties } }) },
    };
    const proved = token && ({ path: [subject], assurance: 3, txn: 'x' as Txn, ...token } as Provenance);
    return decider.decide(request, inProcess('gateway'), proved);
  };
  return { decider, ask };
}
const items = (...prices: number[]) => ({ items: prices.map((price, i) => ({ id: `n${i}`, price })) });

describe('a derived value', () => {
  it.each([
    ['order', items(50, 50), 'allow', { total: 100 }],
    ['order', items(50, 51), 'deny', { total: 101 }],
    // Two items that are alike are one item of a set, and two here.
    [
      'order',
      {
        items: [
          { id: 'a', price: 60 },
          { id: 'a', price: 60 },
        ],
      },
      'deny',
      { total: 120 },
    ],
    ['order', {}, 'allow', { total: 0 }],
    ['book', { passengers: [1, 2, 3, 4, 5].map((n) => ({ name: `p${n}` })) }, 'allow', { passengers: 5 }],
    ['book', { passengers: [1, 2, 3, 4, 5, 5].map((n) => ({ name: `p${n}` })) }, 'deny', { passengers: 6 }],
    ['swap', { old: ['i10'], new: ['i20', 'i10'] }, 'allow', { difference: 20 }],
    ['swap', { old: ['i20'], new: ['i45'] }, 'deny', { difference: 25 }],
    ['swap', { old: ['i45'], new: ['i10'] }, 'allow', { difference: -35 }],
    ['ship', { new: ['i10', 'i20', 'i45', 'i45'] }, 'allow', { weight: { __extn: { fn: 'decimal', arg: '1.2' } } }],
    ['ship', { new: ['i45', 'i45', 'i45', 'i45'] }, 'deny', { weight: { __extn: { fn: 'decimal', arg: '1.8' } } }],
  ])('of %s %j: %s', async (action, input, result, derived) => {
    const { ask } = service();
    const decision = await ask(action, input);
    expect([decision.result, decision.refusal?.code]).toEqual([result, undefined]);
    expect(JSON.parse(JSON.stringify(decision.seen))).toMatchObject({ derived });
  });

  it.each([
    ['swap', { new: ['i11'] }, 'fact_missing', 'price of Item::"i11"'],
    ['swap', { old: ['i10', 'gone'], new: ['i10'] }, 'fact_missing', 'price of Item::"gone"'],
    // Whatever the expression does with what is not known, and although the schema knows of the attribute.
    ['ship', { old: ['i10'] }, 'fact_missing', 'stock of Item::"i10"'],
    ['swap', { new: ['i10', 7] }, 'fact_missing', 'price of Item::"7"'],
    ['swap', { new: ['i10', true] }, 'invalid_request', 'context.input.new[1]: expected String'],
    ['order', { items: [{ id: 'a', price: '5' }] }, 'invalid_request', 'send 5 as a number, not as text'],
    ['order', { items: [{ id: 'a', price: 5.5 }] }, 'invalid_request', '5.5 is not a 64-bit integer'],
    ['order', { items: [{ id: 'a' }] }, 'invalid_request', 'the attribute `price` is required'],
    ['order', { items: 'abc' }, 'invalid_request', 'context.input.items: expected Set'],
    ['order', items(...new Array<number>(1_001).fill(0)), 'invalid_request', 'at most 1000 items'],
  ])('refuses %s %j: %s', async (action, input, code, message) => {
    const { ask } = service();
    const decision = await ask(action, input);
    expect(decision).toMatchObject({ result: 'deny', refusal: { code } });
    expect(decision.refusal?.message).toContain(message);
  });

  it('counts in a budget, which a call that is too large for it does not use up', async () => {
    const { ask } = service();
    const results: string[] = [];
    for (const price of [80, 80, 70, 1]) results.push((await ask('order', items(price))).result);
    expect(results).toEqual(['allow', 'deny', 'allow', 'deny']);
  });

  it('is set by no caller', async () => {
    const { decider } = service();
    const request = {
      ...{ subject: { type: 'User', id: 'ana' }, action: { name: 'order' }, resource: { type: 'Order', id: 'o' } },
      context: { input: items(200), derived: { total: 1 } },
    };
    expect((await decider.decide(request, inProcess('gateway'), undefined)).result).toBe('deny');
  });

  it('is on the record, so that the decision can be made again', async () => {
    const { decider, ask } = service();
    const replay = new Replay(decider.plane, BUNDLE.entities);
    for (const input of [items(100), items(101)]) {
      const decision = await ask('order', input);
      const record = JSON.parse(JSON.stringify(decision));
      expect(replay.decide(record)).toMatchObject({ kind: 'decided', verdict: { result: decision.result } });
      expect(replay.decide({ ...record, seen: {} })).toMatchObject({ kind: 'not-recorded' });
    }
  });
});

describe('an accumulator', () => {
  it('sees facts: a budget for each tier', async () => {
    const { ask } = service();
    expect((await ask('book', { amount: 900 })).result).toBe('allow');
    expect((await ask('book', { amount: 200 })).result).toBe('deny');
    expect((await ask('book', { amount: 5_000 }, { user: 'ben' })).ledger).toMatchObject({ gold: 0 });
  });

  it('is not known, and denies, if a fact that it names is too old', async () => {
    const bundle = bundleFrom({
      ...FILES,
      'facts.yaml': 'facts: { Item: { stock: { maxAge: 1h } }, User: { tier: { maxAge: 1h } } }',
      'entities/all.json': '[]',
    });
    const decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date('2026-12-01T08:00:00Z'));
    const request = {
      ...{ subject: { type: 'User', id: 'cleo' }, action: { name: 'book' }, resource: { type: 'Order', id: 'o' } },
      context: { input: { amount: 1 } },
    };
    const decision = await decider.decide(request, inProcess('gateway'), undefined);
    expect(decision).toMatchObject({ result: 'deny', refusal: { code: 'fact_missing' } });
    expect(decision.refusal?.message).toBe('accumulator gold: these facts are not known, or too old: tier');
  });

  it('sees the kind of the task, its token, and the properties of the action', async () => {
    const { ask } = service();
    const mandate = mandateOf('refund', 'any', 'x' as Txn);
    const token = { mandate, scope: ['desk'], details: { desk: 7 } };
    await ask('book', { amount: 1 }, { token, properties: { urgent: true } });
    const again = await ask('book', { amount: 1 }, { token, properties: { urgent: false } });
    expect(again.ledger).toMatchObject({ byKind: 2, asked: 1, scoped: 2 });
    // The details of a token are recorded once, when it is issued.
    expect(again.provenance).not.toHaveProperty('details');
    const other = await ask('book', { amount: 1 }, { token: { ...token, scope: ['other'] } });
    expect([again.result, other.result]).toEqual(['deny', 'allow']);
    expect(other.ledger).toMatchObject({ scoped: 1 });
    expect((await ask('book', { amount: 1 })).ledger).toMatchObject({ byKind: 1 });
  });

  it('sees the kind of the task of a client of the gateway, which has no token', async () => {
    const bundle = bundleFrom({
      ...FILES,
      'tasks.yaml': 'default: any\ntasks: { any: { mandate: any }, small: { mandate: [{ actions: [book] }] } }\n',
      'ledger.yaml': `${FILES['ledger.yaml']}  small: { key: originator, sum: input.amount, on: 'action == "book" && kind == "small"' }\n`,
      'policies/small.cedar':
        '@id("small") forbid (principal, action == Action::"book", resource) when { context.ledger.small > 10 };',
    });
    const decider = offlineDecider(bundle, { append: async () => undefined }, () => new Date('2026-12-01T08:00:00Z'));
    const book = async (amount: number, kind?: string): Promise<string> => {
      const request = {
        ...{ subject: { type: 'User', id: 'ben' }, action: { name: 'book' }, resource: { type: 'Order', id: 'o' } },
        context: { input: { amount } },
      };
      return (await decider.decide(request, { ...inProcess('gateway'), kind }, undefined)).result;
    };
    expect([await book(9, 'small'), await book(9, 'small'), await book(9), await book(1, 'small')]).toEqual([
      ...['allow', 'deny', 'allow', 'allow'],
    ]);
  });

  it('sums up a list: what was booked in all', async () => {
    const { ask } = service();
    const passengers = (n: number) => ({ passengers: Array.from({ length: n }, () => ({ name: 'x' })) });
    await ask('book', passengers(3));
    expect((await ask('book', passengers(2))).ledger).toMatchObject({ tickets: 5 });
  });
});
