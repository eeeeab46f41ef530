import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority, type Pair } from './certificates.js';
import { bundleOf, type Running, run } from './running.js';

/** Who may call, how a caller proves it, and what it may then ask and assert. */

const AUDIENCE = 'https://pdp.example';
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let retired: Keys;
let issuer: string;
let jwks: Server;
/** What the issuer's key set answers with. */
let served: { keys: unknown[] } | undefined;
let authority: Authority;
let writ: Running;

const bundle = (issuerUrl: string): Record<string, string> => ({
  'writ.yaml': `
name: callers
issuers:
  ${issuerUrl}: { audience: ${AUDIENCE}, jwks: ${issuerUrl}/jwks.json, algorithms: [ES256] }
callers:
  pipeline: { token: { issuer: ${issuerUrl}, subject: 'repo:shop/checkout' } }
  mesh: { certificate: 'URI:spiffe://shop.example/gateway' }
  reader: { roles: [enforcement-point, reader] }
  chatty: { detail: full }
`,
  'schema.cedarschema': `
entity User { level?: Long, team?: String };
entity Doc { public?: Bool, draft?: Bool };
action read, write appliesTo { principal: [User], resource: [Doc] };
`,
  'policies/docs.cedar': `
@id("known-users-read") permit (principal, action == Action::"read", resource) when { resource has public && resource.public };
@id("level-writes") permit (principal, action == Action::"write", resource) when { principal has level && principal.level >= 3 };
`,
  'service/callers.cedar': `
@id("readers-only-read") forbid (principal in Role::"reader", action == Action::"evaluate", resource)
unless { resource == Operation::"read" };
@id("readers-do-not-search") forbid (principal in Role::"reader", action == Action::"search", resource);
@id("nobody-says-public") forbid (principal == Caller::"reader", action == Action::"assert", resource == Attribute::"Doc.public");
@id("the-mesh-knows-levels") permit (principal == Caller::"mesh", action == Action::"assert", resource == Attribute::"User.level")
when { context.part == "subject" && principal.method == "certificate" };
`,
  'entities/facts.json': JSON.stringify([{ uid: { type: 'User', id: 'ana' }, attrs: { team: 'a' } }]),
});

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  retired = await generateKeyPair('ES256', { extractable: true });
  served = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
  jwks = createServer((_request, response) => {
    if (served === undefined) response.writeHead(503).end();
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(served));
  });
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`;
  authority = await Authority.make();
  writ = await run(bundleOf(bundle(issuer)), { tls: await authority.serverFiles() });
});
afterAll(async () => {
  await writ.stop();
  jwks.close();
});

const read = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
const publicRead = { ...read, resource: { ...read.resource, properties: { public: true } } };

interface Asked {
  readonly status: number;
  readonly body: { decision?: boolean; detail?: string; context?: Record<string, unknown> };
  readonly headers: Record<string, unknown>;
}

/** Over TLS, with a client certificate or a header or neither. */
function ask(body: unknown, how: { authorization?: string; pair?: Pair; path?: string } = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const { authorization, pair, path = '/access/v1/evaluation' } = how;
    const sent = request(
      writ.url + path,
      {
        method: 'POST',
        ca: authority.pem,
        agent: false,
        ...pair,
        headers: { 'Content-Type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: JSON.parse(text) as Asked['body'],
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

const withKey = (body: unknown, name = 'default', path?: string) =>
  ask(body, { authorization: `Bearer ${writ.key(name)}`, ...(path === undefined ? {} : { path }) });

const token = (change: (jwt: SignJWT) => SignJWT = (jwt) => jwt, header: Record<string, string> = {}, key = keys) =>
  change(
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject('repo:shop/checkout')
      .setIssuedAt()
      .setExpirationTime('5m'),
  ).sign(key.privateKey);
const withToken = async (jwt: string | Promise<string>) => ask(publicRead, { authorization: `Bearer ${await jwt}` });

describe('a caller proves itself by an access token', () => {
  it('until that token is revoked, by its issuer and jti', async () => {
    const made = (jti: string) => token((jwt) => jwt.setJti(jti));
    expect((await withToken(made('one'))).status).toBe(200);
    const leaked = { kind: 'token', target: `${issuer} one`, reason: 'leaked' };
    expect((await withKey(leaked, 'admin', '/v1/revocations')).status).toBe(201);
    expect((await withToken(made('one'))).status).toBe(401);
    expect((await withToken(made('two'))).status).toBe(200);
  });

  it('of a declared issuer, about a declared subject', async () => {
    expect(await withToken(token())).toMatchObject({ status: 200, body: { decision: true } });
  });

  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each<[string, () => Promise<string>]>([
    ['expired', () => token((jwt) => jwt.setExpirationTime('-1m'))],
    ['not yet valid', () => token((jwt) => jwt.setNotBefore('2m'))],
    ['for another audience', () => token((jwt) => jwt.setAudience('https://other.example'))],
    ['of another issuer', () => token((jwt) => jwt.setIssuer('https://other.example'))],
    ['about somebody who is not declared', () => token((jwt) => jwt.setSubject('repo:shop/other'))],
    ['of another type (token confusion)', () => token(undefined, { typ: 'JWT' })],
    ['under an unknown key id', () => token(undefined, { kid: 'k2' })],
    ['signed with another key', () => token(undefined, {}, retired)],
    [
      'without a signature (alg none)',
      async () =>
        new UnsecuredJWT({ sub: 'repo:shop/checkout' })
          .setIssuer(issuer)
          .setAudience(AUDIENCE)
          .setExpirationTime('5m')
          .encode(),
    ],
    [
      'signed with the public key as a shared secret (algorithm confusion)',
      async () =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })
          .setIssuer(issuer)
          .setAudience(AUDIENCE)
          .setSubject('repo:shop/checkout')
          .setExpirationTime('5m')
          .sign(new TextEncoder().encode(await exportSPKI(keys.publicKey))),
    ],
    [
      'with changed claims',
      async () => {
        const [head, , signature] = (await token()).split('.');
        const claims = { iss: issuer, aud: AUDIENCE, sub: 'repo:shop/checkout', exp: Date.now() / 1_000 + 9_999 };
        return `${head}.${encoded(claims)}.${signature}`;
      },
    ],
    [
      'without expiry',
      async () =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
          .setIssuer(issuer)
          .setAudience(AUDIENCE)
          .setSubject('repo:shop/checkout')
          .sign(keys.privateKey),
    ],
    [
      'that names a prototype member as its issuer',
      async () => `${encoded({ alg: 'ES256' })}.${encoded({ iss: '__proto__' })}.AA`,
    ],
    ['that is no token', async () => 'a.b.c'],
  ])('not by one %s', async (_what, make) => {
    const { status, headers } = await withToken(make());
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="writ"']);
  });

  it('when the issuer is down: what was verified goes on for a while, and what was not is refused', async () => {
    const known = await token();
    expect((await withToken(known)).status).toBe(200);
    const before = served;
    served = undefined;
    expect((await withToken(known)).status).toBe(200);
    // The keys that were fetched are still good; a key id that is not among them needs the issuer.
    expect((await withToken(token())).status).toBe(200);
    const other = await run(bundleOf(bundle(issuer)), { tls: await authority.serverFiles() });
    const saved = writ;
    writ = other;
    const { status, headers, body } = await withToken(token());
    writ = saved;
    await other.stop();
    served = before;
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(body.detail).toContain('cannot be had');
  });
});

describe('a caller proves itself by a client certificate', () => {
  const gateway = { type: 'url', value: 'spiffe://shop.example/gateway' } as const;

  it('under the name that it is declared with', async () => {
    expect(await ask(publicRead, { pair: await authority.issue([gateway]) })).toMatchObject({
      status: 200,
      body: { decision: true },
    });
  });

  it.each<[string, () => Promise<Pair>]>([
    ['of another name', () => authority.issue([{ type: 'url', value: 'spiffe://shop.example/other' }])],
    [
      'that only begins with the name',
      () => authority.issue([{ type: 'url', value: 'spiffe://shop.example/gateway/x' }]),
    ],
    ['with two SPIFFE ids', () => authority.issue([gateway, { type: 'url', value: 'spiffe://shop.example/other' }])],
    [
      'with the name hidden in another (CVE-2021-44532)',
      () => authority.issue([{ type: 'dns', value: 'x, URI:spiffe://shop.example/gateway' }]),
    ],
    ['that has expired', () => authority.issue([gateway], -1_000)],
    ['of another authority', async () => (await Authority.make('CN=Other')).issue([gateway])],
  ])('not by one %s', async (_what, make) => {
    expect((await ask(publicRead, { pair: await make() })).status).toBe(401);
  });

  it('a header that proves nothing is not made good by a certificate', async () => {
    const pair = await authority.issue([gateway]);
    expect((await ask(publicRead, { pair, authorization: 'Bearer nonsense' })).status).toBe(401);
  });
});

describe('what a caller may ask', () => {
  it('nothing, when it proves nothing', async () => {
    expect((await ask(publicRead)).status).toBe(401);
  });

  it('what the service policies say, alone and in a batch', async () => {
    expect((await withKey({ ...read, action: { name: 'write' } }, 'reader')).status).toBe(403);
    const items = [{}, { action: { name: 'write' } }];
    const { body } = await withKey({ ...read, evaluations: items }, 'reader', '/access/v1/evaluations');
    expect(body).toMatchObject({
      evaluations: [{ decision: false }, { decision: false, context: { error: { status: 403 } } }],
    });
  });

  it('searches only where it may', async () => {
    const search = { subject: { type: 'User' }, action: { name: 'read' }, resource: read.resource };
    expect((await withKey(search, 'reader', '/access/v1/search/subject')).status).toBe(403);
    const actions = { subject: read.subject, resource: publicRead.resource };
    expect((await withKey(actions, 'reader', '/access/v1/search/action')).body).toEqual({ results: [] });
    expect((await withKey(actions, 'default', '/access/v1/search/action')).body).toEqual({
      results: [{ name: 'read' }],
    });
  });

  it('the administrator does not ask, and does not report', async () => {
    expect((await withKey(publicRead, 'admin')).status).toBe(403);
    const outcome = { decisionId: 'x', status: 'completed' };
    expect((await withKey(outcome, 'admin', '/v1/outcomes')).status).toBe(403);
  });
});

describe('what a caller may assert, attribute by attribute', () => {
  const write = (level: number) => ({
    subject: { type: 'User', id: 'ana', properties: { level } },
    action: { name: 'write' },
    resource: read.resource,
  });

  it('of the resource that it guards, unless a service policy forbids it', async () => {
    expect((await withKey(publicRead)).body).toEqual({ decision: true });
    const { body } = await withKey({ ...publicRead, context: { detail: 'reasons' } }, 'reader');
    expect(body).toMatchObject({ decision: false, context: { ignored: ['resource.public'] } });
  });

  it('not who the subject is, unless a service policy says so of this caller and how it proved itself', async () => {
    expect((await withKey(write(5))).body).toEqual({ decision: false });
    const pair = await authority.issue([{ type: 'url', value: 'spiffe://shop.example/gateway' }]);
    expect((await ask(write(5), { pair })).body).toEqual({ decision: true });
    expect((await ask(write(1), { pair })).body).toEqual({ decision: false });
  });

  it('is told more without asking when it is registered so', async () => {
    const { body } = await withKey(read, 'chatty');
    expect(body.context).toMatchObject({
      result: 'deny',
      facts: expect.any(Array),
      ledger: {},
      provenance: { assurance: 1 },
    });
  });
});
