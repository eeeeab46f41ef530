import type { ActionDeclaration } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { planeFrom } from '../../../test/planes.js';
import type { DecisionId, TaskKey } from '../../lib/ids.js';
import { type Approval, HeldApprovals } from '../../registry/approvals.js';
import type { DecisionRecord } from '../record.js';
import {
  AppliedApprovals,
  type Asked,
  boundText,
  presentedIn,
  recordedApproval,
  usedApprovals,
  usedApprovalsIn,
} from './approved.js';

const ana = { type: 'User', id: 'ana' };
const order = { type: 'Order', id: 'o-1' };
const request: AccessRequest = {
  subject: ana,
  action: { name: 'refund' },
  resource: order,
  context: { input: { amount: 40 } },
};
const now = new Date('2026-06-01T12:00:00Z');
const asked: Asked = {
  request,
  path: [ana],
  task: () => 'task-1' as TaskKey,
  enforcementPoint: 'gateway',
  policyVersion: 'v1',
  binding: () => 'hash-1',
  now,
};
const approval: Approval = {
  ...{
    id: 'a-1',
    request: 'r-1',
    decision: 'd-1',
    policies: ['large'],
    policyVersion: 'v1',
    enforcementPoint: 'gateway',
  },
  ...{ path: [ana], action: 'refund', resource: order, task: 'task-1' as TaskKey, binding: 'hash-1', uses: 'task' },
  ...{ approvedAt: '2026-06-01T11:00:00.000Z', approvedUntil: '2026-06-01T13:00:00.000Z' },
  ...{ approvers: ['User::"lena"'], reason: 'right' },
};
const held = (...changes: Partial<Approval>[]): HeldApprovals => {
  const approvals = new HeldApprovals([]);
  for (const [i, change] of changes.entries()) approvals.hold({ ...approval, id: `a-${i + 1}`, ...change });
  return approvals;
};
const lifted = (approvals: HeldApprovals, by: Partial<Asked> = {}, sharesUses = false): string[] => [
  ...new AppliedApprovals(approvals, { ...asked, ...by }, sharesUses).lift(['large', 'other']),
];
const withContext = (context: Record<string, unknown>): Partial<Asked> => ({
  request: { ...request, context: { ...request.context, ...context } },
});

describe('an approval lifts', () => {
  it.each([
    ['what it is for', {}, {}],
    ['any arguments, without a binding', { binding: undefined }, { binding: () => 'hash-2' }],
    ['in another task, until its end', { uses: 'until' }, { task: () => 'task-2' as TaskKey }],
    ['what the request names it for', {}, withContext({ approval: { id: 'a-1' } })],
  ] satisfies [string, Partial<Approval>, Partial<Asked>][])('%s', (_clause, change, by) => {
    expect(lifted(held(change), by)).toEqual(['large']);
  });

  it.each([
    ['for another policy', { policies: ['small'] }, {}],
    ['under another bundle', { policyVersion: 'v0' }, {}],
    ['through another enforcement point', { enforcementPoint: 'other' }, {}],
    ['for another action', { action: 'close' }, {}],
    ['on another resource', { resource: { type: 'Order', id: 'o-2' } }, {}],
    ['for another identity', { path: [{ type: 'User', id: 'ben' }] }, {}],
    ['for a longer path', {}, { path: [ana, { type: 'Agent', id: 'bot' }] }],
    ['in another task', {}, { task: () => 'task-2' as TaskKey }],
    ['for other arguments', {}, { binding: () => 'hash-2' }],
    ['past its end', { approvedUntil: '2026-06-01T12:00:00.000Z' }, {}],
    ['that was ended', { endedAt: '2026-06-01T11:30:00.000Z' }, {}],
    ['if the request names another', {}, withContext({ approval: { id: 'a-9' } })],
    [
      'if the request brings a state, which nobody here gave out',
      {},
      withContext({ approval: { id: 'a-1', state: 's' } }),
    ],
  ] satisfies [string, Partial<Approval>, Partial<Asked>][])('nothing %s', (_clause, change, by) => {
    expect(lifted(held(change), by)).toEqual([]);
  });

  it('one permit, once', () => {
    const approvals = held({ uses: 'once' });
    expect(lifted(approvals)).toEqual(['large']);
    approvals.use(approvals.find('a-1') as Approval);
    expect(lifted(approvals)).toEqual([]);
    approvals.giveBack('a-1');
    expect(lifted(approvals)).toEqual(['large']);
  });

  it('nothing for one permit where another service counts those', () => {
    expect(lifted(held({ uses: 'once' }), {}, true)).toEqual([]);
    expect(lifted(held({ uses: 'task' }), {}, true)).toEqual(['large']);
  });

  it.each([
    ['one that is not used up before one that is', [{ uses: 'once' }, { uses: 'task' }], ['a-2']],
    ['one that is used up if there is no other', [{ uses: 'once' }], ['a-1']],
    [
      'one for both policies where it is relied on already',
      [{ policies: ['large'] }, { policies: ['large', 'other'] }],
      ['a-1', 'a-2'],
    ],
  ] satisfies [string, Partial<Approval>[], string[]][])('by %s', (_clause, changes, expected) => {
    const applied = new AppliedApprovals(held(...changes), asked, false);
    applied.lift(['large', 'other']);
    expect([...applied.relied].map(({ id }) => id)).toEqual(expected);
  });
});

