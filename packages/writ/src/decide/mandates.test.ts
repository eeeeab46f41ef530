import type { Verdict } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { Caps } from '../ledger/caps.js';
import type { GrantTerms } from '../lib/authorization-details.js';
import { type Mandate, mandateOf } from '../provenance/mandate.js';
import type { TaskKinds } from '../provenance/task-kinds.js';
import { type Coverage, coverageOf, mandateFor, mandatePolicy, outsideVerdict } from './mandates.js';

const now = new Date('2026-06-01T12:00:00Z');
const order = { type: 'Order', id: 'o-1' };
const refund = { name: 'refund', effects: ['money'], resource: order, input: { amount: 40 }, now };
const cover = (terms: 'any' | readonly GrantTerms[], action = {}, caps = new Caps()): Coverage =>
  coverageOf(mandateOf('desk', terms, 'm'), { ...refund, ...action }, caps);

describe('mandateFor', () => {
  const [given, usual] = ['given', 'usual'].map((kind): Mandate => ({ kind, grants: [] }));
  it.each([
    ['the one of the token comes first', given, 'refund', given],
    ['else that of the default kind', undefined, 'refund', usual],
    ['handing the task on is outside all mandates', given, 'delegate', undefined],
    ['so is starting a task', given, 'start_task', undefined],
    ['so is widening one', given, 'widen_task', undefined],
  ])('%s', (_clause, of, action, expected) => {
    expect(mandateFor(of, usual, action)).toBe(expected);
  });

  it('is undefined if neither says anything', () => {
    expect(mandateFor(undefined, undefined, 'refund')).toBeUndefined();
  });
});

describe('coverageOf', () => {
  it('covers everything and takes nothing without restriction', () => {
    expect(cover('any')).toEqual({ kind: 'desk', covers: true, namesResource: false, namedInput: [] });
  });

  it.each([
    ['the first grant that covers', [{ actions: ['look'] }, { actions: ['refund'] }, { effects: ['money'] }], 1],
    ['an action', [{ actions: ['refund'] }], 0],
    ['an effect', [{ effects: ['money', 'mail'] }], 0],
    ['a resource', [{ actions: ['refund'], resources: ['Order::"o-1"'] }], 0],
    ['a type of resource', [{ actions: ['refund'], resources: ['Order'] }], 0],
    ['a value of an argument', [{ actions: ['refund'], input: { amount: { max: 40 } } }], 0],
    ['an end that is not reached', [{ actions: ['refund'], until: now.getTime() / 1_000 + 1 }], 0],
    ['a use that is left', [{ actions: ['refund'], uses: 1 }], 0],
    ['an amount that is left', [{ actions: ['refund'], limits: { amount: 40 } }], 0],
  ] satisfies [string, GrantTerms[], number][])('takes %s', (_clause, terms, grant) => {
    expect(cover(terms)).toMatchObject({ covers: true, grant });
  });

  it.each([
    ['nothing', [], 'it covers nothing'],
    ['another action', [{ actions: ['look'] }], 'it is not for refund'],
    ['another effect', [{ effects: ['mail'] }], 'it is not for the effect money'],
    ['another resource', [{ actions: ['refund'], resources: ['Order::"o-2"'] }], 'it is not for Order::"o-1"'],
    ['a smaller value', [{ actions: ['refund'], input: { amount: { max: 39 } } }], 'it is not for this amount'],
    [
      'an argument that is not there',
      [{ actions: ['refund'], input: { to: { one_of: ['a'] } } }],
      'it is not for this to',
    ],
    ['an end that is reached', [{ actions: ['refund'], until: now.getTime() / 1_000 }], 'its time is over'],
    ['no use', [{ actions: ['refund'], uses: 0 }], /^it may be used/],
    [
      'a smaller amount',
      [{ actions: ['refund'], limits: { amount: 39 } }],
      '0 of 39 of amount is used up, and this is 40',
    ],
  ] satisfies [string, GrantTerms[], string | RegExp][])('does not cover when it has %s', (_clause, terms, why) => {
    expect(cover(terms)).toMatchObject({
      covers: false,
      why: why instanceof RegExp ? expect.stringMatching(why) : why,
    });
  });

  it.each([
    [
      'effects that nobody described',
      { effects: undefined },
      [{ effects: ['money'] }],
      'the effects of refund are not known',
    ],
    ['no effects', { effects: [] }, [{ effects: ['money'] }], 'the effects of refund are not known'],
    [
      'an amount that is no number',
      { input: { amount: 'all' } },
      [{ actions: ['refund'], limits: { amount: 99 } }],
      'amount is not a whole amount',
    ],
    [
      'an amount below nothing',
      { input: { amount: -1 } },
      [{ actions: ['refund'], limits: { amount: 99 } }],
      'amount is not a whole amount',
    ],
  ])('does not cover %s', (_clause, action, terms, why) => {
    expect(cover(terms as GrantTerms[], action)).toMatchObject({ covers: false, why });
  });

  it.each([
    [
      'of the one for this action that is used up',
      [{ actions: ['look'] }, { actions: ['refund'], uses: 0 }],
      /^it may be used/,
    ],
    [
      'of the first, if none is for this action',
      [{ actions: ['look'] }, { effects: ['mail'] }],
      'it is not for refund',
    ],
    [
      'of the first, if it is used up and others are for another',
      [{ actions: ['refund'], uses: 0 }, { actions: ['look'] }],
      /^it may be used/,
    ],
    [
      'of the last that is used up',
      [
        { actions: ['refund'], uses: 0 },
        { actions: ['refund'], until: 1 },
      ],
      'its time is over',
    ],
  ] satisfies [string, GrantTerms[], string | RegExp][])('gives the reason %s', (_clause, terms, why) => {
    expect(cover(terms).why).toEqual(why instanceof RegExp ? expect.stringMatching(why) : why);
  });

  it('takes of each cap, and until the token has ended everywhere', () => {
    const covered = cover([{ actions: ['refund'], uses: 2, limits: { amount: 100 } }]);
    expect(covered.use).toMatchObject({ caps: ['m#0'], amounts: { amount: 40 } });
    expect(covered.use?.until).toBeGreaterThan(now.getTime() / 1_000 + 3_600);
  });

  it('says whether the grant names the action', () => {
    expect(cover([{ actions: ['refund'] }]).namesAction).toBe(true);
    expect(cover([{ effects: ['money'] }], { effects: ['money'] }).namesAction).not.toBe(true);
    expect(cover('any').namesAction).not.toBe(true);
  });

  it('covers until a cap is used up', () => {
    const caps = new Caps();
    const terms: GrantTerms[] = [{ actions: ['refund'], limits: { amount: 100 } }];
    for (const expected of [true, true, false]) {
      const covered = cover(terms, {}, caps);
      expect(covered.covers).toBe(expected);
      if (covered.use !== undefined) caps.take('01JX0000000000000000000000', covered.use, now);
    }
  });

  it.each([
    ['a resource', [{ actions: ['refund'], resources: ['Order::"o-1"'] }], true, []],
    ['only a type', [{ actions: ['refund'], resources: ['Order'] }], false, []],
    [
      'a resource and a type, which lets any through',
      [{ actions: ['refund'], resources: ['Order::"o-1"', 'Order'] }],
      false,
      [],
    ],
    ['values of an argument', [{ actions: ['refund'], input: { amount: { one_of: [40] } } }], false, ['amount']],
    ['a range, which names no value', [{ actions: ['refund'], input: { amount: { max: 40 } } }], false, []],
  ] satisfies [string, GrantTerms[], boolean, string[]][])(
    'says whether the grant names %s',
    (_clause, terms, namesResource, namedInput) => {
      expect(cover(terms)).toMatchObject({ namesResource, namedInput });
    },
  );
});

