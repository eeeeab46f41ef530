import { compile, Entities, type Entity } from '@writ/cedar';
import type { MissingFact } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { evaluate, type Gathered } from './evaluate.js';

const uid = (type: string, id: string) => ({ type, id });
const entities = Entities.fromJson([
  { uid: uid('User', 'ana'), attrs: { level: 1 }, parents: [uid('Role', 'support')] },
  { uid: uid('Agent', 'bot'), attrs: {}, parents: [] },
  { uid: uid('Order', 'o'), attrs: { state: 'open' }, parents: [] },
  { uid: uid('Role', 'support'), attrs: {}, parents: [] },
]);
const entity = (type: string, id: string): Entity => entities.get(uid(type, id)) as Entity;
const [ana, bot] = [entity('User', 'ana'), entity('Agent', 'bot')];
const FACT: MissingFact = { entity: uid('Order', 'o'), attribute: 'owner' };

/** Evaluates policies for ana alone, unless a case says otherwise. */
const verdictOf = (policies: string, given: Partial<Gathered> = {}) =>
  evaluate({
    policies: compile({ policies }),
    entities,
    identities: [ana],
    resource: entity('Order', 'o'),
    action: uid('Action', 'refund'),
    context: {},
    obligations: {},
    supported: new Set(),
    parts: [],
    missing: () => [],
    withheld: () => [],
    approved: () => new Set(),
    stale: () => undefined,
    ...given,
  });

const PERMIT = '@id("yes") permit(principal, action, resource);';
const FORBID = '@id("no") @reason("closed") forbid(principal, action, resource);';
const STEP_UP = '@id("mfa") @stepUp("phr") forbid(principal, action, resource);';
const ASK = '@id("ask") @requestable("desk") forbid(principal, action, resource);';
const BROKEN_FORBID = '@id("bad") forbid(principal, action, resource) when { resource.owner == principal };';
const BROKEN_PERMIT = '@id("bad") permit(principal, action, resource) when { resource.owner == principal };';

describe('the result', () => {
  it.each([
    ['no policy', '', 'deny', [], 'not_permitted'],
    ['a permit', PERMIT, 'allow', ['yes'], undefined],
    ['a forbid over a permit', PERMIT + FORBID, 'deny', ['no'], undefined],
    ['a forbid without a permit: the forbid says why', FORBID, 'deny', ['no'], undefined],
    ['a step-up that is missing', PERMIT + STEP_UP, 'step_up', ['mfa'], undefined],
    ['something that can be asked for', PERMIT + ASK, 'step_up', ['ask'], undefined],
    ['what can be lifted does not help without a permit', ASK, 'deny', ['ask'], 'not_permitted'],
    ['what can be lifted beside what cannot', PERMIT + ASK + FORBID, 'deny', ['no', 'ask'], undefined],
    ['a forbid that fails, where Cedar would skip it', PERMIT + BROKEN_FORBID, 'deny', [], 'policy_error'],
    ['a permit that fails, and no other', BROKEN_PERMIT, 'deny', [], 'policy_error'],
    ['a permit that fails beside another', PERMIT + BROKEN_PERMIT, 'allow', ['yes'], undefined],
    ['a forbid beside one that fails', PERMIT + FORBID + BROKEN_FORBID, 'deny', ['no'], 'policy_error'],
  ])('%s', (_clause, policies, result, reasons, code) => {
    const verdict = verdictOf(policies);
    expect([verdict.result, verdict.reasons.map(({ policy }) => policy), verdict.refusal?.code]).toEqual([
      result,
      reasons,
      code,
    ]);
  });

  it('names the identity, the reason and what lifts it', () => {
    expect(verdictOf(PERMIT + FORBID).reasons).toEqual([
      { policy: 'no', effect: 'forbid', identity: uid('User', 'ana'), reason: 'closed' },
    ]);
    expect(verdictOf(PERMIT + STEP_UP).reasons).toMatchObject([{ policy: 'mfa', liftedBy: 'step-up' }]);
    expect(verdictOf(PERMIT + ASK).reasons).toMatchObject([{ policy: 'ask', liftedBy: 'request' }]);
  });

  it('says which policy failed', () => {
    expect(verdictOf(BROKEN_PERMIT).refusal?.message).toMatch(
      /^no policy permits User::"ana" to refund .*bad could not/,
    );
    expect(verdictOf(PERMIT + BROKEN_FORBID).refusal?.message).toMatch(/^the forbid policy bad could not be evaluated/);
  });
});

