import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WRAPPED_SIGNING_KEYS } from '../src/provenance/signing-keys.js';
import { keySource } from '../src/store/key-source.js';
import { openStore, openStoreToRead } from '../src/store/store.js';
import { StoreKey } from '../src/store/store-key.js';
import { command } from './processes.js';
import { bundleOf, type Reply, type Running, run, writeBundle } from './running.js';

/** Token exchange into transaction tokens, and decisions that believe them: authority only shrinks along the path. */

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let jwks: Server;
let issuer: string;
let writ: Running;
/** The service's clock, in milliseconds ahead of the real one. */
let ahead = 0;

const USERS = ['ana', 'ben'];
const AGENTS = ['planner', 'helper', 'mailer', 'intern', ...Array.from({ length: 20 }, (_, i) => `a${i}`)];
const bundle = (issuerUrl: string): Record<string, string> => ({
  'writ.yaml': `
name: tokens
tokens: { trustDomain: shop.example, lifetime: 5m, maxDepth: 16 }
issuers:
  ${issuerUrl}:
    audience: https://tokens.example
    jwks: ${issuerUrl}/jwks.json
    type: JWT
    scopes: [refund, mail]
    identity: { type: User, id: 'claims.email.split("@")[0]' }
  ${issuerUrl}/agents:
    audience: https://tokens.example
    jwks: ${issuerUrl}/jwks.json
    type: JWT
    identity: { type: Agent, id: claims.sub }
  ${issuerUrl}/cluster:
    audience: https://tokens.example
    jwks: ${issuerUrl}/jwks.json
    type: JWT
    scopes: [refund]
    # The uid, because names are used again.
    identity:
      type: Agent
      id: claims["kubernetes.io"].namespace + "/" + claims["kubernetes.io"].serviceaccount.name + "/" + claims["kubernetes.io"].serviceaccount.uid
  ${issuerUrl}/ci:
    audience: https://tokens.example
    jwks: ${issuerUrl}/jwks.json
    type: JWT
    scopes: [refund]
    identity: { type: Agent, id: '"ci/" + claims.repository_id + "/" + claims.environment' }
  ${issuerUrl}/others:
    audience: https://tokens.example
    jwks: ${issuerUrl}/jwks.json
    type: JWT
spiffe:
  shop.example: { bundle: ${issuerUrl}/spiffe, audience: writ, identity: Agent, scopes: [refund] }
callers:
  watcher: { roles: [auditor] }
gateway:
  clients:
    planner-for-ana: { agent: 'Agent::"planner"', for: 'User::"ana"', scopes: [refund] }
`,
  'schema.cedarschema': `
entity Team;
entity User in [Team];
entity Agent in [Team];
entity Order;
type Provenance = { assurance: Long, depth: Long, purpose: String, promptHash?: String };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String>, provenance: Provenance } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { provenance: Provenance, ledger: { done: Set<String> } } };
`,
  'ledger.yaml': 'accumulators: { done: { key: task, set: action } }',
  'policies/all.cedar': `
@id("staff-hands-on") permit (principal in Team::"staff", action == Action::"delegate", resource in Team::"staff");
@id("interns-get-nothing-for-mail") @reason("interns do not mail")
forbid (principal, action == Action::"delegate", resource == Agent::"intern") when { context.scope.contains("mail") };
@id("staff-refunds") permit (principal in Team::"staff", action == Action::"refund", resource)
when { context.provenance.purpose == "refund" && context.provenance.assurance >= 1 };
@id("intern-does-not") forbid (principal == Agent::"intern", action == Action::"refund", resource);
@id("once") forbid (principal, action == Action::"refund", resource == Order::"once") when { context.ledger.done.contains("refund") };
`,
  'entities/all.json': JSON.stringify([
    ...USERS.map((id) => ({ uid: { type: 'User', id }, parents: id === 'ana' ? [{ type: 'Team', id: 'staff' }] : [] })),
    ...AGENTS.map((id) => ({ uid: { type: 'Agent', id }, parents: [{ type: 'Team', id: 'staff' }] })),
  ]),
});

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  const served = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] };
  const spiffe = { keys: served.keys.map((key) => ({ ...key, use: 'jwt-svid' })) };
  jwks = createServer((request, response) => response.end(JSON.stringify(request.url === '/spiffe' ? spiffe : served)));
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`;
  writ = await run(bundleOf(bundle(issuer)), { clock: () => new Date(Date.now() + ahead) });
});
afterAll(async () => {
  await writ.stop();
  jwks.close();
});

const TXN = 'urn:ietf:params:oauth:token-type:txn_token';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';
const jwt = (claims: Record<string, unknown>, from = '') =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' })
    .setIssuer(issuer + from)
    .setAudience('https://tokens.example')
    .setExpirationTime(Math.floor((Date.now() + ahead) / 1_000) + 300)
    .sign(keys.privateKey);
const user = (id: string, more: object = {}) => jwt({ sub: `idp|${id}`, email: `${id}@shop.example`, ...more });
const agent = (id: string) => jwt({ sub: id }, '/agents');

const exchange = (form: Record<string, string>, as: string | null = 'default') =>
  writ.send('POST', '/token', new URLSearchParams(form).toString(), {
    as,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
const BASE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  audience: 'shop.example',
  requested_token_type: TXN,
};
const first = (subject: string, more: Record<string, string> = {}) =>
  exchange({ ...BASE, subject_token: subject, subject_token_type: ACCESS, scope: 'refund', ...more });
const onward = (token: string, actor: string, more: Record<string, string> = {}) =>
  exchange({
    ...BASE,
    subject_token: token,
    subject_token_type: TXN,
    actor_token: actor,
    actor_token_type: ACCESS,
    ...more,
  });
const tokenOf = (reply: Reply): string => {
  expect([reply.status, reply.json]).toEqual([
    200,
    expect.objectContaining({ token_type: 'N_A', issued_token_type: TXN }),
  ]);
  return reply.json.access_token as string;
};
const refused = (reply: Reply, error: string): void => expect([reply.status, reply.json?.error]).toEqual([400, error]);

const REFUND = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: '1' },
};
const decide = async (token: string | undefined, body: object = REFUND) =>
  (
    await writ.send(
      'POST',
      '/access/v1/evaluation',
      { ...body, context: { detail: 'full' } },
      {
        headers: token === undefined ? {} : { 'Txn-Token': token },
      },
    )
  ).json;

/** A key of the service, to sign with what the service itself would never sign. */
async function ownKey(algorithm = 'ES256') {
  const store = openStoreToRead(writ.store);
  const db = store.withTables<{
    signing_keys: { kid: string; algorithm: string; jwk: string; retired_at: string | null };
  }>();
  const row = await db
    .selectFrom('signing_keys')
    .selectAll()
    .where('algorithm', '=', algorithm)
    .where('retired_at', 'is', null)
    .executeTakeFirstOrThrow();
  await store.destroy();
  const source = keySource(undefined, writ.data);
  const jwk = source.read()?.unwrap(row.jwk, WRAPPED_SIGNING_KEYS, row.kid).toString() ?? '';
  return { kid: row.kid, key: await importJWK(JSON.parse(jwk) as JWK, algorithm) };
}
async function forged(change: Record<string, unknown> = {}, header: Record<string, string> = {}) {
  const token = tokenOf(
    await first(await user('ana'), { actor_token: await agent('planner'), actor_token_type: ACCESS }),
  );
  // What is undefined is left out.
  const claims = { ...decodeJwt(token), ...change };
  const { kid, key } = await ownKey();
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'txntoken+jwt', kid, ...header }).sign(key);
}

const path = (...names: string[]) => ({ path: names.map((sub) => ({ sub, assurance: 2 })) });

describe('the first token of a task', () => {
  it('has the claims of the drafts, and is verified with the published keys alone', async () => {
    const token = tokenOf(
      await first(await user('ana'), { request_details: '{"order":"1"}', request_context: '{"req_ip":"192.0.2.1"}' }),
    );
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'txntoken+jwt', alg: 'ES256', kid: expect.any(String) });
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${writ.url}/.well-known/jwks.json`)), {
      issuer: writ.url,
      audience: 'shop.example',
      typ: 'txntoken+jwt',
    });
    expect(payload).toMatchObject({
      sub: 'User::"ana"',
      scope: 'refund',
      req_wl: 'default',
      tctx: { order: '1' },
      rctx: { req_ip: '192.0.2.1' },
      agentic_ctx: { path: [{ sub: 'User::"ana"', assurance: 2 }] },
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(payload).not.toHaveProperty('act');
  });

  it('binds the prompt that it began with by a keyed hash, for the whole task, and keeps it nowhere', async () => {
    const prompt = 'refund order 1, please';
    const token = tokenOf(await first(await user('ana'), { prompt }));
    const { agentic_ctx: said } = decodeJwt(token) as { agentic_ctx: { prompt_hash: string } };
    expect(said.prompt_hash).toMatch(/^hmac-sha256:[\w-]{43}$/);
    // Nobody finds it by hashing what it could be.
    expect(said.prompt_hash).not.toContain(createHash('sha256').update(prompt).digest('base64url'));
    const again = decodeJwt(tokenOf(await first(await user('ana'), { prompt }))) as { agentic_ctx: object };
    expect(again.agentic_ctx).toMatchObject(said);
    const next = tokenOf(await onward(token, await agent('helper')));
    expect(decodeJwt(next).agentic_ctx).toMatchObject({ prompt_hash: said.prompt_hash });
    expect((await decide(next)).context.provenance.promptHash).toBe(said.prompt_hash);
    refused(await onward(token, await agent('helper'), { prompt: 'another' }), 'invalid_request');
    const { text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    expect(text).not.toContain(prompt);
  });

  it('publishes no secret', async () => {
    const { json } = await writ.send('GET', '/.well-known/jwks.json', undefined, { as: null });
    expect(json.keys.map(({ alg }: JWK) => alg).sort()).toEqual(['ES256', 'Ed25519']);
    for (const key of json.keys) expect(key).not.toHaveProperty('d');
    const metadata = (await writ.send('GET', '/.well-known/oauth-authorization-server', undefined, { as: null })).json;
    expect(metadata).toMatchObject({ issuer: writ.url, token_endpoint: `${writ.url}/token` });
  });

  it('with an actor is a handing on, which is decided', async () => {
    const token = tokenOf(
      await first(await user('ana'), { actor_token: await agent('planner'), actor_token_type: ACCESS }),
    );
    expect(decodeJwt(token)).toMatchObject({ sub: 'User::"ana"', act: { sub: 'Agent::"planner"' } });
    // Ben is not of the staff.
    refused(
      await first(await user('ben'), { actor_token: await agent('planner'), actor_token_type: ACCESS }),
      'access_denied',
    );
  });

  it('of a gateway client has both of its identities, asserted', async () => {
    const token = tokenOf(await first(writ.key('planner-for-ana')));
    expect(decodeJwt(token)).toMatchObject({
      act: { sub: 'Agent::"planner"' },
      agentic_ctx: {
        path: [
          { sub: 'User::"ana"', assurance: 1 },
          { sub: 'Agent::"planner"', assurance: 1 },
        ],
      },
    });
  });

  it('of a workload is about its SPIFFE ID; of a service account and of a CI job about what the bundle says', async () => {
    const expires = Math.floor(Date.now() / 1_000) + 60;
    const svid = await new SignJWT({ sub: 'spiffe://shop.example/ns/prod/sa/checkout', aud: 'writ', exp: expires })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(keys.privateKey);
    const workload = tokenOf(await first(svid, { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }));
    expect(decodeJwt(workload)).toMatchObject({
      sub: 'Agent::"spiffe://shop.example/ns/prod/sa/checkout"',
      agentic_ctx: { path: [{ assurance: 2 }] },
    });
    const cluster = {
      namespace: 'prod',
      serviceaccount: { name: 'checkout', uid: '7f3c' },
      pod: { name: 'checkout-1', uid: '1' },
    };
    const account = await jwt({ sub: 'system:serviceaccount:prod:checkout', 'kubernetes.io': cluster }, '/cluster');
    expect(decodeJwt(tokenOf(await first(account)))).toMatchObject({ sub: 'Agent::"prod/checkout/7f3c"' });
    const job = {
      sub: 'repo:shop/checkout:ref:refs/heads/main',
      repository_id: '99',
      environment: 'production',
      run_id: '5',
    };
    expect(decodeJwt(tokenOf(await first(await jwt(job, '/ci'))))).toMatchObject({ sub: 'Agent::"ci/99/production"' });
    // A job without an environment is nobody that the bundle knows.
    refused(await first(await jwt({ ...job, environment: undefined }, '/ci')), 'invalid_grant');
  });

  it.each<[string, () => Promise<Reply>, string]>([
    [
      'a workload of an unknown trust domain',
      async () =>
        first(await jwt({ sub: 'spiffe://evil.example/x' }), {
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        }),
      'invalid_grant',
    ],
    ['no scope', async () => first(await user('ana'), { scope: '' }), 'invalid_scope'],
    [
      'a scope that the issuer does not cover',
      async () => first(await user('ana'), { scope: 'refund payroll' }),
      'invalid_scope',
    ],
    [
      'a scope that the credential itself does not have',
      async () => first(await user('ana', { scope: 'mail' })),
      'invalid_scope',
    ],
    ['an issuer that covers none', async () => first(await agent('planner')), 'invalid_scope'],
    ['another audience', async () => first(await user('ana'), { audience: 'other.example' }), 'invalid_target'],
    [
      'another kind of token',
      async () => first(await user('ana'), { requested_token_type: ACCESS }),
      'invalid_request',
    ],
    ['another grant', async () => first(await user('ana'), { grant_type: 'client_credentials' }), 'invalid_request'],
    [
      'an unsigned credential',
      async () => first(new UnsecuredJWT({}).setIssuer(issuer).setSubject('x').encode()),
      'invalid_grant',
    ],
    [
      'a credential of an issuer that says nobody',
      async () => first(await jwt({ sub: 'x' }, '/others')),
      'invalid_grant',
    ],
    ['claims that name nobody', async () => first(await jwt({ sub: 'x', email: 7 })), 'invalid_grant'],
    ['the key of a caller', async () => first(writ.key('default')), 'invalid_grant'],
    ['details that are not JSON', async () => first(await user('ana'), { request_details: '{' }), 'invalid_request'],
    [
      'details with two readings',
      async () => first(await user('ana'), { request_details: '{"a":1,"a":2}' }),
      'invalid_request',
    ],
    [
      'an actor_token without its type',
      async () => first(await user('ana'), { actor_token: await agent('planner') }),
      'invalid_request',
    ],
    [
      'a subject_token_type that nobody knows',
      async () => first(await user('ana'), { subject_token_type: 'urn:x' }),
      'invalid_request',
    ],
  ])('is refused with %s', async (_what, ask, error) => refused(await ask(), error));

  it('is for callers that prove themselves and may', async () => {
    const form = { ...BASE, subject_token: await user('ana'), subject_token_type: ACCESS, scope: 'refund' };
    expect((await exchange(form, null)).status).toBe(401);
    expect((await exchange(form, 'watcher')).status).toBe(403);
    const twice = `${new URLSearchParams(form)}&scope=mail`;
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await writ.send('POST', '/token', twice, { headers })).json.detail).toBe('scope is sent twice');
  });

  it('and what was refused are on the record; the token is not', async () => {
    const token = tokenOf(await first(await user('ana')));
    await first(await user('ana'), { scope: 'payroll' });
    const { json, text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    const { txn } = decodeJwt(token) as { txn: string };
    expect(json.entries).toContainEqual(
      expect.objectContaining({ what: 'token.issue', detail: expect.objectContaining({ txn, scope: ['refund'] }) }),
    );
    expect(json.entries).toContainEqual(
      expect.objectContaining({ what: 'token.refuse', detail: expect.objectContaining({ error: 'invalid_scope' }) }),
    );
    expect(text).not.toContain(token.split('.')[2]);
  });
});