describe('outsideVerdict', () => {
  const PERMITTED: Verdict = { result: 'allow', reasons: [] };
  const ASKED: Verdict = {
    result: 'step_up',
    reasons: [{ policy: 'guard', effect: 'forbid', identity: { type: 'User', id: 'ana' }, liftedBy: 'request' }],
  };
  const DEFERRED: Verdict = { result: 'defer', reasons: [], missing: [] };
  const DENIED: Verdict = {
    result: 'deny',
    reasons: [],
    refusal: { code: 'not_permitted', message: 'no policy permits it' },
  };
  const kinds = (outside: 'ask' | 'deny'): TaskKinds => ({
    usual: 'desk',
    kinds: new Map([['desk', { scope: 'desk', mandate: [], lifetime: undefined, outside }]]),
  });
  const request = { subject: { type: 'User', id: 'ana' }, action: { name: 'refund' }, resource: order };
  const outside = { kind: 'desk', covers: false, why: 'it is not for refund', namesResource: false, namedInput: [] };
  it.each([
    ['denies', outside, kinds('deny'), 'deny', []],
    ['asks, where the kind says so', outside, kinds('ask'), 'step_up', ['mandate:desk']],
    ['denies a kind that is not declared', { ...outside, kind: 'gone' }, kinds('ask'), 'deny', []],
    ['denies without kinds', { ...outside, kind: '' }, undefined, 'deny', []],
  ])('%s', (_clause, coverage, declared, result, policies) => {
    const verdict = outsideVerdict(PERMITTED, coverage, declared, request);
    expect([verdict.result, verdict.reasons.map(({ policy }) => policy)]).toEqual([result, policies]);
    expect(verdict.refusal).toEqual({
      code: 'outside_mandate',
      message: `the mandate of this task${coverage.kind === '' ? '' : ` (${coverage.kind})`} does not cover it: it is not for refund`,
    });
  });

  it.each([
    ['a question of a rule becomes a denial', ASKED, 'deny', 'deny', ['guard']],
    ['a question of a rule and of the mandate is one question', ASKED, 'ask', 'step_up', ['guard', 'mandate:desk']],
    ['nobody waits for a fact', DEFERRED, 'deny', 'deny', []],
    ['where it asks, the fact comes first', DEFERRED, 'ask', 'defer', []],
    ['a denial stays', DENIED, 'ask', 'deny', []],
  ] satisfies [string, Verdict, 'ask' | 'deny', string, string[]][])(
    '%s',
    (_clause, byPolicy, how, result, policies) => {
      const verdict = outsideVerdict(byPolicy, outside, kinds(how), request);
      expect([verdict.result, verdict.reasons.map(({ policy }) => policy)]).toEqual([result, policies]);
    },
  );

  it('can be lifted on request, under the name of the mandate', () => {
    expect(outsideVerdict(PERMITTED, outside, kinds('ask'), request).reasons).toEqual([
      { policy: mandatePolicy('desk'), effect: 'forbid', identity: request.subject, liftedBy: 'request' },
    ]);
  });
});