describe('each identity of a path', () => {
  const identities = [ana, bot];
  it.each([
    ['both are permitted', PERMIT, 'allow', ['yes', 'yes']],
    ['the originator alone is permitted', '@id("u") permit(principal is User, action, resource);', 'deny', []],
    ['the actor alone is permitted', '@id("a") permit(principal is Agent, action, resource);', 'deny', []],
    ['one is forbidden', `${PERMIT}@id("no") forbid(principal is Agent, action, resource);`, 'deny', ['no']],
    [
      'one needs a step-up',
      `${PERMIT}@id("mfa") @stepUp("x") forbid(principal is User, action, resource);`,
      'step_up',
      ['mfa'],
    ],
  ])('%s', (_clause, policies, result, reasons) => {
    const verdict = verdictOf(policies, { identities });
    expect([verdict.result, verdict.reasons.map(({ policy }) => policy)]).toEqual([result, reasons]);
  });
});

describe('facts', () => {
  const old: MissingFact = { ...FACT, source: 'crm', asOf: '2026-01-01T00:00:00.000Z' };
  it.each([
    ['a failing forbid lacks a fact that the schema promises', PERMIT + BROKEN_FORBID, { missing: [FACT] }, 'defer'],
    ['a failing permit lacks one', BROKEN_PERMIT, { missing: [FACT] }, 'defer'],
    ['a fact is missing and nothing permits anyway', '', { missing: [FACT] }, 'deny'],
    ['a fact was withheld', PERMIT, { withheld: [old] }, 'defer'],
    ['a fact was withheld, and a forbid applies without it', PERMIT + FORBID, { withheld: [old] }, 'deny'],
    ['a fact was withheld, and nothing permits', '', { withheld: [old] }, 'defer'],
    ['a fact is missing and no policy failed', PERMIT, { missing: [FACT] }, 'allow'],
  ])('%s', (_clause, policies, { missing = [], withheld = [] }: Record<string, MissingFact[]>, result) => {
    const verdict = verdictOf(policies, { missing: () => missing, withheld: () => withheld });
    expect(verdict.result).toBe(result);
    if (result !== 'defer') return;
    expect(verdict.refusal?.code).toBe('fact_missing');
    expect(verdict.missing).toEqual([...missing, ...withheld]);
  });

  it('says of a fact how old it is', () => {
    expect(verdictOf(PERMIT, { withheld: () => [old] }).refusal?.message).toBe(
      'not decided until these facts are known: Order::"o".owner (too old: as of 2026-01-01T00:00:00.000Z, from crm)',
    );
  });
});

describe('approvals', () => {
  it.each([
    ['lift what can be asked for', PERMIT + ASK, ['ask'], 'allow'],
    ['of another policy lift nothing', PERMIT + ASK, ['mfa'], 'step_up'],
    ['lift no step-up', PERMIT + STEP_UP, ['mfa'], 'step_up'],
    ['lift no forbid', PERMIT + FORBID, ['no'], 'deny'],
    ['lift no step-up beside what they lift', PERMIT + ASK + STEP_UP, ['ask', 'mfa'], 'step_up'],
    ['leave what else stands in the way', PERMIT + ASK + STEP_UP, ['ask'], 'step_up'],
    ['permit nothing that no policy permits', ASK, ['ask'], 'deny'],
  ])('%s', (_clause, policies, lifted, result) => {
    expect(verdictOf(policies, { approved: () => new Set(lifted) }).result).toBe(result);
  });

  it('are looked up for the policies that can be asked for, and only if there is one', () => {
    const asked: (readonly string[])[] = [];
    const approved: Gathered['approved'] = (policies) => {
      asked.push(policies);
      return new Set();
    };
    verdictOf(PERMIT + STEP_UP, { approved });
    verdictOf(PERMIT + STEP_UP + ASK, { approved });
    expect(asked).toEqual([['ask']]);
  });
});

