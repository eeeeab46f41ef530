import { isPermitted } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider, planeOf } from '../src/decide/plane-of.js';
import type { DecisionRecord, LogEntry } from '../src/decide/record.js';
import { alternatives } from '../src/decide/replay/counterfactual.js';
import { edited, editText } from '../src/decide/replay/edits.js';
import { Replay } from '../src/decide/replay/replay.js';
import { entryText } from '../src/record/entry-text.js';
import { command } from './processes.js';
import { bundleOf, run } from './running.js';

const BUNDLE = {
  'writ.yaml': 'name: desk\n',
  'schema.cedarschema': `
    entity Role;
    entity User in [Role] = { level: Long };
    entity Agent in [Role];
    entity Order = { state: String, flags: Set<String> };
    action refund, look appliesTo { principal: [User, Agent], resource: [Order], context: {
      input: { amount?: Long }, ledger: { refunded: Long } } };`,
  'entities/all.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' }, attrs: { level: 1 }, parents: [] },
    { uid: { type: 'User', id: 'ben' }, attrs: { level: 3 }, parents: [{ type: 'Role', id: 'support' }] },
    { uid: { type: 'Order', id: 'open' }, attrs: { state: 'open', flags: [] }, parents: [] },
    { uid: { type: 'Order', id: 'shut' }, attrs: { state: 'shut', flags: ['fraud'] }, parents: [] },
  ]),
  'ledger.yaml': 'accumulators:\n  refunded: { key: originator, sum: input.amount }\n',
  'policies/all.cedar': `
    @id("agents") permit (principal is Agent, action, resource);
    @id("support") permit (principal in Role::"support", action == Action::"refund", resource);
    @id("seniors") permit (principal is User, action == Action::"refund", resource) when { principal.level >= 2 };
    @id("shut") forbid (principal, action == Action::"refund", resource) when { resource.state == "shut" || resource.flags.contains("fraud") };
    @id("limit") forbid (principal, action == Action::"refund", resource) when { context.ledger.refunded > 100 };
    @id("large") @requestable("desk") forbid (principal, action == Action::"refund", resource) when { context.input has amount && context.input.amount > 50 };`,
};

async function asked(user: string, order: string, amounts: readonly number[], agent?: string) {
  const bundle = loadBundle(bundleOf(BUNDLE));
  const plane = planeOf(bundle);
  const records: DecisionRecord[] = [];
  const log = { append: async (entries: readonly LogEntry[]) => void records.push(...(entries as DecisionRecord[])) };
  const decider = offlineDecider(bundle, log, () => new Date(), { plane });
  for (const amount of amounts)
    await decider.decide(
      {
        subject: { type: 'User', id: user },
        action: { name: 'refund' },
        resource: { type: 'Order', id: order },
        context: { input: { amount }, ...(agent === undefined ? {} : { agent: { type: 'Agent', id: agent } }) },
      },
      inProcess('test'),
    );
  const record = JSON.parse(entryText(records.at(-1) as DecisionRecord)) as DecisionRecord;
  const replay = new Replay(plane, bundle.entities);
  const found = alternatives(record, plane, replay);
  // Each is so: deciding with it gives the other answer, or leaves exactly those approvals.
  for (const { edits, approvals } of found) {
    const made = replay.decide(edited(record, edits));
    if (made.kind !== 'decided') throw new Error('not decided');
    if (approvals.length === 0) expect(isPermitted(made.verdict)).toBe(!isPermitted(record));
    else
      expect([made.verdict.result, [...new Set(made.verdict.reasons.map(({ policy }) => policy))]]).toEqual([
        'step_up',
        approvals,
      ]);
  }
  return {
    record,
    texts: found.map(({ edits, approvals }) => [
      ...edits.map(editText),
      ...approvals.map((policy) => `approved: ${policy}`),
    ]),
  };
}

describe('what would have to change', () => {
  it('for somebody whom no policy permits: a role or a fact', async () => {
    const { record, texts } = await asked('ana', 'open', [10]);
    expect(record.result).toBe('deny');
    expect(texts).toEqual([['User::"ana" in Role::"support"'], ['User::"ana".level = 2 instead of 1']]);
  });

  it('for what waits for somebody: the approval, or an argument', async () => {
    const { record, texts } = await asked('ben', 'open', [60]);
    expect(record.result).toBe('step_up');
    expect(texts).toEqual([
      ['approved: large'],
      ['the argument amount 50 instead of 60'],
      ['the argument amount left out instead of 60'],
    ]);
  });

  it('for what was used up: what had been done so far', async () => {
    const { texts } = await asked('ben', 'open', [50, 50, 40]);
    expect(texts).toContainEqual(['so far, refunded 100 instead of 140']);
  });

  it('for two reasons at once: both', async () => {
    const { texts } = await asked('ben', 'shut', [10]);
    expect(texts.map((one) => [...one].sort())).toContainEqual([
      'Order::"shut".flags = nothing instead of "fraud"',
      'Order::"shut".state = "not shut" instead of "shut"',
    ]);
    expect(texts.every((one) => one.length === 2)).toBe(true);
  });

  it('for what was permitted: what would have stopped it', async () => {
    const { record, texts } = await asked('ben', 'open', [10], 'bot');
    expect(record.result).toBe('allow');
    expect(texts).toContainEqual(['Order::"open".state = "shut" instead of "open"']);
    expect(texts).toContainEqual(['the argument amount 51 instead of 10']);
    expect(texts).toContainEqual(['so far, refunded 101 instead of 10']);
  });

  it('is told by writ explain and by the service, under the bundle that decided', async () => {
    const writ = await run(bundleOf(BUNDLE));
    const answer = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: 'open' },
      context: { input: { amount: 10 } },
    });
    const id = answer.headers.get('x-decision-id') as string;
    const { out } = await command('explain', id, '--data', writ.data);
    expect(out).toContain(
      'It would have been permitted with\n  User::"ana" in Role::"support"\n  or User::"ana".level = 2 instead of 1\n',
    );
    expect(out).toContain('  seniors would permit User::"ana", but this is false: principal.level >= 2');
    const served = await writ.send('GET', `/v1/decisions/${id}?alternatives=true`, undefined, { as: 'admin' });
    expect(served.json.alternatives).toMatchObject([
      {
        edits: [
          { kind: 'membership', entity: { type: 'User', id: 'ana' }, in: { type: 'Role', id: 'support' }, is: true },
        ],
        approvals: [],
      },
      { edits: [{ kind: 'fact', path: ['level'], from: 1, to: 2 }] },
    ]);
    const other = await command(
      'explain',
      id,
      '--data',
      writ.data,
      '--bundle',
      bundleOf({ ...BUNDLE, 'writ.yaml': 'name: another' }),
    );
    expect(other.out).toContain('under another bundle');
    await writ.stop();
  });
});
