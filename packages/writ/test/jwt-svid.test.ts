import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialError, IssuerUnreachableError } from '../src/provenance/errors.js';
import { JwtSvids } from '../src/provenance/jwt-svid.js';

/** SPIFFE JWT-SVID: what section 3 demands, and what traps there are. */

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let [own, foreign, rsa, edwards]: Keys[] = [];
let server: Server;
let served: Record<string, JWK[] | undefined>;
let asked = 0;
let now = Date.now();
let svids: JwtSvids;

const jwk = async (keys: Keys | undefined, kid: string, more: object = {}): Promise<JWK> => ({
  ...(await exportJWK((keys as Keys).publicKey)),
  kid,
  use: 'jwt-svid',
  ...more,
});

beforeAll(async () => {
  own = await generateKeyPair('ES256', { extractable: true });
  foreign = await generateKeyPair('ES256', { extractable: true });
  rsa = await generateKeyPair('RS256', { extractable: true });
  edwards = await generateKeyPair('Ed25519', { extractable: true });
  served = {
    '/shop': [
      await jwk(own, 'k1'),
      await jwk(rsa, 'k2'),
      await jwk(edwards, 'k3'),
      await jwk(foreign, 'x509', { use: 'x509-svid' }),
    ],
    '/other': [await jwk(foreign, 'k1')],
  };
  server = createServer((request, response) => {
    asked += 1;
    const keys = served[request.url ?? ''];
    if (keys === undefined) response.writeHead(503).end();
    else response.end(JSON.stringify({ keys, spiffe_sequence: 1 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  svids = made();
});
afterAll(() => void server.close());

function made(): JwtSvids {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const domains = {
    'shop.example': { bundle: `${base}/shop`, audience: 'writ' },
    'other.example': { bundle: `${base}/other`, audience: 'writ' },
  };
  return new JwtSvids(domains, () => new Date(now));
}

interface Svid {
  readonly sub?: string;
  readonly aud?: string | string[];
  readonly exp?: number | null;
  readonly header?: Record<string, unknown>;
  readonly keys?: Keys | undefined;
}
async function svid({
  sub = 'spiffe://shop.example/ns/prod/sa/checkout',
  aud = 'writ',
  exp,
  header = {},
  keys = own,
}: Svid = {}) {
  const claims = { sub, aud, ...(exp === null ? {} : { exp: exp ?? Math.floor(now / 1_000) + 60 }) };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign((keys as Keys).privateKey);
}

describe('a JWT-SVID', () => {
  it.each<[string, Svid]>([
    ['without typ', {}],
    ['of typ JWT', { header: { typ: 'JWT' } }],
    ['of typ JOSE', { header: { typ: 'JOSE' } }],
    ['for several audiences', { aud: ['x', 'writ'] }],
    ['signed with RSA', { header: { alg: 'RS256', kid: 'k2' }, keys: undefined }],
  ])('%s is verified with the bundle of its trust domain', async (_what, how) => {
    const keys = how.header?.alg === 'RS256' ? rsa : own;
    expect(await svids.verify(await svid({ ...how, keys }))).toEqual({
      spiffeId: 'spiffe://shop.example/ns/prod/sa/checkout',
      trustDomain: 'shop.example',
    });
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['for another audience', () => svid({ aud: 'other' }), /not for writ/],
    ['without audience', () => svid({ aud: [] }), /not for writ/],
    ['expired', () => svid({ exp: Math.floor(now / 1_000) - 1 }), /expired/],
    ['without expiry', () => svid({ exp: null }), /expired/],
    ['of a trust domain that is not declared', () => svid({ sub: 'spiffe://evil.example/x' }), /not of a trust domain/],
    ['with the key of another trust domain', () => svid({ keys: foreign }), /signature/],
    ['of another trust domain with a key of ours', () => svid({ sub: 'spiffe://other.example/x' }), /signature/],
    ['signed with a key for X.509', () => svid({ header: { kid: 'x509' }, keys: foreign }), /no key x509/],
    ['under an unknown key', () => svid({ header: { kid: 'k9' } }), /no key k9/],
    ['with the key of another algorithm', () => svid({ header: { kid: 'k2' } }), /not one for ES256/],
    [
      'signed with EdDSA, which SPIFFE does not take',
      () => svid({ header: { alg: 'Ed25519', kid: 'k3' }, keys: edwards }),
      /not signed with Ed25519/,
    ],
    [
      'without a signature',
      async () => new UnsecuredJWT({ sub: 'spiffe://shop.example/x', aud: 'writ' }).encode(),
      /not signed with none/,
    ],
    ['of another type', () => svid({ header: { typ: 'at+jwt' } }), /no at\+jwt/],
    [
      'with a header that SPIFFE does not have',
      () => svid({ header: { jku: 'https://evil.example' } }),
      /no header jku/,
    ],
    ['about a trust domain alone', () => svid({ sub: 'spiffe://shop.example' }), /not of a trust domain/],
    ['with a slash at the end', () => svid({ sub: 'spiffe://shop.example/x/' }), /not of a trust domain/],
    ['with an empty segment', () => svid({ sub: 'spiffe://shop.example//x' }), /not of a trust domain/],
    ['with a dot segment', () => svid({ sub: 'spiffe://shop.example/a/../b' }), /not of a trust domain/],
    ['with an encoded character', () => svid({ sub: 'spiffe://shop.example/%61' }), /not of a trust domain/],
    ['with a port', () => svid({ sub: 'spiffe://shop.example:1/x' }), /not of a trust domain/],
    ['with user information', () => svid({ sub: 'spiffe://shop.example@evil.example/x' }), /not of a trust domain/],
    ['in upper case', () => svid({ sub: 'spiffe://SHOP.example/x' }), /not of a trust domain/],
    ['of a prototype member', () => svid({ sub: 'spiffe://__proto__/x' }), /not of a trust domain/],
    ['of three parts that are none', async () => 'a.b.c', /not a token/],
    ['of four parts', async () => `${await svid()}.x`, /not a token/],
    ['of JSON that is no object', async () => 'bnVsbA.bnVsbA.AA', /not a token/],
  ])('%s is not', async (_what, make, why) => {
    const error = await svids.verify(await make()).then(
      () => undefined,
      (e: unknown) => e as Error,
    );
    expect(error).toBeInstanceOf(CredentialError);
    expect(error?.message).toMatch(why);
  });

  it('a new key is found; ids that somebody makes up do not make us ask each time', async () => {
    const fresh = made();
    await fresh.verify(await svid());
    const before = asked;
    for (let i = 0; i < 5; i += 1)
      await expect(fresh.verify(await svid({ header: { kid: `made-up-${i}` } }))).rejects.toThrow(CredentialError);
    expect(asked).toBe(before);
    served['/shop'] = [...(served['/shop'] ?? []), await jwk(foreign, 'k4')];
    now += 11_000;
    expect(await fresh.verify(await svid({ header: { kid: 'k4' }, keys: foreign }))).toMatchObject({
      trustDomain: 'shop.example',
    });
  });

  it('when the bundle cannot be had: what was fetched goes on for an hour, and then nothing is believed', async () => {
    const fresh = made();
    const saved = served['/shop'];
    served['/shop'] = undefined;
    await expect(fresh.verify(await svid())).rejects.toThrow(IssuerUnreachableError);
    served['/shop'] = saved;
    await fresh.verify(await svid());
    served['/shop'] = undefined;
    now += 30 * 60_000;
    expect(await fresh.verify(await svid())).toMatchObject({ trustDomain: 'shop.example' });
    now += 31 * 60_000;
    await expect(fresh.verify(await svid())).rejects.toThrow(IssuerUnreachableError);
    served['/shop'] = saved;
  });
});