describe('obligations', () => {
  const obligations = {
    tell: { type: 'notify', properties: { to: 'desk' } },
    hide: { type: 'redact', properties: { path: '$.card' } },
  };
  const supported = new Set(['notify', 'redact']);
  const asks = (names: string) => `@id("yes") @obligation("${names}") permit(principal, action, resource);`;
  it.each([
    ['of a permit go along', asks('tell'), supported, 'allow', ['tell'], undefined],
    ['that change something make it a modify', asks('tell hide'), supported, 'modify', ['tell', 'hide'], undefined],
    [
      'asked for twice are one',
      asks('tell') + asks('tell').replace('yes', 'too'),
      supported,
      'allow',
      ['tell'],
      undefined,
    ],
    [
      'that the caller cannot carry out deny',
      asks('tell'),
      new Set<string>(),
      'deny',
      undefined,
      'obligation_unsupported',
    ],
    ['that are not declared deny', asks('gone'), supported, 'deny', undefined, 'obligation_unsupported'],
    [
      'of a permit that does not apply do not count',
      `${PERMIT}${asks('gone').replace('"yes"', '"other"').replace('principal,', 'principal is Agent,')}`,
      supported,
      'allow',
      undefined,
      undefined,
    ],
  ])('%s', (_clause, policies, can, result, ids, code) => {
    const verdict = verdictOf(policies, { obligations, supported: can });
    expect([verdict.result, verdict.obligations?.map(({ id }) => id), verdict.refusal?.code]).toEqual([
      result,
      ids,
      code,
    ]);
  });

  it('a step-up says how far the assurance has to be raised', () => {
    expect(verdictOf(PERMIT + STEP_UP).obligations).toEqual([
      { id: 'mfa', type: 'step-up', properties: { acr_value: 'phr' } },
    ]);
  });
});

describe('@highRisk', () => {
  const RISKY = '@id("risky") @highRisk permit(principal, action, resource);';
  const stale = () => 'nothing was heard for 90s';
  it.each([
    ['while nothing is known to be old', RISKY, () => undefined, 'allow'],
    ['while revocations are old', RISKY, stale, 'defer'],
    ['of another permit than applies', PERMIT, stale, 'allow'],
    ['on one of two permits', PERMIT + RISKY, stale, 'defer'],
    ['with a forbid', RISKY + FORBID, stale, 'deny'],
  ])('%s', (_clause, policies, why, result) => {
    expect(verdictOf(policies, { stale: why }).result).toBe(result);
  });

  it('says why, also by itself', () => {
    expect(verdictOf(RISKY, { stale })).toMatchObject({
      refusal: { code: 'registry_stale', message: 'risky permits what is of high risk, and nothing was heard for 90s' },
      stale: 'nothing was heard for 90s',
    });
  });
});

describe('approve and break_glass', () => {
  it.each([
    ['a permit for everything makes nobody an approver', PERMIT, 'deny'],
    [
      'a permit that names the action does',
      '@id("y") permit(principal, action == Action::"approve", resource);',
      'allow',
    ],
    [
      'a permit that lists the action does',
      '@id("y") permit(principal, action in [Action::"look", Action::"approve"], resource);',
      'allow',
    ],
    ['a permit for another action does not', '@id("y") permit(principal, action == Action::"look", resource);', 'deny'],
  ])('%s', (_clause, policies, result) => {
    expect(verdictOf(policies, { action: uid('Action', 'approve') }).result).toBe(result);
  });

  it('says that a permit would, if it named the action', () => {
    expect(verdictOf(PERMIT, { action: uid('Action', 'break_glass') }).refusal?.message).toMatch(
      /; yes would, and does not name the action$/,
    );
  });
});