describe('handing on', () => {
  it('keeps the transaction and the originator, adds an actor, and takes the weakest assurance', async () => {
    const start = tokenOf(await first(writ.key('planner-for-ana')));
    const next = tokenOf(await onward(start, await agent('helper')));
    const [before, after] = [decodeJwt(start), decodeJwt(next)] as Record<string, unknown>[];
    expect([after?.txn, after?.sub, after?.aud]).toEqual([before?.txn, before?.sub, before?.aud]);
    expect(after?.act).toEqual({ sub: 'Agent::"helper"', act: { sub: 'Agent::"planner"' } });
    const { context } = await decide(next);
    expect(context.provenance).toMatchObject({ assurance: 1, txn: before?.txn, scope: ['refund'] });
  });

  it('never widens: not the scope, not the time', async () => {
    const start = tokenOf(await first(await user('ana'), { scope: 'refund mail' }));
    const narrow = tokenOf(await onward(start, await agent('helper'), { scope: 'refund' }));
    expect(decodeJwt(narrow)).toMatchObject({ scope: 'refund' });
    refused(await onward(narrow, await agent('mailer'), { scope: 'refund mail' }), 'invalid_scope');
    refused(await onward(narrow, await agent('mailer'), { request_details: '{}' }), 'invalid_request');
    ahead = 200_000;
    const later = decodeJwt(tokenOf(await onward(narrow, await agent('mailer'))));
    expect(later.exp).toBe(decodeJwt(start).exp);
    ahead = 0;
  });

  it('is decided over the whole path, with the reason', async () => {
    const start = tokenOf(await first(await user('ana'), { scope: 'mail' }));
    const reply = await onward(start, await agent('intern'));
    refused(reply, 'access_denied');
    expect(reply.json.error_description).toContain('interns do not mail');
    // Ben may hand nothing on, whoever does it for him.
    const bens = await forged({ sub: 'User::"ben"', agentic_ctx: path('User::"ben"', 'Agent::"planner"') });
    refused(await onward(bens, await agent('helper')), 'access_denied');
  });

  it('in a circle, or to nobody, is refused; to oneself it narrows', async () => {
    const start = tokenOf(
      await first(await user('ana'), {
        scope: 'refund mail',
        actor_token: await agent('planner'),
        actor_token_type: ACCESS,
      }),
    );
    const next = tokenOf(await onward(start, await agent('helper')));
    refused(await onward(next, await agent('planner')), 'access_denied');
    refused(await exchange({ ...BASE, subject_token: next, subject_token_type: TXN }), 'invalid_request');
    const own = decodeJwt(tokenOf(await onward(next, await agent('helper'), { scope: 'mail' })));
    expect([own.scope, own.act]).toEqual(['mail', decodeJwt(next).act]);
  });

  it('goes as deep as the bundle says, and no deeper', async () => {
    let token = tokenOf(await first(await user('ana')));
    for (let i = 0; i < 16; i += 1) token = tokenOf(await onward(token, await agent(`a${i}`)));
    expect((await decide(token)).decision).toBe(true);
    refused(await onward(token, await agent('a16')), 'access_denied');
  });
});

