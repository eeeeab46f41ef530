import { describe, expect, it } from 'vitest';
import type { TaskKey } from '../lib/ids.js';
import { type AccessItem, type AccessTask, type ApprovalScope, statusOf, type Vote } from './access-task.js';
import { approvalOf, dueAt, ended, endOf, narrowest, nextStep, withVote } from './workflow.js';

const item = (status: AccessItem['status'] = 'pending', over: Partial<AccessItem> = {}): AccessItem => ({
  decision: 'd-1',
  action: { name: 'refund' },
  resource: { type: 'Order', id: '1' },
  policies: [{ policy: 'cap', reason: 'more than the limit' }],
  binding: 'b-1',
  status,
  ...over,
});

const task = (over: Partial<AccessTask> = {}): AccessTask => ({
  id: 'arq_1',
  enforcementPoint: 'shop',
  template: 'default',
  path: [
    { type: 'User', id: 'ana' },
    { type: 'Agent', id: 'bot' },
  ],
  task: 't-1' as TaskKey,
  policyVersion: 'v1',
  items: [item()],
  isBulk: false,
  requested: {},
  createdAt: '2026-01-01T10:00:00.000Z',
  expiresAt: '2026-01-01T11:00:00.000Z',
  step: 0,
  stepAt: '2026-01-01T10:00:00.000Z',
  quorum: 1,
  votes: [],
  ...over,
});

const vote = (over: Partial<Vote> = {}): Vote => ({
  approver: 'User::"lena"',
  lineage: 'User::"lena"',
  verdict: 'approve',
  at: '2026-01-01T10:05:00.000Z',
  via: 'api',
  items: [0],
  decisions: ['d-2'],
  reason: 'known customer',
  scope: { uses: 'once' },
  ...over,
});

const made = { id: 'apr_1', approvedAt: '2026-01-01T10:05:00.000Z', approvedUntil: '2026-01-01T10:20:00.000Z' };

describe('withVote', () => {
  const other = vote({ approver: 'User::"max"', lineage: 'User::"max"' });
  const sameLineage = vote({ approver: 'User::"max"' });
  const deny = vote({ verdict: 'deny' });
  it.each<[what: string, quorum: number, votes: readonly Vote[], status: string]>([
    ['one approves of one', 1, [vote()], 'approved'],
    ['one approves of two', 2, [vote()], 'pending'],
    ['two of two lineages approve', 2, [vote(), other], 'approved'],
    ['two of one lineage approve', 2, [vote(), sameLineage], 'pending'],
    ['one denies', 2, [deny], 'denied'],
    ['one approves, then one denies', 2, [vote(), { ...other, verdict: 'deny' }], 'denied'],
  ])('%s', (_what, quorum, votes, status) => {
    const after = votes.reduce((now, one) => withVote(now, one, one.items, () => made), task({ quorum }));
    expect(statusOf(after)).toBe(status);
    expect(after.votes).toEqual(votes);
  });

  it('decides only the items that the vote names, and none that was decided before', () => {
    const before = task({ items: [item(), item(), item('denied')] });
    const after = withVote(before, vote({ items: [0, 2] }), [0, 2], () => made);
    expect(after.items.map(({ status }) => status)).toEqual(['approved', 'pending', 'denied']);
    expect(statusOf(after)).toBe('pending');
  });

  it('hands over the votes that approve an item', () => {
    const seen: string[][] = [];
    const first = withVote(task({ quorum: 2 }), vote(), [0], () => made);
    withVote(first, other, [0], (_item, votes) => {
      seen.push(votes.map(({ approver }) => approver));
      return made;
    });
    expect(seen).toEqual([['User::"lena"', 'User::"max"']]);
  });
});

describe('narrowest', () => {
  it.each<[what: string, scopes: readonly ApprovalScope[], narrow: ApprovalScope]>([
    ['one alone', [{ uses: 'until' }], { uses: 'until' }],
    ['the fewest uses', [{ uses: 'until' }, { uses: 'once' }, { uses: 'task' }], { uses: 'once' }],
    [
      'the earliest end',
      [
        { uses: 'until', until: '2026-01-03T00:00:00Z' },
        { uses: 'until', until: '2026-01-02T00:00:00Z' },
      ],
      { uses: 'until', until: '2026-01-02T00:00:00Z' },
    ],
    ['other arguments only if all say so', [{ uses: 'once', anyArguments: true }, { uses: 'once' }], { uses: 'once' }],
    [
      'other arguments if all say so',
      [
        { uses: 'once', anyArguments: true },
        { uses: 'task', anyArguments: true },
      ],
      { uses: 'once', anyArguments: true },
    ],
  ])('%s', (_what, scopes, narrow) => {
    expect(narrowest(scopes.map((scope) => vote({ scope })))).toEqual(narrow);
  });
});

