import { promises as dns } from 'node:dns';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type RequestOptions, request as send } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as secure } from 'node:tls';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Authority, type Pair } from './certificates.js';
import { bundleOf, type Running, run } from './running.js';

/** Callers of the service at the proxy for HTTP, by key and by certificate, and hops that say who asks. */

const got: IncomingHttpHeaders[] = [];
const keys = await generateKeyPair('ES256', { extractable: true });
const issuer = createServer(async (_request, response) => {
  const key = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [key] }));
});
const shop = createServer((request, response) => {
  got.push(request.headers);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
});
let [writ, authority]: [Running, Authority] = [undefined, undefined] as never;
let [edge, worker, stranger]: [Pair, Pair, Pair] = [] as never;

const files = (upstream: string, issuer: string): Record<string, string> => ({
  'writ.yaml': `name: shop
tokens: { trustDomain: shop.example }
issuers:
  ${issuer}: { audience: https://proxy.example, jwks: ${issuer}/jwks.json, algorithms: [ES256] }
callers:
  pipeline: { token: { issuer: ${issuer}, subject: 'repo:shop/checkout' }, agent: 'Agent::"pipeline"', for: 'User::"ana"' }
  edge:
    certificate: URI:spiffe://shop.example/edge
    identityHeaders: { for: { name: X-Authenticated-User, type: User }, agent: { name: X-Authenticated-Agent, type: Agent } }
  keyed: { identityHeaders: { for: { name: X-Authenticated-User, type: User } } }
  untrusted: { identityHeaders: { for: { name: X-Authenticated-User, type: User } } }
  half: { identityHeaders: { for: { name: X-Authenticated-User, type: User }, agent: { name: X-Authenticated-Agent, type: Agent } } }
  worker: { certificate: URI:spiffe://shop.example/worker, agent: 'Agent::"worker"', for: 'User::"ana"' }
  bot: { agent: 'Agent::"bot"', for: 'User::"ana"' }
  reader: { agent: 'Agent::"bot"', for: 'User::"ana"' }
  plain: {}
gateway: { clients: { client: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [shop] } } }
http: { egress: {}, fronts: { front: { profile: nginx, services: [shop], removes: [X-Authenticated-User, X-Authenticated-Agent] }, bare: { profile: nginx, services: [shop] } }, services: { shop: { upstream: "${upstream}", hosts: [shop.example], routes: [{ route: "GET /me", operation: me }, { route: "GET /other", operation: other }] } } }
`,
  'schema.cedarschema': `entity User; entity Agent; entity Route; entity Host { port?: Long };
action connect appliesTo { principal: [User, Agent], resource: [Host], context: {} };
action me, other appliesTo { principal: [User, Agent], resource: [Route], context: {} };`,
  'policies/all.cedar': `@id("host") permit(principal, action == Action::"connect", resource == Host::"api.example.com") when { resource has port && resource.port == 443 };
@id("ana") permit(principal == User::"ana", action in [Action::"me", Action::"other"], resource);
@id("agents") permit(principal is Agent, action in [Action::"me", Action::"other"], resource) when { principal != Agent::"mallory" };`,
  'service/hops.cedar': `@id("hops") permit(principal, action == Action::"identify", resource) when { principal == Caller::"edge" || principal == Caller::"keyed" };
@id("half") permit(principal == Caller::"half", action == Action::"identify", resource == EntityType::"User");
@id("reader") forbid(principal == Caller::"reader", action == Action::"evaluate", resource) unless { resource == Operation::"other" };`,
});

