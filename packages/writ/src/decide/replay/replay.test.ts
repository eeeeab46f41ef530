import { describe, expect, it } from 'vitest';
import { bundleFrom } from '../../../test/planes.js';
import { inProcess } from '../caller.js';
import { offlineDecider, planeOf } from '../plane-of.js';
import type { DecisionRecord } from '../record.js';
import { Replay } from './replay.js';

const SCHEMA = `
  entity Role;
  entity User in [Role] = { level?: Long };
  entity Order = { state: String };
  action refund appliesTo { principal: [User], resource: [Order], context: { input: { amount?: Long } } };`;
const ENTITIES = [
  { uid: { type: 'User', id: 'ana' }, attrs: { level: 3 }, parents: [{ type: 'Role', id: 'desk' }] },
  { uid: { type: 'Order', id: 'o' }, attrs: { state: 'open' }, parents: [] },
];
const bundleOf = (policies: string, entities: readonly object[] = ENTITIES) =>
  bundleFrom({
    'schema.cedarschema': SCHEMA,
    'entities/all.json': JSON.stringify(entities),
    'policies/all.cedar': policies,
  });
const replayOf = (policies: string, entities?: readonly object[]): Replay => {
  const bundle = bundleOf(policies, entities);
  return new Replay(planeOf(bundle), bundle.entities);
};
async function recorded(
  policies: string,
  staleness: () => string | undefined = () => undefined,
): Promise<DecisionRecord> {
  const decider = offlineDecider(bundleOf(policies), { append: async () => undefined }, () => new Date(), {
    staleness,
  });
  const request = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'refund' },
    resource: { type: 'Order', id: 'o' },
    context: { input: { amount: 40 } },
  };
  return JSON.parse(JSON.stringify(await decider.decide(request, inProcess('test'), undefined)));
}
const resultOf = (replay: Replay, record: DecisionRecord) => {
  const made = replay.decide(record);
  return made.kind === 'decided' ? made.verdict.result : made;
};

const SENIOR = '@id("p") permit(principal, action, resource) when { principal has level && principal.level >= 3 };';
const RISKY = '@id("p") @highRisk permit(principal, action, resource);';

describe('a recorded decision, made again', () => {
  it('rests on the facts of the record, not on those of today', async () => {
    const record = await recorded(SENIOR);
    const juniors = [{ ...ENTITIES[0], attrs: { level: 1 } }, ENTITIES[1] as object];
    expect(resultOf(replayOf(SENIOR, juniors), record)).toBe('allow');
  });

  it('leaves nothing behind for the next', async () => {
    const record = await recorded(SENIOR);
    const [ana, order] = record.facts;
    const junior = { ...record, facts: [{ ...ana, attributes: { level: 1 } }, order] } as DecisionRecord;
    const replay = replayOf(SENIOR);
    expect([record, junior, record, junior].map((one) => resultOf(replay, one))).toEqual([
      'allow',
      'deny',
      'allow',
      'deny',
    ]);
  });

  it('puts back what the bundle says of entities that the next record does not have', async () => {
    const policy =
      '@id("p") permit(principal, action, resource) when { User::"boss" has level && User::"boss".level >= 3 };';
    const boss = { uid: { type: 'User', id: 'boss' }, attrs: { level: 1 }, parents: [] };
    const record = await recorded(policy);
    const referred = [{ uid: boss.uid, attributes: { level: 9 }, ancestors: [] }];
    const replay = replayOf(policy, [...ENTITIES, boss]);
    expect([{ ...record, referred }, record].map((one) => resultOf(replay, one))).toEqual(['allow', 'deny']);
  });

  it.each([
    ['another policy', '@id("p") forbid(principal, action, resource);', 'deny'],
    ['another condition', SENIOR.replace('3', '4'), 'deny'],
    ['a role', '@id("p") permit(principal in Role::"desk", action, resource);', 'allow'],
    ['an argument', '@id("p") permit(principal, action, resource) when { context.input.amount < 40 };', 'deny'],
  ])('can come out otherwise under %s', async (_clause, policies, result) => {
    expect(resultOf(replayOf(policies), await recorded(SENIOR))).toBe(result);
  });

  it('is kept if no policy made it', async () => {
    const record = await recorded(SENIOR);
    const refusal = { code: 'revoked', message: 'the identity is revoked' } as const;
    expect(resultOf(replayOf(SENIOR), { ...record, refusal })).toEqual({ kind: 'kept' });
  });
});

describe('a decision that was deferred because revocations were old', () => {
  const stale = () => 'nothing was heard for 90s';
  it('is the same in every part', async () => {
    const record = await recorded(RISKY, stale);
    const made = replayOf(RISKY).decide(record);
    expect(made).toMatchObject({
      kind: 'decided',
      verdict: { result: 'defer', stale: stale(), refusal: record.refusal },
    });
  });

  it('is permitted under a policy that is of no high risk', async () => {
    expect(resultOf(replayOf(RISKY.replace('@highRisk', '')), await recorded(RISKY, stale))).toBe('allow');
  });

  it('cannot be made again without the reason, of which older records have the words alone', async () => {
    const { stale: _gone, ...record } = await recorded(RISKY, stale);
    expect(resultOf(replayOf(RISKY), record)).toMatchObject({ kind: 'not-recorded' });
    expect(resultOf(replayOf(RISKY.replace('@highRisk', '')), record)).toBe('allow');
  });
});

describe('what was masked', () => {
  const POLICY = '@id("p") permit(principal, action, resource) when { context.input.amount < 100 };';
  const withInput = (record: DecisionRecord, input: unknown): DecisionRecord => ({
    ...record,
    request: { ...record.request, context: { input } },
  });
  it.each([
    ['dropped', { masked: 'dropped' }],
    ['hashed', { masked: `hmac-sha256:${'x'.repeat(43)}` }],
  ])('is needed, if it was %s and does not fit', async (_clause, amount) => {
    expect(resultOf(replayOf(POLICY), withInput(await recorded(POLICY), { amount }))).toMatchObject({
      kind: 'not-recorded',
      why: expect.stringMatching(/^what was masked is needed/),
    });
  });

  it.each([
    ['a record of the caller that looks alike', { masked: 'x' }],
    ['a text that speaks of it', '"masked":"dropped"'],
  ])('is not meant by %s', async (_clause, amount) => {
    expect(resultOf(replayOf(POLICY), withInput(await recorded(POLICY), { amount }))).toBe('deny');
  });
});
