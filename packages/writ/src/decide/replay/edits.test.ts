import { describe, expect, it } from 'vitest';
import type { DecisionId } from '../../lib/ids.js';
import type { DecisionRecord, FactRecord } from '../record.js';
import { type Edit, edited, editText } from './edits.js';

const [ana, order, role] = [
  { type: 'User', id: 'ana' },
  { type: 'Order', id: 'o' },
  { type: 'Role', id: 'lead' },
];
const record = (fact: Partial<FactRecord> = {}): DecisionRecord => ({
  ...{
    kind: 'decision',
    id: 'd' as DecisionId,
    time: '2026-06-01T12:00:00.000Z',
    result: 'deny',
    enforcementPoint: 'gateway',
  },
  request: {
    subject: ana,
    action: { name: 'refund' },
    resource: order,
    context: { task: 't', input: { amount: 40, to: { iban: 'x' } } },
  },
  reasons: [],
  facts: [
    { uid: ana, attributes: { level: 1, home: { city: 'Bern' } }, ancestors: [], ...fact },
    { uid: order, attributes: { state: 'open' }, ancestors: [] },
  ],
  ledger: { refunded: 10 },
  policyVersion: 'v1',
});
const change = <K extends Edit['kind']>(kind: K, edit: Omit<Extract<Edit, { kind: K }>, 'kind'>): Edit =>
  ({ kind, ...edit }) as unknown as Edit;
const factOf = (edits: Edit[], fact: Partial<FactRecord> = {}) => edited(record(fact), edits).facts[0];
const inputOf = (...edits: Edit[]) => edited(record(), edits).request.context;

describe('edited', () => {
  it.each([
    ['an attribute', ['level'], 3, { level: 3, home: { city: 'Bern' } }],
    ['a new attribute', ['team'], 'x', { level: 1, home: { city: 'Bern' }, team: 'x' }],
    ['an attribute within another', ['home', 'city'], 'Basel', { level: 1, home: { city: 'Basel' } }],
    ['a new record', ['tax', 'id'], 7, { level: 1, home: { city: 'Bern' }, tax: { id: 7 } }],
    ['an attribute that goes', ['level'], undefined, { home: { city: 'Bern' } }],
    ['an attribute that goes from within another', ['home', 'city'], undefined, { level: 1, home: {} }],
  ])('changes %s', (_clause, path, to, attributes) => {
    expect(factOf([change('fact', { entity: ana, path, from: undefined, to })])?.attributes).toEqual(attributes);
  });

  it('takes an edited attribute for a fact: neither withheld nor asserted', () => {
    const edit = change('fact', { entity: ana, path: ['level'], from: 1, to: 3 });
    const fact = factOf([edit], { withheld: ['level', 'team'], asserted: ['level', 'owner'] });
    expect([fact?.withheld, fact?.asserted]).toEqual([['team'], ['owner']]);
  });

  it.each([
    ['into a role', true, {}, { ancestors: [role] }],
    ['out of a role', false, { ancestors: [role, order] }, { ancestors: [order] }],
    [
      'out of a granted role',
      false,
      {
        granted: [
          { grant: 'g', in: role },
          { grant: 'h', in: order },
        ],
      },
      { granted: [{ grant: 'h', in: order }] },
    ],
  ])('moves an entity %s', (_clause, is, fact, expected) => {
    expect(factOf([change('membership', { entity: ana, in: role, is })], fact)).toMatchObject(expected);
  });

  it.each([
    ['an argument', ['amount'], 5, { amount: 5, to: { iban: 'x' } }],
    ['an argument within another', ['to', 'iban'], 'y', { amount: 40, to: { iban: 'y' } }],
    ['an argument that is left out', ['amount'], undefined, { to: { iban: 'x' } }],
  ])('changes %s, and nothing else of the context', (_clause, path, to, input) => {
    expect(inputOf(change('input', { path, from: 40, to }))).toEqual({ task: 't', input });
  });

  it('changes a value of the ledger', () => {
    const edit = change('ledger', { accumulator: 'refunded', from: 10, to: 0 });
    expect(edited(record(), [edit]).ledger).toEqual({ refunded: 0 });
  });

  it('makes several changes, and leaves the record as it was', () => {
    const before = record();
    const after = edited(before, [
      change('fact', { entity: ana, path: ['level'], from: 1, to: 3 }),
      change('fact', { entity: order, path: ['state'], from: 'open', to: 'shut' }),
    ]);
    expect(after.facts.map(({ attributes }) => attributes)).toMatchObject([{ level: 3 }, { state: 'shut' }]);
    expect(before).toEqual(record());
  });
});

describe('editText', () => {
  const fact = (to: unknown, from?: unknown) => change('fact', { entity: ana, path: ['home', 'city'], from, to });
  const input = (to: unknown, from?: unknown) => change('input', { path: ['to', 'iban'], from, to });
  it.each([
    [fact('Basel', 'Bern'), 'User::"ana".home.city = "Basel" instead of "Bern"'],
    [fact('Basel'), 'User::"ana".home.city = "Basel", which nobody says'],
    [fact(undefined, 'Bern'), 'User::"ana".home.city not known'],
    [change('membership', { entity: ana, in: role, is: true }), 'User::"ana" in Role::"lead"'],
    [change('membership', { entity: ana, in: role, is: false }), 'User::"ana" not in Role::"lead"'],
    [change('ledger', { accumulator: 'refunded', from: 110, to: 100 }), 'so far, refunded 100 instead of 110'],
    [input('y', 'x'), 'the argument to.iban "y" instead of "x"'],
    [input('y'), 'the argument to.iban "y"'],
    [input(undefined, 'x'), 'the argument to.iban left out instead of "x"'],
    [fact({ __entity: role }), 'User::"ana".home.city = Role::"lead", which nobody says'],
    [fact({ __extn: { fn: 'decimal', arg: '1.5' } }), 'User::"ana".home.city = 1.5, which nobody says'],
    [fact(['a', 1]), 'User::"ana".home.city = "a", 1, which nobody says'],
    [fact([]), 'User::"ana".home.city = nothing, which nobody says'],
  ])('%#: %s', (edit, text) => {
    expect(editText(edit as Edit)).toBe(text);
  });
});
