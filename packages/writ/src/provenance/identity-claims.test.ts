import { describe, expect, it } from 'vitest';
import { CredentialError, IdentityMappingError } from './errors.js';
import { compileIdentity } from './identity-claims.js';

const identity = (id: string, claims: Record<string, unknown>) => compileIdentity({ type: 'User', id })(claims);

describe('an identity', () => {
  it.each([
    ['a claim', 'claims.sub', { sub: 'ana' }, 'ana'],
    ['several claims', 'claims.org + "/" + claims.sub', { org: 'shop', sub: 'ana' }, 'shop/ana'],
    ['a claim in another', 'claims.realm.name', { realm: { name: 'eu' } }, 'eu'],
    ['an entry of a list', 'claims.groups[1]', { groups: ['a', 'b'] }, 'b'],
    ['a whole number', 'string(claims.id)', { id: 42 }, '42'],
    ['a choice', 'claims.kind == "bot" ? "b:" + claims.sub : claims.sub', { kind: 'bot', sub: 'x' }, 'b:x'],
  ])('comes from %s', (_clause, id, claims, expected) => {
    expect(identity(id, claims)).toEqual({ type: 'User', id: expected });
  });

  it.each([
    ['a claim that is missing', 'claims.sub', {}],
    ['an empty claim', 'claims.sub', { sub: '' }],
    ['a number', 'claims.id', { id: 42 }],
    ['a list', 'claims.groups', { groups: ['a'] }],
    ['null', 'claims.sub', { sub: null }],
    ['a truth value', 'claims.sub == "ana"', { sub: 'ana' }],
    ['a failing expression', 'claims.groups[3]', { groups: ['a'] }],
  ])('is not taken from %s', (_clause, id, claims) => {
    expect(() => identity(id, claims)).toThrow(CredentialError);
  });

  it.each(['claims.', '1 +', 'claims.sub ||'])('does not compile from %s', (id) => {
    expect(() => compileIdentity({ type: 'User', id })).toThrow(IdentityMappingError);
  });

  it('compiles a mapping once', () => {
    const mapping = { type: 'User', id: 'claims.sub' };
    expect(compileIdentity(mapping)).toBe(compileIdentity(mapping));
  });
});