describe('endOf', () => {
  const lifetimes = { once: 60_000, task: 3_600_000, until: 86_400_000 };
  const now = new Date('2026-01-01T10:00:00.000Z');
  it.each<[what: string, scope: ApprovalScope, requested: string | undefined, end: string]>([
    ['the lifetime of its uses', { uses: 'once' }, undefined, '2026-01-01T10:01:00.000Z'],
    [
      'an earlier end of the approver',
      { uses: 'until', until: '2026-01-01T12:00:00.000Z' },
      undefined,
      '2026-01-01T12:00:00.000Z',
    ],
    [
      'no later end than the lifetime',
      { uses: 'once', until: '2026-01-09T00:00:00.000Z' },
      undefined,
      '2026-01-01T10:01:00.000Z',
    ],
    ['no later end than was asked for', { uses: 'until' }, '2026-01-01T10:30:00.000Z', '2026-01-01T10:30:00.000Z'],
  ])('%s', (_what, scope, requested, end) => {
    expect(endOf(scope, lifetimes, requested, now)).toBe(end);
  });
});

describe('nextStep and dueAt', () => {
  const workflow = {
    quorum: 1,
    lifetimesMs: { once: 0, task: 0, until: 0 },
    escalate: [
      { afterMs: 600_000, ask: ['User::"max"'] },
      { afterMs: 1_200_000, ask: ['Group::"leads"'] },
    ],
  };
  it.each<[what: string, step: number, stepAt: string, now: string, next: number | undefined, due: string]>([
    ['before the first step', 0, '10:00', '10:09', undefined, '10:10'],
    ['at the first step', 0, '10:00', '10:10', 1, '10:10'],
    ['counts the second step from the first', 1, '10:10', '10:29', undefined, '10:30'],
    ['at the second step', 1, '10:10', '10:30', 2, '10:30'],
    ['no step is left', 2, '10:30', '10:59', undefined, '11:00'],
    ['the end comes before the step', 1, '10:50', '10:59', undefined, '11:00'],
  ])('%s', (_what, step, stepAt, now, next, due) => {
    const at = (time: string): string => `2026-01-01T${time}:00.000Z`;
    const waiting = task({ step, stepAt: at(stepAt) });
    expect(nextStep(waiting, workflow, new Date(at(now)))).toBe(next);
    expect(dueAt(waiting, workflow)).toBe(at(due));
  });
});

it('ends what is pending, and nothing else', () => {
  const after = ended(task({ items: [item(), item('approved'), item('denied')] }), 'expired');
  expect(after.items.map(({ status }) => status)).toEqual(['expired', 'approved', 'denied']);
});

describe('approvalOf', () => {
  const reason = 'known customer';
  it.each<[what: string, scope: ApprovalScope, binding: string | undefined]>([
    ['these arguments', { uses: 'once' }, 'b-1'],
    ['any arguments', { uses: 'task', anyArguments: true }, undefined],
  ])('is for %s', (_what, scope, binding) => {
    const approval = approvalOf(task(), item(), made, { votes: [vote()], scope, reason });
    expect(approval).toMatchObject({
      ...made,
      request: 'arq_1',
      decision: 'd-1',
      policies: ['cap'],
      action: 'refund',
      task: 't-1',
      uses: scope.uses,
      approvers: ['User::"lena"'],
    });
    expect(approval.binding).toBe(binding);
    expect('emergency' in approval).toBe(false);
  });

  it('says that it was made in an emergency, by nobody', () => {
    const approval = approvalOf(task(), item(), made, { votes: [], scope: { uses: 'once' }, reason, emergency: true });
    expect([approval.emergency, approval.approvers]).toEqual([true, []]);
  });
});

it.each<[statuses: readonly AccessItem['status'][], status: string]>([
  [[], 'failed'],
  [['approved'], 'approved'],
  [['approved', 'approved'], 'approved'],
  [['approved', 'pending'], 'pending'],
  [['approved', 'denied'], 'partial'],
  [['expired', 'cancelled'], 'partial'],
])('a task of %j is %s', (statuses, status) => {
  expect(statusOf({ items: statuses.map((one) => item(one)) })).toBe(status);
});
