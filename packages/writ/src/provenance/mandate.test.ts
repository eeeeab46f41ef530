import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedDetailsShape, type GrantTerms, grantShape } from '../lib/authorization-details.js';
import { amountsOf, detailsOf, type Grant, mandateIn, mandateOf, misfit, narrowed } from './mandate.js';
import { isWithin } from './within.js';

const ACTIONS = ['read', 'refund', 'mail'];
const EFFECTS = ['read', 'money', 'egress'];
const RESOURCES = ['Order', 'Order::"1"', 'Order::"2"', 'Note', 'Note::"1"'];

const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1 });
const optional = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined });
const constraint = fc
  .record({
    one_of: optional(some<string | number>([1, 5, 20, 'ana', 'ben'])),
    min: optional(fc.integer({ min: 0, max: 10 })),
    max: optional(fc.integer({ min: 0, max: 30 })),
    optional: optional(fc.constant(true as const)),
  })
  .filter(({ optional: _, ...one }) => Object.values(one).some((value) => value !== undefined));
const terms: fc.Arbitrary<GrantTerms> = fc
  .record({
    actions: optional(some(ACTIONS)),
    effects: optional(some(EFFECTS)),
    resources: optional(some(RESOURCES)),
    input: optional(fc.dictionary(fc.constantFrom('amount', 'to'), constraint)),
    until: optional(fc.integer({ min: 50, max: 150 })),
    uses: optional(fc.integer({ min: 0, max: 3 })),
  })
  .filter(({ actions, effects }) => actions !== undefined || effects !== undefined);
const value = fc.oneof(
  fc.integer({ min: -1, max: 35 }),
  fc.constantFrom<unknown>('ana', 'ben', 'eve', null, true, 5.5, [5, 1], ['ana', 'eve'], [], {}),
);
const action = fc.record({
  name: fc.constantFrom(...ACTIONS),
  effects: optional(fc.subarray(EFFECTS)),
  resource: fc.record({ type: fc.constantFrom('Order', 'Note'), id: fc.constantFrom('1', '2', '3') }),
  input: fc.dictionary(fc.constantFrom('amount', 'to'), value),
  now: fc.integer({ min: 40_000, max: 160_000 }).map((ms) => new Date(ms)),
});
const grantOf = (one: GrantTerms): Grant => mandateOf('k', [one], 'm').grants[0] as Grant;

describe('a mandate', () => {
  it('covers nothing that the one which it is within does not cover', () => {
    let [within, covered] = [0, 0];
    const members = fc.subarray(['actions', 'effects', 'resources', 'input', 'until'] as const, { maxLength: 2 });
    fc.assert(
      fc.property(terms, terms, members, action, (other, parent, changed, asked) => {
        // Made from the parent, or hardly any would be within it.
        const child: GrantTerms = { ...parent, ...Object.fromEntries(changed.map((name) => [name, other[name]])) };
        if (!isWithin(child, grantOf(parent))) return;
        within += 1;
        if (misfit(grantOf(child), asked) !== undefined) return;
        covered += 1;
        expect(misfit(grantOf(parent), asked)).toBeUndefined();
      }),
      { numRuns: 10_000 },
    );
    expect(within).toBeGreaterThan(1_000);
    expect(covered).toBeGreaterThan(50);
  });

  it('is within itself, and keeps the quantities of whatever it was narrowed from', () => {
    fc.assert(
      fc.property(terms, (one) => {
        expect(isWithin(one, grantOf(one))).toBe(true);
        const parent = mandateOf('k', [{ ...one, uses: 2 }], 'p');
        const result = narrowed(parent, [{ ...one, uses: 9 }], 'c');
        if (!('mandate' in result)) throw new Error('it is not within itself');
        const [grant] = result.mandate.grants as readonly Grant[];
        expect(grant?.caps.map(({ id, uses }) => [id, uses])).toEqual([
          ['p#0', 2],
          ['c#0', 9],
        ]);
      }),
    );
  });

  it('says in a token what it says here', () => {
    fc.assert(
      fc.property(terms, (one) => {
        const mandate = mandateOf('k', [one], 'm');
        const told = JSON.parse(JSON.stringify(detailsOf(mandate)));
        expect(mandateIn('k', told)).toEqual(JSON.parse(JSON.stringify(mandate)));
      }),
    );
  });

  it.each([
    ['a member that nobody knows', { actions: ['refund'], only_on: 'mondays' }],
    ['a constraint that nobody knows', { actions: ['refund'], input: { amount: { max: 5, step: 2 } } }],
    ['a constraint that restricts nothing', { actions: ['refund'], input: { amount: {} } }],
    [
      'a constraint that restricts nothing but may be absent',
      { actions: ['refund'], input: { amount: { optional: true } } },
    ],
    ['an empty list, which could mean everything', { actions: [] }],
    ['nothing that it is for', { resources: ['Order'] }],
    ['an amount that is not whole', { actions: ['refund'], limits: { amount: 1.5 } }],
    ['a number that parsers read differently', { actions: ['refund'], input: { amount: { max: 2 ** 53 + 2 } } }],
    ['a negative number of uses', { actions: ['refund'], uses: -1 }],
  ])('is refused with %s', (_what, one) => {
    expect(grantShape.safeParse(one).success).toBe(false);
    expect(askedDetailsShape.safeParse([{ type: 'writ_action', ...one }]).success).toBe(false);
  });

  it.each([[-1], [1.5], ['5'], [undefined], [2 ** 60], [Number.NaN]])('counts no amount of %s', (amount) => {
    expect(amountsOf(grantOf({ actions: ['refund'], limits: { amount: 10 } }), { amount })).toEqual({
      wrong: 'amount',
    });
  });
});