describe('a decision with a token', () => {
  it('believes its path: everybody on it must be permitted', async () => {
    const start = tokenOf(await first(await user('ana')));
    expect(await decide(start)).toMatchObject({ decision: true, context: { provenance: { assurance: 2 } } });
    const intern = tokenOf(await onward(start, await agent('intern')));
    expect(await decide(intern)).toMatchObject({
      decision: false,
      context: { reasons: [{ policy: 'intern-does-not' }] },
    });
    const behind = tokenOf(await onward(intern, await agent('helper')));
    expect((await decide(behind)).decision).toBe(false);
  });

  it('without it has no purpose', async () => {
    expect((await decide(undefined)).decision).toBe(false);
  });

  it('for somebody else than the request is a denial', async () => {
    const token = tokenOf(await first(await user('ana')));
    const answer = await decide(token, { ...REFUND, subject: { type: 'User', id: 'ben' } });
    expect(answer.context.refusal.message).toBe('the token is for User::"ana", and the request is for User::"ben"');
  });

  it('an agent that the request names besides takes authority away', async () => {
    const token = tokenOf(await first(await user('ana')));
    const send = (context: object) =>
      writ.send('POST', '/access/v1/evaluation', { ...REFUND, context }, { headers: { 'Txn-Token': token } });
    expect((await send({})).json.decision).toBe(true);
    expect((await send({ agent: 'intern' })).json.decision).toBe(false);
    const { json } = await send({ agent: 'helper', detail: 'full' });
    expect(json).toMatchObject({ decision: true, context: { provenance: { assurance: 1 } } });
  });

  it('is one task, whoever works on it', async () => {
    const once = { ...REFUND, resource: { type: 'Order', id: 'once' } };
    const start = tokenOf(await first(await user('ana')));
    const next = tokenOf(await onward(start, await agent('helper')));
    expect((await decide(start, once)).decision).toBe(true);
    expect((await decide(next, once)).decision).toBe(false);
    expect((await decide(tokenOf(await first(await user('ana'))), once)).decision).toBe(true);
  });

  it('ends when its task is revoked', async () => {
    const token = tokenOf(await first(await user('ana')));
    const { txn } = decodeJwt(token) as { txn: string };
    await writ.send('POST', '/v1/revocations', { kind: 'task', target: txn, reason: 'stop' }, { as: 'admin' });
    expect((await decide(token)).context.refusal.code).toBe('revoked');
  });

  it('counts for searches', async () => {
    const start = tokenOf(await first(await user('ana')));
    const intern = tokenOf(await onward(start, await agent('intern')));
    await writ.send('PUT', '/v1/entities', [{ uid: { type: 'Order', id: 'o-1' } }], { as: 'admin' });
    const search = async (part: string, body: object, token: string) =>
      (await writ.send('POST', `/access/v1/search/${part}`, body, { headers: { 'Txn-Token': token } })).json.results;
    const orders = { subject: REFUND.subject, action: REFUND.action, resource: { type: 'Order' } };
    expect(await search('resource', orders, start)).toEqual([{ type: 'Order', id: 'o-1' }]);
    expect(await search('resource', orders, intern)).toEqual([]);
    const actions = { subject: REFUND.subject, resource: REFUND.resource };
    expect(await search('action', actions, start)).toEqual([{ name: 'refund' }]);
    expect(await search('action', actions, intern)).toEqual([]);
    const subjects = { subject: { type: 'User' }, action: REFUND.action, resource: REFUND.resource };
    expect(await search('subject', subjects, start)).toEqual([{ type: 'User', id: 'ana' }]);
    expect(await search('subject', subjects, 'a.b.c')).toEqual([]);
  });

  it('counts for every item of a batch', async () => {
    const token = tokenOf(await first(await user('ana')));
    const evaluations = [{}, { subject: { type: 'User', id: 'ben' } }];
    const { json } = await writ.send(
      'POST',
      '/access/v1/evaluations',
      { ...REFUND, evaluations },
      { headers: { 'Txn-Token': token } },
    );
    expect(json.evaluations.map(({ decision }: { decision: boolean }) => decision)).toEqual([true, false]);
  });
});