async function ask(
  path: string,
  headers: Record<string, string | string[]>,
  pair?: Pair,
  url: string | undefined = writ.writ.httpUrl,
) {
  const { port } = new URL(url ?? '');
  const options: RequestOptions = {
    host: '127.0.0.1',
    port,
    path,
    ca: authority.pem,
    servername: 'localhost',
    agent: false,
    ...pair,
  };
  return new Promise<{ status: number | undefined; json: Record<string, unknown> }>((resolve, reject) => {
    const asked = send({ ...options, headers: { host: 'shop.example', ...headers } }, async (answer) => {
      const pieces: Buffer[] = [];
      for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
      resolve({ status: answer.statusCode, json: JSON.parse(Buffer.concat(pieces).toString() || '{}') });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The path of identities of the last decision, as the record has it. */
async function lastPath(): Promise<unknown> {
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
  const decisions = read
    .map(({ entry }) => entry as unknown as Record<string, unknown>)
    .filter(({ kind }) => kind === 'decision');
  return JSON.stringify(decisions.at(-1));
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** An access token of the issuer. */
const tokenFor = (subject: string, audience = 'https://proxy.example'): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
    .setIssuer(urlOf(issuer))
    .setSubject(subject)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(keys.privateKey);

/** A transaction token of the client. */
async function txnToken(): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: writ.key('client'),
    audience: 'shop.example',
  });
  const response = await fetch(`${writ.url}/token`, { method: 'POST', headers: bearer('default'), body: form });
  return String(((await response.json()) as { access_token: unknown }).access_token);
}

const bearer = (name: string) => ({ authorization: `Bearer ${writ.key(name)}` });

beforeAll(async () => {
  for (const server of [shop, issuer]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  authority = await Authority.make();
  const spiffe = (name: string) => authority.issue([{ type: 'url', value: `spiffe://shop.example/${name}` }]);
  [edge, worker, stranger] = await Promise.all([spiffe('edge'), spiffe('worker'), spiffe('stranger')]);
  const bundle = bundleOf(files(urlOf(shop), urlOf(issuer)));
  writ = await run(bundle, { httpTls: await authority.serverFiles() });
});
afterAll(async () => {
  await writ?.stop();
  for (const server of [shop, issuer]) {
    server.closeAllConnections();
    server.close();
  }
});

describe('a caller of the service at the proxy', () => {
  it.each([
    ['its key', () => bearer('bot'), undefined, 'bot'],
    ['the key of a client', () => bearer('client'), undefined, 'bot'],
    ['its certificate', () => ({}), () => worker, 'worker'],
  ] as const)('is proved by %s', async (_how, headers, pair, agent) => {
    expect((await ask('/me', headers(), pair?.())).status).toBe(200);
    expect(await lastPath()).toContain(`"${agent}"`);
    const { authorization } = got.at(-1) ?? expect.fail();
    expect(authorization).toBeUndefined();
  });

  it.each([
    ['a certificate of no caller', () => ({}), () => stranger],
    ['no credential', () => ({}), undefined],
    ['a certificate beside a key that is wrong', () => ({ authorization: 'Bearer writ_x' }), () => worker],
    ['a caller that speaks for nobody', () => bearer('plain'), undefined],
    ['the administrator', () => bearer('admin'), undefined],
    ['the built-in caller', () => bearer('default'), undefined],
  ] as const)('is not proved by %s', async (_what, headers, pair) => {
    const before = got.length;
    expect((await ask('/me', headers(), pair?.())).status).toBe(401);
    expect(got.length).toBe(before);
  });

  it('is proved by a token of an issuer, of its subject and for this audience', async () => {
    const asked = async (token: string) => (await ask('/me', { authorization: `Bearer ${token}` })).status;
    const before = got.length;
    expect(await asked(await tokenFor('repo:shop/checkout'))).toBe(200);
    expect(await lastPath()).toMatch(/"ana".*"pipeline"|"pipeline".*"ana"/);
    expect(await asked(await tokenFor('repo:shop/other'))).toBe(401);
    expect(await asked(await tokenFor('repo:shop/checkout', 'https://other.example'))).toBe(401);
    expect(await asked(`${await tokenFor('repo:shop/checkout')}x`)).toBe(401);
    expect(got.length).toBe(before + 1);
  });

  it('asks only about what the policies of the service let it ask', async () => {
    expect((await ask('/other', bearer('reader'))).status).toBe(200);
    const { status, json } = await ask('/me', bearer('reader'));
    expect([status, json.title]).toEqual([403, expect.stringContaining('the caller reader may not ask about me')]);
  });
});

describe('a hop that says who asks (H2, H4, H5)', () => {
  const user = (name: string) => ({ 'x-authenticated-user': name });

  it.each([
    ['a certificate', () => ({}), () => edge],
    ['a key', () => bearer('keyed'), undefined],
  ] as const)('counts if %s proves it, and the header reaches no service', async (_how, headers, pair) => {
    expect((await ask('/me', { ...headers(), ...user('ana') }, pair?.())).status).toBe(200);
    expect(got.at(-1)).not.toHaveProperty('x-authenticated-user');
    expect((await ask('/me', { ...headers(), ...user('eve') }, pair?.())).status).toBe(403);
  });

  it('may name nobody if it passes on a transaction token, whose path is then the one', async () => {
    const token = await txnToken();
    const before = got.length;
    for (const [headers, pair] of [
      [{}, edge],
      [bearer('keyed'), undefined],
    ] as const)
      expect((await ask('/me', { ...headers, 'txn-token': token }, pair)).status).toBe(200);
    expect(await lastPath()).toMatch(/"ana".*"bot"|"bot".*"ana"/);
    expect(got.at(-1)).not.toHaveProperty('txn-token');
    // The name in it alone is no proof, and a name of the hop beside it has to be that of the token.
    expect((await ask('/me', { 'txn-token': `${token}x` }, edge)).status).toBe(403);
    expect((await ask('/me', { 'txn-token': token, ...user('eve') }, edge)).status).toBe(403);
    expect((await ask('/me', { 'txn-token': 'none' }, edge)).status).toBe(401);
    expect((await ask('/me', { 'txn-token': token })).status).toBe(401);
    expect(got.length).toBe(before + 2);
  });

  it('names the agent too, which has to be permitted', async () => {
    const named = (agent: string) => ask('/me', { ...user('ana'), 'x-authenticated-agent': agent }, edge);
    expect((await named('bot')).status).toBe(200);
    expect(await lastPath()).toMatch(/"ana".*"bot"|"bot".*"ana"/);
    expect((await named('mallory')).status).toBe(403);
  });

  it.each<[string, () => Record<string, string | string[]>, (() => Pair) | undefined, number]>([
    ['of a caller that no policy lets identify', () => ({ ...bearer('untrusted'), ...user('ana') }), undefined, 401],
    [
      'of an agent type that the hop may not name',
      () => ({ ...bearer('half'), ...user('ana'), 'x-authenticated-agent': 'bot' }),
      undefined,
      401,
    ],
    ['of nobody', () => user('ana'), undefined, 401],
    ['of a certificate of no caller', () => user('ana'), () => stranger, 401],
    ['of a hop that has none', () => ({}), () => edge, 401],
    ['that is empty', () => user(''), () => edge, 401],
    ['that two proxies joined', () => user('eve, ana'), () => edge, 401],
    ['that is there twice', () => ({ 'x-authenticated-user': ['ana', 'ana'] }), () => edge, 401],
    ['that Connection names', () => ({ ...user('ana'), connection: 'x-authenticated-user' }), () => edge, 400],
    ['in another spelling', () => ({ x_authenticated_user: 'ana' }), () => edge, 400],
    ['of another name', () => ({ 'x-forwarded-user': 'ana' }), () => edge, 401],
    ['in another character set', () => user('an\u00e4'), () => edge, 400],
  ])('counts for nothing in a header %s', async (_what, headers, pair, status) => {
    const before = got.length;
    expect((await ask('/me', headers(), pair?.())).status).toBe(status);
    expect(got.length).toBe(before);
  });

  it.each([
    ['a client', () => bearer('client'), undefined],
    ['a caller with an identity', () => ({}), () => worker],
  ] as const)('is not %s: its header is removed and changes nothing', async (_who, headers, pair) => {
    const sent = { ...headers(), ...user('eve'), 'x-authenticated-agent': 'mallory' };
    expect((await ask('/me', sent, pair?.())).status).toBe(200);
    expect(await lastPath()).not.toMatch(/eve|mallory/);
    expect(Object.keys(got.at(-1) ?? {}).filter((name) => name.startsWith('x-authenticated'))).toEqual([]);
  });
});

describe('a front that asks about requests', () => {
  const user = (name: string) => ({ 'x-authenticated-user': name });
  /** As nginx asks, on a connection that may have a certificate. */
  const check = (
    headers: Record<string, string | string[]>,
    { front = 'front', pair = undefined as Pair | undefined } = {},
  ) =>
    ask(
      '/v1/check',
      {
        'writ-front': `Bearer ${writ.key(front)}`,
        'writ-method': 'GET',
        'writ-target': '/me',
        'writ-host': 'shop.example',
        'writ-scheme': 'https',
        'writ-version': 'HTTP/1.1',
        ...headers,
      },
      pair,
      writ.writ.checkUrl,
    );

  it.each([
    ['a client', () => bearer('client'), '"bot"'],
    ['a caller', () => bearer('bot'), '"bot"'],
    ['a hop that names a person', () => ({ ...bearer('keyed'), ...user('ana') }), '"ana"'],
  ] as const)('passes on the key of %s', async (_who, headers, path) => {
    expect((await check(headers())).status).toBe(204);
    expect(await lastPath()).toContain(path);
  });

  it('passes on the token of a caller, and that of a transaction from a hop', async () => {
    const authorization = `Bearer ${await tokenFor('repo:shop/checkout')}`;
    expect((await check({ authorization })).status).toBe(204);
    expect(await lastPath()).toContain('"pipeline"');
    expect((await check({ authorization: `Bearer ${await tokenFor('repo:shop/other')}` })).status).toBe(401);
    expect((await check({ ...bearer('keyed'), 'txn-token': await txnToken() })).status).toBe(204);
    expect(await lastPath()).toContain('"bot"');
  });

  it('has the person that a hop names decided on', async () => {
    const { status, json } = await check({ ...bearer('keyed'), ...user('eve') });
    expect([status, json.code]).toEqual([403, 'not_permitted']);
    expect(await lastPath()).toContain('"eve"');
  });

  it('asks for a caller only about what that one may ask', async () => {
    expect((await check({ ...bearer('reader'), 'writ-target': '/other' })).status).toBe(204);
    const { status, json } = await check(bearer('reader'));
    expect([status, json.title]).toEqual([403, expect.stringContaining('the caller reader may not ask about me')]);
  });

  it.each<[string, () => Record<string, string | string[]>, (() => Pair) | undefined, number]>([
    ['its own certificate, which is that of a caller', () => ({}), () => worker, 401],
    ['its own certificate, which is that of a hop', () => user('ana'), () => edge, 401],
    ['its own key', () => ({ ...bearer('front'), ...user('ana') }), undefined, 401],
    ['a header of nobody', () => user('ana'), undefined, 401],
    ['a hop that no policy lets identify', () => ({ ...bearer('untrusted'), ...user('ana') }), undefined, 401],
    ['a hop that names nobody', () => bearer('keyed'), undefined, 401],
    ['a hop with two names', () => ({ ...bearer('keyed'), 'x-authenticated-user': ['ana', 'ana'] }), undefined, 401],
    ['a caller that speaks for nobody', () => bearer('plain'), undefined, 401],
    [
      'a hop whose header Connection names',
      () => ({ ...bearer('keyed'), ...user('ana'), 'writ-connection': 'x-authenticated-user' }),
      undefined,
      403,
    ],
  ])('proves nobody by %s', async (_what, headers, pair, status) => {
    expect((await check(headers(), { pair: pair?.() })).status).toBe(status);
  });

  it('has to remove the headers of identities: the service would be sent them', async () => {
    const { status, json } = await check({ ...bearer('keyed'), ...user('ana') }, { front: 'bare' });
    expect([status, json.code]).toEqual([403, 'header_unlisted']);
  });

  it('changes nothing for a client with such a header', async () => {
    expect((await check({ ...bearer('client'), ...user('eve') })).status).toBe(204);
    expect(await lastPath()).not.toContain('eve');
  });
});

describe('a tunnel to a host outside', () => {
  function tunnel(host: string, authorization: string | undefined, pair?: Pair): Promise<string> {
    const { port } = new URL(writ.writ.httpUrl ?? '');
    return new Promise((resolve, reject) => {
      const socket = secure({
        host: '127.0.0.1',
        port: Number(port),
        ca: authority.pem,
        servername: 'localhost',
        ...pair,
      });
      let said = '';
      socket.on('data', (piece: Buffer) => {
        said += piece.toString();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(said));
      const proof = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
      socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n${proof}\r\n`);
    });
  }

  it('is decided on for the host, and its address is looked at', async () => {
    const lookup = vi.spyOn(dns, 'lookup').mockResolvedValue([{ address: '10.0.0.1', family: 4 }] as never);
    try {
      const key = bearer('client').authorization;
      const basic = `Basic ${Buffer.from(`any:${writ.key('bot')}`).toString('base64')}`;
      expect(await tunnel('other.example.com', key)).toMatch(/^HTTP\/1\.1 403 .*not permitted/s);
      expect(lookup).not.toHaveBeenCalled();
      for (const [proof, pair] of [[key], [basic], [undefined, worker]] as const)
        expect(await tunnel('api.example.com', proof, pair)).toMatch(/^HTTP\/1\.1 403 .*egress_address/s);
      expect(lookup).toHaveBeenCalledTimes(3);
      expect(await tunnel('api.example.com', undefined)).toMatch(/^HTTP\/1\.1 407 /);
    } finally {
      lookup.mockRestore();
    }
    const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
    const outcomes = read
      .map(({ entry }) => entry as unknown as Record<string, unknown>)
      .filter(({ kind }) => kind === 'outcome');
    expect(outcomes.filter(({ status }) => status === 'not-executed')).toHaveLength(3);
  });
});

it('a request with more members and items than are decided on at once is refused', async () => {
  const input = Array.from({ length: 10_001 }, (_, i) => i);
  const asked = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'me' },
    resource: { type: 'Route', id: '/me' },
    context: { input },
  };
  for (const [path, body] of [
    ['evaluation', asked],
    ['evaluations', { ...asked, evaluations: [{}] }],
    ['search/resource', { ...asked, resource: { type: 'Route' } }],
    ['search/action', { ...asked, action: undefined }],
  ] as const) {
    const { status, json } = await writ.send('POST', `/access/v1/${path}`, body);
    expect([path, status, json.code]).toEqual([path, 413, 'too_many_values']);
    expect(json.detail).toContain('more than 10000 members and items');
  }
});
