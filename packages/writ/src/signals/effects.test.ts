import { describe, expect, it } from 'vitest';
import { effectsOf, happenedAt, type SignalEffect, type SignalMapping } from './effects.js';
import type { SecurityEvent } from './event-types.js';
import type { SecurityEventToken } from './set.js';
import type { EventSubject } from './subject-identifier.js';

const ISSUED_S = 1_790_000_000;
const mapping: SignalMapping = {
  identityOf: (member, subject) =>
    subject.format === 'email' ? { type: member === 'user' ? 'User' : 'Device', id: String(subject.email) } : undefined,
  attributes: { risk: 'risk', compliance: 'state', assurance: undefined, claims: { role: 'role' } },
};
const ada = { format: 'email', email: 'ada' } as const;
const token = (event: SecurityEvent | undefined, subject: EventSubject = { user: ada }): SecurityEventToken => ({
  jti: '1',
  issuedAt: ISSUED_S as SecurityEventToken['issuedAt'],
  txn: undefined,
  subject,
  subId: undefined,
  event,
  eventUri: 'uri',
});
const user = { type: 'User', id: 'ada' };
const before = ISSUED_S * 1_000;

describe('effectsOf', () => {
  it.each<[string, SecurityEvent | undefined, EventSubject | undefined, SignalEffect[]]>([
    ['an event that is not understood', undefined, undefined, []],
    [
      'a revoked session of an identity: all that was proved by then',
      { name: 'session-revoked', claims: {} },
      undefined,
      [{ effect: 'revoke', kind: 'identity', target: 'User::"ada"', before: before as never }],
    ],
    [
      'a revoked session that is named: it alone',
      { name: 'session-revoked', claims: {} },
      { user: ada, session: { format: 'opaque', id: 's1' } },
      [{ effect: 'revoke', kind: 'session', target: 's1' }],
    ],
    [
      'a revoked token that is named: it alone',
      { name: 'session-revoked', claims: {} },
      { user: { format: 'jwt_id', iss: 'https://idp.example', jti: 'j' } },
      [{ effect: 'revoke', kind: 'token', target: 'https://idp.example j' }],
    ],
    [
      'a credential that was deleted',
      { name: 'credential-change', claims: { credential_type: 'password', change_type: 'delete' } },
      undefined,
      [{ effect: 'revoke', kind: 'identity', target: 'User::"ada"', before: before as never }],
    ],
    [
      'a credential that was made',
      { name: 'credential-change', claims: { credential_type: 'p', change_type: 'create' } },
      undefined,
      [],
    ],
    [
      'a disabled account, for ever',
      { name: 'account-disabled', claims: {} },
      undefined,
      [{ effect: 'revoke', kind: 'identity', target: 'User::"ada"' }],
    ],
    [
      'an enabled account',
      { name: 'account-enabled', claims: {} },
      undefined,
      [{ effect: 'reinstate', identity: user }],
    ],
    [
      'a disabled account of somebody else',
      { name: 'account-disabled', claims: {} },
      { user: { format: 'opaque', id: 'x' } },
      [],
    ],
    [
      'a claim that is kept, one that is gone, and one that is not kept',
      { name: 'token-claims-change', claims: { claims: { role: null, team: 'x' } } },
      undefined,
      [{ effect: 'fact', entity: user, attribute: 'role', value: null }],
    ],
    [
      'a level of assurance that is not kept',
      { name: 'assurance-level-change', claims: { namespace: 'n', current_level: '2' } },
      undefined,
      [],
    ],
    [
      'the compliance of a device of a user: the device has it',
      { name: 'device-compliance-change', claims: { previous_status: 'compliant', current_status: 'not-compliant' } },
      { user: ada, device: { format: 'email', email: 'd1' } },
      [{ effect: 'fact', entity: { type: 'Device', id: 'd1' }, attribute: 'state', value: 'not-compliant' }],
    ],
    [
      'a level of risk',
      { name: 'risk-level-change', claims: { principal: 'USER', current_level: 'HIGH' } },
      undefined,
      [{ effect: 'fact', entity: user, attribute: 'risk', value: 'HIGH' }],
    ],
    [
      'a verification',
      { name: 'verification', claims: { state: 's' } },
      undefined,
      [{ effect: 'verified', state: 's' }],
    ],
    [
      'a paused stream',
      { name: 'stream-updated', claims: { status: 'paused' } },
      undefined,
      [{ effect: 'stream', status: 'paused' }],
    ],
    ['a session that began', { name: 'session-established', claims: {} }, undefined, []],
  ])('of %s', (_what, event, subject, expected) => {
    expect(effectsOf(token(event, subject), mapping)).toEqual(expected);
  });
});

describe('happenedAt', () => {
  it.each([
    ['nothing: when the token was made', undefined, ISSUED_S * 1_000],
    ['seconds', 1_700_000_000, 1_700_000_000_000],
    ['milliseconds', 1_700_000_000_123, 1_700_000_000_123],
  ])('reads %s', (_what, given, expected) => {
    const claims = given === undefined ? {} : { event_timestamp: given };
    expect(happenedAt(token({ name: 'session-revoked', claims }))).toBe(expected);
  });
});