describe('a token that is not to be believed is a denial with the reason, on the record', () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const names = AGENTS.slice(0, 20).map((id) => `Agent::"${id}"`);
  const deep = {
    act: names.reduce<object | undefined>((act, sub) => ({ sub, ...(act === undefined ? {} : { act }) }), undefined),
    agentic_ctx: path('User::"ana"', ...names),
  };
  it.each<[string, () => Promise<string>, RegExp]>([
    ['expired', () => forged({ exp: now() - 1 }), /has expired/],
    ['of the future', () => forged({ iat: now() + 120 }), /of the future/],
    ['not valid yet', () => forged({ nbf: now() + 120 }), /of the future/],
    ['for another audience', () => forged({ aud: 'other.example' }), /is for other.example/],
    ['of another issuer', () => forged({ iss: 'https://other.example' }), /of https:\/\/other.example/],
    ['of another type', () => forged({}, { typ: 'JWT' }), /not a txntoken\+jwt/],
    [
      'of no type',
      async () => (await forged()).replace(/^[^.]+/, Buffer.from('{"alg":"ES256"}').toString('base64url')),
      /no key of ours/,
    ],
    ['under an unknown key', () => forged({}, { kid: 'k9' }), /no key of ours/],
    [
      'with the name of a key of another algorithm',
      async () => forged({}, { kid: (await ownKey('Ed25519')).kid }),
      /no key of ours/,
    ],
    [
      'without a signature (alg none)',
      async () => new UnsecuredJWT(decodeJwt(await forged())).encode(),
      /no key of ours/,
    ],
    [
      'signed with the public key as a secret (algorithm confusion)',
      async () => {
        const { kid } = await ownKey();
        const { json } = await writ.send('GET', '/.well-known/jwks.json', undefined, { as: null });
        const pem = await exportSPKI(
          (await importJWK(
            json.keys.find((key: JWK) => key.kid === kid),
            'ES256',
          )) as never,
        );
        const claims = decodeJwt(await forged());
        return new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', typ: 'txntoken+jwt', kid })
          .sign(new TextEncoder().encode(pem));
      },
      /no key of ours/,
    ],
    [
      'signed by somebody else',
      async () =>
        new SignJWT(decodeJwt(await forged()))
          .setProtectedHeader({ alg: 'ES256', typ: 'txntoken+jwt', kid: (await ownKey()).kid })
          .sign(keys.privateKey),
      /signature is not right/,
    ],
    ['an access token', () => user('ana'), /no key of ours/],
    ['nonsense', async () => 'a.b.c', /not a signed token/],
    ['two tokens', async () => `${await forged()}, ${await forged()}`, /not a signed token|no key/],
    ['too long', async () => 'a'.repeat(16_000), /not a signed token/],
    ['without a transaction', () => forged({ txn: undefined }), /claim txn/],
    ['without a path', () => forged({ agentic_ctx: undefined }), /claim agentic_ctx/],
    ['with another actor than its path', () => forged({ act: { sub: 'Agent::"helper"' } }), /do not tell the path/],
    ['with an actor left out', () => forged({ act: undefined }), /do not tell the path/],
    [
      'with an actor too many',
      () => forged({ act: { sub: 'Agent::"planner"', act: { sub: 'Agent::"x"' } } }),
      /do not tell the path/,
    ],
    ['with another originator than its path', () => forged({ sub: 'User::"ben"' }), /do not tell the path/],
    [
      'with an identity that is none',
      () => forged({ sub: 'ana', agentic_ctx: path('ana', 'Agent::"planner"') }),
      /is not an identity/,
    ],
    [
      'with one identity twice',
      () => forged({ act: { sub: 'User::"ana"' }, agentic_ctx: path('User::"ana"', 'User::"ana"') }),
      /twice/,
    ],
    [
      'with an assurance that there is not',
      () => forged({ agentic_ctx: { path: [{ sub: 'User::"ana"', assurance: 5 }] } }),
      /claim agentic_ctx/,
    ],
    ['twenty deep', () => forged(deep), /longer than 17/],
  ])('%s', async (_what, make, why) => {
    const answer = await decide(await make());
    expect([answer.decision, answer.context.refusal.code]).toEqual([false, 'token_invalid']);
    expect(answer.context.refusal.message).toMatch(why);
    const { json } = await writ.send('GET', `/v1/decisions/${answer.context.id}`, undefined, { as: 'admin' });
    expect(json.decision.refusal.code).toBe('token_invalid');
  });

  it('with any character changed', async () => {
    const token = tokenOf(await first(await user('ana')));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: token.length - 1 }), fc.constantFrom(...'AZaz09-_.'), async (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        // The last character of a part can hold bits that count for nothing.
        const isSame =
          changed === token ||
          changed
            .split('.')
            .every((part, i) =>
              Buffer.from(part, 'base64url').equals(Buffer.from(token.split('.')[i] ?? '', 'base64url')),
            );
        const isLast = [...token].some(
          (c, i) => i === at && (c === '.' || token[i + 1] === '.' || i === token.length - 1),
        );
        if (isSame && isLast) return;
        expect((await decide(changed)).decision).toBe(changed === token);
      }),
      { numRuns: 60 },
    );
  });
});

