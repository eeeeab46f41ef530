import { isPermitted } from '@writ/sdk/authzen';
import { expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess, writItself } from '../src/decide/caller.js';
import { APPROVE, BREAK_GLASS, DECLASSIFY, TASK_ACTIONS } from '../src/decide/own-actions.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import type { DecisionRecord } from '../src/decide/record.js';
import { bundleOf } from './running.js';

/** Actions of Writ itself bring no labels, and count in no accumulator that does not name them (D2). */

const OWN = [...Object.values(TASK_ACTIONS), APPROVE, BREAK_GLASS, DECLASSIFY];
const BUNDLE = loadBundle(
  bundleOf({
    'writ.yaml': 'name: own',
    'schema.cedarschema': `
entity User, Tool, Task;
action ${OWN.join(', ')}, read appliesTo { principal: [User], resource: [Task, Tool], context: { ledger: {
  seen: Set<String>, byTask: Set<String>, calls: Long, done: Set<String>, named: Long, text: Long } } };
`,
    'tools.yaml': 'tools: { other: { effects: [read], result: internal } }\ndetect: { email: pii }\n',
    'ledger.yaml': `
accumulators:
  seen: { key: lineage, set: labels, window: 24h }
  byTask: { key: task, set: labels }
  calls: { key: originator, count: true }
  done: { key: originator, set: action }
  named: { key: originator, count: true, on: 'action in ["${OWN.join('", "')}"]' }
  text: { key: originator, count: true, on: 'action != ""' }
`,
    'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("named") permit (principal, action in [Action::"approve", Action::"break_glass"], resource);
`,
  }),
);

it.each(OWN)('%s brings no label, and counts only where it is named', async (name) => {
  const records: DecisionRecord[] = [];
  const append = async (entries: readonly unknown[]) => void records.push(...(entries as DecisionRecord[]));
  const decider = offlineDecider(BUNDLE, { append }, () => new Date('2026-12-01T08:00:00Z'));
  const of = (action: string) => ({
    subject: { type: 'User', id: 'ana' },
    action: { name: action },
    resource: { type: 'Task', id: 't' },
    context: {},
  });
  const own = await decider.decide(of(name), writItself('token-service'), undefined);
  expect(isPermitted(own)).toBe(true);
  expect(own.reserved?.map(({ accumulator }) => accumulator)).toEqual(['named']);
  // It begins no task.
  expect(own.provenance?.txn).toBeUndefined();
  const next = await decider.decide(of('read'), inProcess('gateway'), undefined);
  expect(next.ledger).toEqual({ seen: [], byTask: [], calls: 1, done: [], named: 1, text: 1 });
  expect(next.reserved?.map(({ accumulator }) => accumulator)).toEqual(
    expect.arrayContaining(['seen', 'byTask', 'calls', 'done', 'text', '$task', '$lineage']),
  );
});

it.each(OWN)('a tool that is called %s is a tool', async (name) => {
  const decider = offlineDecider(BUNDLE, { append: async () => undefined }, () => new Date('2026-12-01T08:00:00Z'));
  const request = {
    subject: { type: 'User', id: 'ana' },
    action: { name },
    resource: { type: 'Tool', id: name },
    context: {},
  };
  const called = await decider.decide(request, inProcess('gateway'), undefined);
  const held = called.reserved?.map(({ accumulator }) => accumulator);
  expect(held).toEqual(expect.arrayContaining(['seen', 'calls', '$task', '$lineage']));
});
