import { describe, expect, it } from 'vitest';
import type { UsedCredential } from './credential-uses.js';
import { identityView } from './identity-view.js';

type Parts = Parameters<typeof identityView>[0];

const NOW = new Date('2026-11-30T12:00:00Z');
const LIMITS = { dormantAfter: 30 * 86_400_000, credentialAge: 90 * 86_400_000 };
const PARTS: Parts = {
  uid: { type: 'Agent', id: 'bot' },
  identity: {
    type: 'Agent',
    id: 'bot',
    kind: 'agent',
    owner: 'User::"ada"',
    state: 'active',
    registeredAt: '2026-11-01T00:00:00Z',
    registeredBy: 'admin',
  },
  sighting: undefined,
  credentials: [],
  hasFacts: false,
  owner: 'User::"ada"',
  isPerson: false,
  isRevoked: false,
};
const seen = (lastSeen: string): Partial<Parts> => ({
  sighting: {
    type: 'Agent',
    id: 'bot',
    firstSeen: '2026-10-01T00:00:00Z',
    lastSeen,
    tools: ['refund'],
  } as Parts['sighting'],
});
const set = (state: 'suspended' | 'retired'): Partial<Parts> => ({
  identity: { ...(PARTS.identity as NonNullable<Parts['identity']>), state },
});
const key = (more: Partial<UsedCredential>): Partial<Parts> => ({
  credentials: [{ credential: 'k', kind: 'api_key', through: [], isShared: false, ...more }],
});
const OLD = '2026-10-30T00:00:00Z';

describe('identityView', () => {
  it.each<[string, Partial<Parts>, string, string[]]>([
    ['registered a while ago, never seen', {}, 'active', []],
    ['seen lately', seen('2026-11-30T00:00:00Z'), 'active', []],
    ['seen long ago', seen(OLD), 'dormant', ['dormant']],
    ['suspended, and seen long ago', { ...set('suspended'), ...seen(OLD) }, 'suspended', ['dormant']],
    ['retired, and seen long ago', { ...set('retired'), ...seen(OLD) }, 'retired', []],
    [
      'unknown, but seen',
      { identity: undefined, owner: undefined, ...seen('2026-11-30T00:00:00Z') },
      'unregistered',
      ['unregistered', 'ownerless'],
    ],
    ['known by its facts alone', { identity: undefined, hasFacts: true }, 'active', []],
    ['a person without an owner', { owner: undefined, isPerson: true }, 'active', []],
    ['an agent without an owner', { owner: undefined }, 'active', ['ownerless']],
    ['with an old key', key({ issued: '2026-08-01T00:00:00Z' }), 'active', ['over-age-credential']],
    ['with a new key', key({ issued: '2026-11-01T00:00:00Z' }), 'active', []],
    ['with an old token of an issuer', key({ kind: 'access_token', issued: '2026-08-01T00:00:00Z' }), 'active', []],
    ['with a shared key', key({ isShared: true }), 'active', ['shared-credential']],
    ['revoked', { isRevoked: true }, 'active', ['revoked']],
  ])('of one %s', (_what, more, state, flags) => {
    const view = identityView({ ...PARTS, ...more }, LIMITS, NOW);
    expect([view.state, view.flags]).toEqual([state, flags]);
  });

  it('has what was registered, and what was seen', () => {
    const view = identityView({ ...PARTS, ...seen('2026-11-30T00:00:00Z') }, LIMITS, NOW);
    expect(view).toMatchObject({
      kind: 'agent',
      registeredBy: 'admin',
      lastSeen: '2026-11-30T00:00:00Z',
      tools: ['refund'],
    });
  });
});