describe('for random delegation trees and random policies', () => {
  it('no delegated decision permits what an identity on its path is denied', async () => {
    const people = ['r', 's', 't'];
    const world = fc.record({
      mayDelegate: fc.array(fc.tuple(fc.constantFrom('ana', ...people), fc.constantFrom(...people)), { maxLength: 8 }),
      mayRead: fc.subarray(['ana', ...people]),
      forbidden: fc.subarray(people),
      steps: fc.array(fc.record({ from: fc.nat(), to: fc.constantFrom(...people), narrow: fc.boolean() }), {
        maxLength: 7,
      }),
    });
    const uidOf = (id: string): string => (id === 'ana' ? 'User::"ana"' : `Agent::"${id}"`);
    let [permitted, refusedSteps] = [0, 0];
    const folder = bundleOf(bundle(issuer));
    const saved = writ;
    writ = await run(folder);
    try {
      await fc.assert(
        fc.asyncProperty(world, async ({ mayDelegate, mayRead, forbidden, steps }) => {
          const policies = [
            ...mayDelegate.map(
              ([from, to], i) =>
                `@id("d${i}") permit (principal == ${uidOf(from)}, action == Action::"delegate", resource == ${uidOf(to)});`,
            ),
            ...mayRead.map(
              (id, i) => `@id("r${i}") permit (principal == ${uidOf(id)}, action == Action::"refund", resource);`,
            ),
            ...forbidden.map(
              (id, i) => `@id("f${i}") forbid (principal == ${uidOf(id)}, action == Action::"refund", resource);`,
            ),
            '@id("nobody") forbid (principal == User::"nobody", action, resource);',
          ].join('\n');
          writeBundle(folder, { 'policies/all.cedar': policies });
          await writ.writ.reload();
          const alone = async (id: string): Promise<boolean> => {
            const subject = id === 'ana' ? { type: 'User', id } : { type: 'Agent', id };
            return (await decide(undefined, { ...REFUND, subject })).decision;
          };
          const allowed = new Map(
            await Promise.all(['ana', ...people].map(async (id) => [id, await alone(id)] as const)),
          );
          const tree = [{ token: tokenOf(await first(await user('ana'), { scope: 'refund mail' })), path: ['ana'] }];
          for (const { from, to, narrow } of steps) {
            const parent = tree[from % tree.length] as (typeof tree)[number];
            const reply = await onward(parent.token, await agent(to), narrow ? { scope: 'refund' } : {});
            const present = parent.path.at(-1) as string;
            // Everybody on the path must be allowed to hand it to the next one, and nobody is on it twice; oneself hands on nothing.
            const may = parent.path.every((id) => mayDelegate.some(([a, b]) => a === id && b === to));
            const expected = present === to || (may && !parent.path.includes(to));
            const isScopeKept = !narrow || (decodeJwt(parent.token).scope as string).includes('refund');
            expect([parent.path, to, reply.status]).toEqual([parent.path, to, expected && isScopeKept ? 200 : 400]);
            if (reply.status === 200)
              tree.push({ token: reply.json.access_token, path: present === to ? parent.path : [...parent.path, to] });
            else refusedSteps += 1;
          }
          for (const { token, path: identities } of tree) {
            const { decision } = await decide(token);
            expect([identities, decision]).toEqual([identities, identities.every((id) => allowed.get(id) === true)]);
            if (decision) permitted += 1;
          }
        }),
        { numRuns: 25 },
      );
    } finally {
      await writ.stop();
      writ = saved;
    }
    expect(permitted).toBeGreaterThan(3);
    expect(refusedSteps).toBeGreaterThan(3);
  });
});

