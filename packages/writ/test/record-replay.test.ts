import type { AccessRequest } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { isSame } from '../src/audit/explain/verdict.js';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider, planeOf } from '../src/decide/plane-of.js';
import type { DecisionRecord, LogEntry } from '../src/decide/record.js';
import { Replay } from '../src/decide/replay/replay.js';
import { entryText } from '../src/record/entry-text.js';
import { commandHere as command } from './printed.js';
import { bundleOf, run } from './running.js';

/** As the log gives it back. */
const stored = (record: DecisionRecord): DecisionRecord => JSON.parse(entryText(record)) as DecisionRecord;

/** Numbers that are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

const RICH = {
  'writ.yaml': 'name: rich\ndelegation: path\n',
  'schema.cedarschema': `
    entity Team { region: String };
    entity User in [Role] = { level: Long, team?: Team, owner?: String } tags String;
    entity Role;
    entity Agent in [Role] = { owner?: String };
    entity Limits { most: Long };
    entity Order = { amount: Long, owner?: User, state?: String };
    action refund, look appliesTo { principal: [User, Agent], resource: [Order], context: {
      input: { amount?: Long, note?: String },
      provenance: { depth: Long, lineage: String, registered: Bool, actors: Set<Agent> },
      ledger: { refunded: Long, seen: Set<String>, calls: Long },
      tool: { effects: Set<String> },
      now: datetime,
    } };`,
  'entities/all.json': JSON.stringify([{ uid: { type: 'Limits', id: 'all' }, attrs: { most: 4_000 }, parents: [] }]),
  'ledger.yaml': `accumulators:
  refunded: { key: originator, window: 1h, sum: input.amount, on: 'action == "refund"' }
  seen: { key: task, set: action }
  calls: { key: originator, count: true, window: 1h }
`,
  'policies/all.cedar': `
    @id("look") permit (principal, action == Action::"look", resource);
    @id("agents") permit (principal is Agent, action, resource);
    @id("level") @obligation("tell") permit (principal is User, action == Action::"refund", resource) when { principal.level >= 2 };
    @id("support") permit (principal in Role::"support", action == Action::"refund", resource);
    @id("region") forbid (principal, action == Action::"refund", resource)
      when { resource has owner && resource.owner has team && resource.owner.team.region == "closed" };
    @id("tagged") forbid (principal is User, action, resource) when { principal.hasTag("hold") && principal.getTag("hold") == "all" };
    @id("limit") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunded > Limits::"all".most };
    @id("seldom") @stepUp("urn:mfa") forbid (principal, action == Action::"refund", resource) when { context.ledger.calls > 12 };
    @id("own") forbid (principal, action == Action::"refund", resource) when { context.provenance.lineage == "eve" };
    @id("late") forbid (principal, action, resource) when { context.now > datetime("2026-11-25T00:00:00Z") };
    @id("state") forbid (principal, action == Action::"refund", resource) when { resource.state == "shut" };
  `,
  'obligations.yaml': 'obligations: { tell: { type: notify, properties: { to: desk } } }',
};

const TIMES = Number(process.env.WRIT_REPLAYS ?? 30_000);

describe('a decision, made again from its record', () => {
  it(`is the same in every part, ${TIMES} times (WRIT_REPLAYS for more)`, async () => {
    const bundle = loadBundle(bundleOf(RICH));
    const plane = planeOf(bundle);
    const { entities } = plane.registry;
    const pick = seeded(7);
    const put = (i: number): void => {
      entities.upsert([
        { uid: { type: 'Team', id: `t${i % 3}` }, attrs: { region: pick(4) === 0 ? 'closed' : 'open' }, parents: [] },
        {
          uid: { type: 'User', id: `u${i % 7}` },
          attrs: {
            level: pick(4),
            ...(pick(2) === 0 ? { team: { __entity: { type: 'Team', id: `t${pick(3)}` } } } : {}),
            ...(pick(9) === 0 ? { owner: 'eve' } : {}),
          },
          parents: pick(3) === 0 ? [{ type: 'Role', id: 'support' }] : [],
          ...(pick(5) === 0 ? { tags: { hold: pick(2) === 0 ? 'all' : 'some' } } : {}),
        },
        {
          uid: { type: 'Order', id: `o${i % 11}` },
          attrs: {
            amount: 2,
            ...(pick(2) === 0 ? { owner: { __entity: { type: 'User', id: `u${pick(7)}` } } } : {}),
            ...(pick(2) === 0 ? { state: pick(3) === 0 ? 'shut' : 'open' } : {}),
          },
          parents: [],
        },
      ]);
    };
    for (let i = 0; i < 80; i += 1) put(i);
    const records: DecisionRecord[] = [];
    const log = { append: async (entries: readonly LogEntry[]) => void records.push(...(entries as DecisionRecord[])) };
    let now = Date.parse('2026-11-24T10:00:00Z');
    const decider = offlineDecider(bundle, log, () => new Date(now), { plane });
    const caller = { ...inProcess('test'), obligations: ['notify'] };
    const replay = new Replay(planeOf(bundle), bundle.entities);
    const results: Record<string, number> = {};
    const differ: unknown[] = [];
    let kept = 0;
    for (let done = 0; done < TIMES; ) {
      for (let i = 0; i < 500; i += 1) {
        now += pick(3_000);
        if (pick(10) === 0) put(pick(77));
        const request: AccessRequest = {
          subject: { type: 'User', id: `u${pick(9)}`, properties: { level: 3 } },
          action: { name: pick(40) === 0 ? 'unknown' : pick(3) === 0 ? 'look' : 'refund' },
          resource: { type: pick(50) === 0 ? 'User' : 'Order', id: `o${pick(13)}`, properties: { amount: 3 } },
          context: {
            task: `t${pick(50)}`,
            input: pick(30) === 0 ? { amount: 'much' } : { amount: pick(400) },
            ...(pick(2) === 0 ? { agent: { type: 'Agent', id: `a${pick(3)}` } } : {}),
          },
        };
        const asking = pick(20) === 0 ? inProcess('other') : caller;
        const decided = await decider.decide(request, asking);
        results[decided.result] = (results[decided.result] ?? 0) + 1;
        if (decided.result === 'allow' && pick(2) === 0) {
          decider.expectOutcome(decided);
          await decider.report(decided.id, pick(2) === 0 ? 'completed' : 'failed', asking);
        }
      }
      for (const record of records.splice(0)) {
        if (record.kind !== 'decision') continue;
        done += 1;
        const made = replay.decide(stored(record));
        // What no policy made, or did not fit before a policy was asked.
        if (made.kind === 'kept' && ['invalid_request', 'ledger_unavailable'].includes(record.refusal?.code ?? '')) {
          kept += 1;
          continue;
        }
        if (made.kind === 'decided' && isSame(record, made.verdict)) continue;
        if (differ.length < 3) differ.push({ record, made });
      }
    }
    expect(differ).toEqual([]);
    expect(kept).toBeLessThan(10_000);
    // Everything that can come out came out, often.
    expect(Object.keys(results).sort()).toEqual(['allow', 'deny', 'modify', 'step_up'].filter((one) => results[one]));
    for (const one of ['allow', 'deny', 'step_up']) expect(results[one], one).toBeGreaterThan(1_000);
  }, 300_000);

  it('says what of it is not on the record', async () => {
    const bundle = loadBundle(bundleOf(RICH));
    const records: DecisionRecord[] = [];
    const log = { append: async (entries: readonly LogEntry[]) => void records.push(...(entries as DecisionRecord[])) };
    const simple = {
      ...RICH,
      'ledger.yaml': 'accumulators: {}',
      'schema.cedarschema': RICH['schema.cedarschema'].replace(/ledger: \{.*\},|provenance: .*,/g, ''),
      'policies/all.cedar': '@id("look") permit (principal, action, resource);',
    };
    const decider = offlineDecider(loadBundle(bundleOf(simple)), log, () => new Date());
    await decider.decide(
      {
        subject: { type: 'User', id: 'u' },
        action: { name: 'look' },
        resource: { type: 'Order', id: 'o' },
        context: { input: {} },
      },
      inProcess('test'),
    );
    const made = new Replay(planeOf(bundle), bundle.entities).decide(stored(records[0] as DecisionRecord));
    expect(made).toEqual({ kind: 'not-recorded', why: expect.stringMatching(/is not on the record/) });
  });
});

it('writ decision replay says who could do what under another policy', async () => {
  const plain = {
    'writ.yaml': 'name: before',
    'schema.cedarschema':
      'entity User { level: Long }; entity Order; action refund, look appliesTo { principal: [User], resource: [Order], context: { input: { amount?: Long } } };',
    'policies/all.cedar': '@id("all") permit (principal, action, resource) when { principal.level > 1 };',
    'entities/all.json': JSON.stringify(
      [1, 2, 3].map((level) => ({ uid: { type: 'User', id: `u${level}` }, attrs: { level }, parents: [] })),
    ),
  };
  const writ = await run(bundleOf(plain));
  for (let i = 0; i < 30; i += 1)
    await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: `u${1 + (i % 3)}` },
      action: { name: i % 2 === 0 ? 'refund' : 'look' },
      resource: { type: 'Order', id: '1' },
      context: { input: { amount: i } },
    });
  const same = await command('decision', 'replay', '--policy', bundleOf(plain), '--data', writ.data);
  expect([same.code, same.out]).toEqual([
    0,
    expect.stringMatching(/^30 decisions from \S+ to \S+, made again with before sha256:\w+\n {2}30 as they were\n$/),
  ]);
  const other = bundleOf({
    ...plain,
    'writ.yaml': 'name: after',
    'policies/all.cedar':
      '@id("all") permit (principal, action, resource); @id("large") forbid (principal, action == Action::"refund", resource) when { context.input has amount && context.input.amount > 19 };',
  });
  const { out } = await command('decision', 'replay', '--policy', other, '--data', writ.data);
  expect(out).toContain('newly denied: 4\n  by identity\n');
  expect(out).toMatch(/by policy\n {8}4 {2}large\n/);
  expect(out).toMatch(/newly permitted: 9\n {2}by identity\n {8}9 {2}User::"u1"\n/);
  const json = JSON.parse((await command('decision', 'replay', '--policy', other, '--data', writ.data, '--json')).out);
  expect(json).toMatchObject({
    decisions: 30,
    newlyDenied: { count: 4, byAction: { refund: 4 } },
    newlyPermitted: { count: 9 },
  });
  expect(
    JSON.parse(
      (
        await command(
          'decision',
          'replay',
          '--policy',
          other,
          '--data',
          writ.data,
          '--until',
          '2020-01-01T00:00:00Z',
          '--json',
        )
      ).out,
    ),
  ).toMatchObject({ decisions: 0 });
  await writ.stop();
});
