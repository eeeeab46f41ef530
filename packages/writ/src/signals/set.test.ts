import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_TYPES } from './event-types.js';
import { SetVerifier } from './set.js';

const NOW = new Date('2026-11-30T12:00:00Z');
const IAT = NOW.getTime() / 1_000;
const ISSUER = 'https://idp.example';
const { uri } = EVENT_TYPES['session-revoked'];
const CLAIMS = {
  iss: ISSUER,
  aud: ['writ', 'others'],
  jti: 'j1',
  iat: IAT,
  txn: 't',
  sub_id: { format: 'email', email: 'ada' },
  events: { [uri]: {} },
};

describe('SetVerifier', () => {
  let server: Server;
  let keys: GenerateKeyPairResult;
  let other: GenerateKeyPairResult;
  let jwks: string;
  beforeAll(async () => {
    [keys, other] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
    server = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());

  const verifier = (at = jwks) =>
    new SetVerifier(
      async () => ({ issuer: ISSUER, audience: 'writ', jwks: at, algorithms: ['ES256'], critical: ['tenant'] }),
      () => NOW,
    );
  const signed = (claims: object, header: object = {}, key = keys.privateKey): Promise<string> =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'secevent+jwt', ...header }).sign(key);

  it('reads a token that is right', async () => {
    await expect(verifier().verify(await signed(CLAIMS))).resolves.toEqual({
      jti: 'j1',
      issuedAt: IAT,
      txn: 't',
      subject: { user: CLAIMS.sub_id },
      subId: CLAIMS.sub_id,
      event: { name: 'session-revoked', claims: {} },
      eventUri: uri,
    });
  });

  it('reads an event of a type that it does not understand', async () => {
    const token = await signed({ ...CLAIMS, events: { 'https://example.com/x': {} } });
    await expect(verifier().verify(token)).resolves.toMatchObject({
      event: undefined,
      eventUri: 'https://example.com/x',
    });
  });

  it.each([
    ['another issuer', { iss: 'https://evil.example' }, {}, 'invalid_issuer'],
    ['another audience', { aud: 'others' }, {}, 'invalid_audience'],
    ['a type of another token', {}, { typ: 'at+jwt' }, 'invalid_request'],
    ['a `sub`, which is for access tokens', { sub: 'ada' }, {}, 'invalid_request'],
    ['an `exp`', { exp: IAT + 60 }, {}, 'invalid_request'],
    ['a time to come', { iat: IAT + 61 }, {}, 'invalid_request'],
    ['no event', { events: {} }, {}, 'invalid_request'],
    ['two events', { events: { [uri]: {}, other: {} } }, {}, 'invalid_request'],
    ['claims of an event of a wrong form', { events: { [uri]: { event_timestamp: 'x' } } }, {}, 'invalid_request'],
    ['a subject that is none', { sub_id: 'ada' }, {}, 'invalid_request'],
    [
      'a critical member that nobody knows',
      { sub_id: { format: 'complex', user: CLAIMS.sub_id, tenant: {} } },
      {},
      'invalid_request',
    ],
    ['no jti', { jti: undefined }, {}, 'invalid_request'],
  ])('refuses %s', async (_what, claims, header, problem) => {
    const token = await signed({ ...CLAIMS, ...claims }, header);
    await expect(verifier().verify(token)).rejects.toMatchObject({ code: 'event_refused', problem });
  });

  it('takes a time that is at most the allowed skew ahead', async () => {
    await expect(verifier().verify(await signed({ ...CLAIMS, iat: IAT + 60 }))).resolves.toMatchObject({ jti: 'j1' });
  });

  it.each([
    ['a key that is not the issuer’s', async () => signed(CLAIMS, {}, other.privateKey), 'invalid_key'],
    ['what is no token', async () => 'x.y', 'invalid_request'],
    ['what is too long', async () => 'x'.repeat(64 * 1_024 + 1), 'invalid_request'],
    [
      'JSON that two parsers read differently',
      async () =>
        new CompactSign(new TextEncoder().encode(`{"jti":"a",${JSON.stringify(CLAIMS).slice(1)}`))
          .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'secevent+jwt' })
          .sign(keys.privateKey),
      'invalid_request',
    ],
  ])('refuses %s', async (_what, make, problem) => {
    await expect(verifier().verify(await make())).rejects.toMatchObject({ problem });
  });

  it('says that the keys cannot be had, which is not the fault of the token', async () => {
    const token = await signed(CLAIMS);
    await expect(verifier('http://127.0.0.1:1/').verify(token)).rejects.toMatchObject({ problem: 'keys_unreachable' });
  });
});
