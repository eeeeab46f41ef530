import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, REQUESTED, readEvent } from './event-types.js';

describe('readEvent', () => {
  it.each([
    ['session-revoked', { event_timestamp: 1, more: 'is kept' }],
    ['credential-change', { credential_type: 'password', change_type: 'revoke' }],
    ['token-claims-change', { claims: { role: 'admin' } }],
    ['risk-level-change', { principal: 'USER', current_level: 'HIGH' }],
    ['stream-updated', { status: 'paused' }],
  ] as const)('reads %s', (name, claims) => {
    expect(readEvent(EVENT_TYPES[name].uri, claims)).toEqual({ name, claims });
  });

  it.each([
    ['credential-change', { credential_type: 'password', change_type: 'lost' }, /credential-change.change_type: /],
    ['session-revoked', { event_timestamp: -1 }, /event_timestamp: /],
    ['risk-level-change', { principal: 'USER', current_level: 'SEVERE' }, /current_level: /],
    ['device-compliance-change', { current_status: 'compliant' }, /previous_status: /],
  ] as const)('says what is wrong with a %s', (name, claims, message) => {
    expect(readEvent(EVENT_TYPES[name].uri, claims)).toMatch(message);
  });

  it('does not understand other types', () => {
    expect(readEvent('https://example.com/event', {})).toBeUndefined();
  });

  it('asks for no event that a transmitter sends by itself', () => {
    expect(REQUESTED).toContain(EVENT_TYPES['session-revoked'].uri);
    expect(REQUESTED).not.toContain(EVENT_TYPES.verification.uri);
    expect(REQUESTED).toHaveLength(Object.keys(EVENT_TYPES).length - 2);
  });
});