describe('writ task token', () => {
  const inspect = (token: string, ...flags: string[]) => command('task', 'token', token, ...flags);

  it('shows the path as a tree, verified', async () => {
    const start = tokenOf(await first(writ.key('planner-for-ana')));
    const token = tokenOf(await onward(start, await agent('helper')));
    const { code, out } = await inspect(token, '--service', writ.url);
    expect(code).toBe(0);
    expect(out).toContain(`transaction ${decodeJwt(token).txn} for refund, in shop.example, expires in `);
    expect(out).toContain(
      [
        '  User::"ana"  originator; asserted (1)',
        '  └─ Agent::"planner"  handed it on; asserted (1)',
        '     └─ Agent::"helper"  acts now; authenticated (2)',
        `verified  signed by ${writ.url} with key `,
      ].join('\n'),
    );
  });

  it('or says why not', async () => {
    const changed = await inspect((await forged()).replace(/.{4}$/, 'AAAA'), '--service', writ.url);
    expect([changed.code, changed.out]).toEqual([1, expect.stringContaining('NOT verified')]);
    const unreachable = await inspect(await forged(), '--service', 'http://127.0.0.1:1', '--json');
    expect(JSON.parse(unreachable.out)).toMatchObject({
      verified: false,
      why: expect.stringContaining('cannot be had'),
    });
    expect(await inspect('nonsense')).toMatchObject({ code: 2 });
  });
});

