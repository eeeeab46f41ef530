import { expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { HeldApprovals } from '../src/registry/approvals.js';
import { bundleOf } from './running.js';

/** A person may approve a call later than its task is unused: the same call of the task that follows is then permitted. */

const BUNDLE = loadBundle(
  bundleOf({
    'writ.yaml': 'name: late',
    'schema.cedarschema':
      'entity User, Tool; action pay appliesTo { principal: [User], resource: [Tool], context: { input: { to: String } } };',
    'ledger.yaml': 'accumulators: { paid: { key: originator, count: true } }',
    'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("care") @requestable("owner") forbid (principal, action == Action::"pay", resource);
`,
  }),
);

it.each([
  ['once', 'Pay it', 'pay', 'eve', 'step_up'],
  ['once', 'Pay it', 'pay', 'bob', 'allow'],
  ['once', 'Something else', 'pay', 'bob', 'step_up'],
  ['task', 'Pay it', 'pay', 'bob', 'step_up'],
] as const)('approved for %s, then asked for by %j: %s to %s is %s', async (uses, later, name, to, expected) => {
  let at = Date.parse('2026-12-01T08:00:00Z');
  const approvals = new HeldApprovals([]);
  const clock = () => new Date(at);
  const decider = offlineDecider(BUNDLE, { append: async () => undefined }, clock, { approvals, bind: (text) => text });
  const ask = (prompt: string, payee: string) =>
    decider.decide(
      {
        subject: { type: 'User', id: 'ana' },
        action: { name },
        resource: { type: 'Tool', id: name },
        context: { input: { to: payee }, task: 'client', prompt },
      },
      inProcess('gateway'),
      undefined,
    );
  const asked = await ask('Pay it', 'bob');
  const { id, time, policyVersion, enforcementPoint, request, reasons, binding } = asked;
  approvals.hold({
    ...{ id, request: id, decision: id, policyVersion, enforcementPoint, binding, uses },
    policies: reasons.map(({ policy }) => policy),
    path: [request.subject],
    action: request.action.name,
    resource: request.resource,
    task: decider.taskKeyOf(asked),
    approvedAt: time,
    approvedUntil: '9999-12-31T00:00:00.000Z',
    approvers: [],
    reason: 'it is right',
  });
  at += 45 * 60_000;
  expect((await ask(later, to)).result).toBe(expected);
});