describe('presentedIn', () => {
  const named = withContext({ approval: { id: 'a-1' } });
  it.each([
    ['it is good', {}, named, undefined],
    ['nobody knows it', {}, withContext({ approval: { id: 'a-9' } }), 'approval_unverifiable'],
    ['it has no id', {}, withContext({ approval: {} }), 'approval_unverifiable'],
    ['it is null', {}, withContext({ approval: null }), 'approval_unverifiable'],
    ['it has a state', {}, withContext({ approval: { id: 'a-1', state: 's' } }), 'approval_unverifiable'],
    ['it is over', { approvedUntil: '2026-06-01T11:59:59.000Z' }, named, 'approval_expired'],
    ['it is for something else', { action: 'close' }, named, 'out_of_scope'],
    ['it is over and for something else', { action: 'close', endedAt: '2026' }, named, 'approval_expired'],
  ] satisfies [string, Partial<Approval>, Partial<Asked>, string | undefined][])(
    'when %s',
    (_clause, change, by, problem) => {
      const whole = { ...asked, ...by };
      expect(presentedIn(whole.request, held(change), whole).problem).toBe(problem);
    },
  );

  it('puts at most 64 characters of an id on the record', () => {
    const by = { ...asked, ...withContext({ approval: { id: 'x'.repeat(100) } }) };
    expect(presentedIn(by.request, held(), by).approval).toHaveLength(64);
  });
});

describe('boundText', () => {
  const declared = planeFrom({
    'schema.cedarschema': `entity User, Order;
      action refund appliesTo { principal: [User], resource: [Order], context: { channel: String, now: datetime } };`,
    'policies/all.cedar': '@id("p") permit(principal, action, resource);',
  }).actions.get('refund') as ActionDeclaration;
  const text = (change: Partial<AccessRequest>): string => boundText({ ...request, ...change }, declared);

  it.each([
    ['the order of the members', { context: { input: { b: 1, a: 2 } } }, { context: { input: { a: 2, b: 1 } } }],
    ['parts of the context that no decision depends on', {}, { context: { ...request.context, trace: 'x' } }],
    ['parts that Writ provides itself', {}, { context: { ...request.context, now: 'x' } }],
    ['who acts for the subject, which the path says', {}, { subject: { ...ana, properties: { act: { sub: 'bot' } } } }],
  ] satisfies [string, Partial<AccessRequest>, Partial<AccessRequest>][])(
    'does not depend on %s',
    (_clause, one, other) => {
      expect(text(other)).toBe(text(one));
    },
  );

  it.each([
    ['an argument', { context: { input: { amount: 41 } } }],
    ['the subject', { subject: { type: 'User', id: 'ben' } }],
    ['a property of the subject', { subject: { ...ana, properties: { role: 'x' } } }],
    ['the action', { action: { name: 'refund', properties: { x: 1 } } }],
    ['the resource', { resource: { type: 'Order', id: 'o-2' } }],
    ['what the schema declares of the context', { context: { ...request.context, channel: 'mail' } }],
    ['the agent, declared or not', { context: { ...request.context, agent: 'bot' } }],
    ['what it goes through, declared or not', { context: { ...request.context, upstream: { server: 's' } } }],
  ] satisfies [string, Partial<AccessRequest>][])('depends on %s', (_clause, change) => {
    expect(text(change)).not.toBe(text({}));
  });
});

describe('used approvals', () => {
  const record = (uses: Approval['uses']): DecisionRecord => ({
    ...{
      kind: 'decision',
      id: 'd' as DecisionId,
      time: now.toISOString(),
      result: 'allow',
      enforcementPoint: 'gateway',
    },
    ...{ request, reasons: [], facts: [], ledger: {}, policyVersion: 'v1' },
    approvals: [recordedApproval({ ...approval, uses })],
  });

  it('go to disk if they are for one permit, and come back by their id', () => {
    const used = usedApprovals([record('once'), record('task'), record('until')]);
    expect(used.map(({ id }) => id)).toEqual(['a-1']);
    const keys = used.map(({ proof }) => ({ key: proof.key }));
    expect(usedApprovalsIn([{ key: 'q'.repeat(43) }, ...keys])).toEqual(['a-1']);
  });

  it('are kept for longer than the approval counts', () => {
    const [used] = usedApprovals([record('once')]);
    expect(used?.proof.until).toBeGreaterThan(Date.parse(approval.approvedUntil) / 1_000);
  });

  it('say on the record what was relied on, and an emergency only if it was one', () => {
    expect(Object.keys(recordedApproval(approval))).not.toContain('emergency');
    expect(recordedApproval({ ...approval, emergency: true })).toMatchObject({
      id: 'a-1',
      policies: ['large'],
      emergency: true,
    });
  });
});