describe('keys', () => {
  it('are rotated by an administrator, and on the record', async () => {
    const token = tokenOf(await first(await user('ana')));
    expect((await writ.send('POST', '/v1/signing-keys/rotate', { algorithm: 'ES256' })).status).toBe(403);
    const { status, json } = await writ.send(
      'POST',
      '/v1/signing-keys/rotate',
      { algorithm: 'ES256' },
      { as: 'admin' },
    );
    expect(status).toBe(200);
    const next = tokenOf(await first(await user('ana')));
    expect(decodeProtectedHeader(next).kid).toBe(json.kid);
    expect(decodeProtectedHeader(token).kid).not.toBe(json.kid);
    for (const one of [token, next]) expect((await decide(one)).decision).toBe(true);
    const published = (await writ.send('GET', '/.well-known/jwks.json', undefined, { as: null })).json.keys;
    expect(published.map(({ kid }: JWK) => kid)).toEqual(
      expect.arrayContaining([json.kid, decodeProtectedHeader(token).kid]),
    );
  });

  it('go on verifying for a while after they were rotated out, and then no more', async () => {
    const { SigningKeys, signingKeyMigrations } = await import('../src/provenance/signing-keys.js');
    const { TransactionTokens } = await import('../src/provenance/transaction-token.js');
    const store = await openStore(`${writ.data}/keys.db`, signingKeyMigrations);
    const storeKey = new StoreKey(Buffer.alloc(32, 1));
    let now = Date.parse('2026-01-01T00:00:00Z');
    const clock = () => new Date(now);
    const own = await SigningKeys.open(store, storeKey, clock, 60_000);
    const tokens = new TransactionTokens(own, () => ({ issuer: 'https://i', trustDomain: 't' }), clock);
    const token = await tokens.sign({
      txn: '1',
      path: [{ uid: { type: 'User', id: 'ana' }, assurance: 2 }],
      scope: ['x'],
      requestingWorkload: 'w',
      issuedAt: now / 1_000,
      expires: now / 1_000 + 600,
    });
    const before = own.current().kid;
    const after = await own.rotate('ES256');
    expect([own.current().kid, own.jwks().keys.length]).toEqual([after, 3]);
    // Remembered or not: what counts is whether its key still does.
    for (const ms of [0, 58_000, 1_000]) {
      now += ms;
      expect(await tokens.verify(token)).toMatchObject({ txn: '1' });
    }
    now += 2_000;
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token_key_unknown' });
    expect(own.jwks().keys.map(({ kid }) => kid)).not.toContain(before);
    // Another process finds the same keys.
    expect((await SigningKeys.open(store, storeKey, clock, 60_000)).current().kid).toBe(after);
    await store.destroy();
  });
});
