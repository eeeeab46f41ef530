import { describe, expect, it } from 'vitest';
import { isAbout, type Revocable, type Revocation } from './revocation.js';

const ABOUT: Revocable = {
  path: [
    { type: 'User', id: 'ada' },
    { type: 'Agent', id: 'bot' },
  ],
  action: 'refund',
  task: 't1',
  sessions: ['s1'],
  tokens: ['j1', 'https://idp.example j2'],
  versions: ['Agent::"bot"@2', 'sha256:aa'],
  upstream: 'shop',
  tool: 'refund_order',
  provedAt: Date.parse('2026-11-30T12:00:00Z'),
};
const revoke = (kind: Revocation['kind'], target: string, more: Partial<Revocation> = {}): Revocation => ({
  id: '1',
  kind,
  target,
  reason: 'left',
  by: 'admin',
  at: '2026-11-30T12:30:00Z',
  ...more,
});

describe('isAbout', () => {
  it.each([
    ['an identity at the start of the path', revoke('identity', 'User::"ada"'), true],
    ['an identity at the end of the path', revoke('identity', 'Agent::"bot"'), true],
    ['an identity outside the path', revoke('identity', 'User::"ben"'), false],
    ['a delegation in this task', revoke('delegation', 'Agent::"bot"', { task: 't1' }), true],
    ['a delegation in another task', revoke('delegation', 'Agent::"bot"', { task: 't2' }), false],
    ['the action', revoke('action', 'refund'), true],
    ['the task', revoke('task', 't1'), true],
    ['the session', revoke('session', 's1'), true],
    ['a token of another issuer', revoke('token', 'https://idp.example j2'), true],
    ['a token that only ends alike', revoke('token', 'j2'), false],
    ['the version of an agent', revoke('agent_version', 'Agent::"bot"@2'), true],
    ['the hash of a manifest', revoke('agent_version', 'sha256:aa'), true],
    ['the server', revoke('upstream', 'shop'), true],
    ['the tool of the server', revoke('tool', 'shop/refund_order'), true],
    ['the tool of another server', revoke('tool', 'desk/refund_order'), false],
    ['a target of another kind', revoke('session', 't1'), false],
  ])('applies or not: %s', (_what, revocation, expected) => {
    expect(isAbout(revocation, ABOUT)).toBe(expected);
  });

  it.each([
    ['proved before', '2026-11-30T12:00:01Z', ABOUT, true],
    ['proved at that moment', '2026-11-30T12:00:00Z', ABOUT, true],
    ['proved after', '2026-11-30T11:59:59Z', ABOUT, false],
    ['proved at an unknown time', '2026-11-30T11:59:59Z', { ...ABOUT, provedAt: undefined }, true],
  ])('spares what was proved after `before`: %s', (_what, before, about, expected) => {
    expect(isAbout(revoke('identity', 'User::"ada"', { before }), about)).toBe(expected);
  });

  it('cannot be imitated by a task or a target that contains the separator', () => {
    const about: Revocable = { ...ABOUT, path: [{ type: 'User', id: 'ada' }], task: 't":User::"ben' };
    expect(isAbout(revoke('delegation', 'User::"ben"', { task: 't' }), about)).toBe(false);
    expect(isAbout(revoke('delegation', 'User::"ada"', { task: 't":User::"ben' }), about)).toBe(true);
  });
});
