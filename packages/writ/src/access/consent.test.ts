import { describe, expect, it } from 'vitest';
import type { TaskKey } from '../lib/ids.js';
import type { AccessTask, ApprovalScope } from './access-task.js';
import { consentConflict } from './consent.js';
import type { Voting } from './submission.js';

const user = (id: string) => ({ type: 'User', id });
const task = {
  enforcementPoint: 'shop',
  path: [user('ana'), { type: 'Agent', id: 'bot' }],
  credentials: ['https://idp.example first'],
  task: 't' as TaskKey,
} as unknown as AccessTask;
const voting = (over: Partial<Voting>): Voting => ({
  approver: user('ana'),
  verdict: 'approve',
  via: 'api',
  reason: 'yes',
  scope: { uses: 'once' },
  credential: 'https://idp.example second',
  ...over,
});
const conflict = (over: Partial<Voting> = {}, scope: ApprovalScope = { uses: 'once' }, asked = task) =>
  consentConflict(asked, voting(over), scope, (uid) => uid.startsWith('User::'));
const without: Partial<Voting> = { credential: undefined as never };

describe('a consent', () => {
  it.each<[string, Partial<Voting>, ApprovalScope?]>([
    ['another person', { approver: user('lena') }],
    ['the agent', { approver: { type: 'Agent', id: 'bot' } }],
    ['a link', { via: 'link' }],
    ['a rule', { via: 'policy' }],
    ['the caller that asks', { ...without, vouchedBy: 'shop' }],
    ['the credential of the task', { credential: 'https://idp.example first' }],
    ['a credential without an id', without],
    ['more than once', {}, { uses: 'task' }],
    ['a time', {}, { uses: 'once', until: '2099-01-01T00:00:00.000Z' }],
    ['any arguments', {}, { uses: 'once', anyArguments: true }],
  ])('is not given by %s', (_what, over, scope) => {
    expect(conflict(over, scope)).toBeDefined();
  });

  it('is given by the originator, or by another caller that vouches for them', () => {
    expect(conflict()).toBeUndefined();
    expect(conflict({ ...without, vouchedBy: 'desk' })).toBeUndefined();
  });

  it('is never that of an agent that acts for itself, nor of somebody who is also between', () => {
    const own = { ...task, path: [{ type: 'Agent', id: 'bot' }] } as unknown as AccessTask;
    expect(conflict({ approver: { type: 'Agent', id: 'bot' } }, undefined, own)).toBeDefined();
    const twice = { ...task, path: [user('ana'), user('ana')] } as unknown as AccessTask;
    expect(conflict({}, undefined, twice)).toBeDefined();
  });
});
