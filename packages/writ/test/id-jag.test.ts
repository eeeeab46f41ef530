import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** ID-JAGs as subject tokens (draft-ietf-oauth-identity-assertion-authz-grant): an identity provider lets a client act here for a user. */

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let stranger: Keys;
let own: Keys;
let jwks: Server;
let issuer: string;
let writ: Running;

const bundle = (url: string): Record<string, string> => ({
  'writ.yaml': `
name: id-jag
tokens: { trustDomain: shop.example, lifetime: 5m, maxDepth: 4 }
issuers:
  ${url}:
    audience: https://other.example
    jwks: ${url}/jwks.json
    identity: { type: User, id: claims.email }
    idJag: { agent: { type: Agent, id: claims.client_id } }
    scopes: [refund]
  ${url}/plain:
    audience: https://other.example
    jwks: ${url}/jwks.json
    identity: { type: User, id: claims.email }
callers: { crm: {}, wiki: {}, batch: {} }
gateway: { resource: https://mcp.shop.example/mcp }
`,
  'schema.cedarschema': `
entity User; entity Agent; entity Order;
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String> } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { provenance: { assurance: Long, depth: Long } } };
`,
  'policies/all.cedar': `
@id("crm-works-for-people") permit (principal is User, action == Action::"delegate", resource == Agent::"crm");
@id("crm-hands-on") permit (principal, action == Action::"delegate", resource == Agent::"wiki");
@id("refunds") permit (principal, action == Action::"refund", resource) when { context.provenance.depth == 1 };
`,
});

beforeAll(async () => {
  [keys, stranger, own] = (await Promise.all([1, 2, 3].map(() => generateKeyPair('ES256', { extractable: true })))) as [
    Keys,
    Keys,
    Keys,
  ];
  const served = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] };
  jwks = createServer((_request, response) => response.end(JSON.stringify(served)));
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`;
  writ = await run(bundleOf(bundle(issuer)));
});
afterAll(async () => {
  await writ?.stop();
  jwks.close();
});

let counter = 0;
interface Made {
  readonly typ?: string;
  readonly with?: Keys;
}
const now = (): number => Math.floor(Date.now() / 1_000);
/** A claim that is undefined is left out. */
async function idJag(
  change: Record<string, unknown> = {},
  { typ = 'oauth-id-jag+jwt', with: signing = keys }: Made = {},
): Promise<string> {
  counter += 1;
  const claims = {
    ...{ iss: issuer, sub: 'u1', aud: writ.url, client_id: 'crm', jti: `j${counter}`, iat: now(), exp: now() + 300 },
    ...{ email: 'ana@shop.example', scope: 'refund read', resource: 'https://mcp.shop.example/mcp', ...change },
  };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1', typ }).sign(signing.privateKey);
}
async function exchange(token: string, more: Record<string, string> = {}, as = 'crm', dpop?: string): Promise<Reply> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    audience: 'shop.example',
    scope: 'refund',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
    ...more,
  };
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    ...(dpop === undefined ? {} : { DPoP: dpop }),
  };
  return writ.send('POST', '/token', new URLSearchParams(form).toString(), { as, headers });
}
const proof = async (signing: Keys) =>
  new SignJWT({ jti: `p${counter++}`, htm: 'POST', htu: `${writ.url}/token`, iat: now() })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(signing.publicKey) })
    .sign(signing.privateKey);

describe('an ID-JAG', () => {
  it('is exchanged for the token of a task of its user, by its client, which decisions go by', async () => {
    const reply = await exchange(await idJag());
    expect([reply.status, reply.json]).toEqual([200, expect.objectContaining({ token_type: 'N_A', scope: 'refund' })]);
    const token = reply.json.access_token as string;
    expect(decodeJwt(token)).toMatchObject({
      sub: 'User::"ana@shop.example"',
      act: { sub: 'Agent::"crm"' },
      agentic_ctx: {
        path: [
          { sub: 'User::"ana@shop.example"', assurance: 2 },
          { sub: 'Agent::"crm"', assurance: 1 },
        ],
      },
    });
    const request = {
      subject: { type: 'User', id: 'ana@shop.example' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: '1' },
    };
    const decided = await writ.send('POST', '/access/v1/evaluation', request, {
      as: 'crm',
      headers: { 'Txn-Token': token },
    });
    expect(decided.json.decision).toBe(true);
  });

  it('counts once, also if two come at once', async () => {
    const [token, other] = [await idJag(), await idJag()];
    expect((await exchange(token)).status).toBe(200);
    const again = await exchange(token);
    expect([again.status, again.json]).toEqual([
      400,
      {
        error: 'invalid_grant',
        error_description: 'subject_token: the ID-JAG was used before, or too many others still count',
      },
    ]);
    const both = await Promise.all([exchange(other), exchange(other)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it('gives no more than its scope, and than its details', async () => {
    const wider = await exchange(await idJag({ scope: 'read' }));
    expect(wider.json).toMatchObject({ error: 'invalid_scope' });
    expect((await exchange(await idJag({ scope: undefined }))).status).toBe(200);
    const details = [{ type: 'writ_action', actions: ['refund'] }];
    const narrowed = await exchange(await idJag({ authorization_details: details }));
    expect(narrowed.json.authorization_details).toEqual([expect.objectContaining({ actions: ['refund'] })]);
    const both = await exchange(await idJag({ authorization_details: details }), {
      authorization_details: JSON.stringify(details),
    });
    expect(both.json).toMatchObject({ error: 'invalid_request' });
  });

  it('is revoked by its id, and so is what was made of it', async () => {
    const token = (await exchange(await idJag({ jti: 'to-revoke' }))).json.access_token as string;
    const revoked = await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'token', target: `${issuer} to-revoke`, reason: 'test' },
      { as: 'admin' },
    );
    expect(revoked.status, revoked.text).toBeLessThan(300);
    const request = {
      subject: { type: 'User', id: 'ana@shop.example' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: '1' },
    };
    const decided = await writ.send('POST', '/access/v1/evaluation', request, {
      as: 'crm',
      headers: { 'Txn-Token': token },
    });
    expect(decided.json.decision).toBe(false);
  });

  it('that is bound to a key comes with a proof by that key, to which the token is bound', async () => {
    const jkt = await calculateJwkThumbprint(await exportJWK(own.publicKey));
    const bound = { cnf: { jkt } };
    expect((await exchange(await idJag(bound))).json).toMatchObject({ error: 'invalid_grant' });
    expect((await exchange(await idJag(bound), {}, 'crm', await proof(stranger))).json).toMatchObject({
      error: 'invalid_grant',
    });
    const reply = await exchange(await idJag(bound), {}, 'crm', await proof(own));
    expect(decodeJwt(reply.json.access_token)).toMatchObject({ cnf: { jkt } });
  });

  it.each<[string, Record<string, unknown>, Made, string]>([
    ['another type', {}, { typ: 'JWT' }, 'the token is not valid'],
    ['the type of an access token', {}, { typ: 'at+jwt' }, 'the token is not valid'],
    ['no type', {}, { typ: '' }, 'the token is not valid'],
    ['the signature of a stranger', {}, {}, 'the token is not valid'],
    ['an unknown issuer', { iss: 'https://evil.example' }, {}, 'not of an issuer that is known'],
    ['no issuer', { iss: undefined }, {}, 'not of an issuer that is known'],
    ['our own name as issuer', { iss: 'ours' }, {}, 'not of an issuer that is known'],
    ['an issuer without idJag', { iss: '/plain' }, {}, 'writ.yaml does not say whom the ID-JAGs'],
    ['the audience of its access tokens', { aud: 'https://other.example' }, {}, 'the token is not valid'],
    ['the trust domain as audience', { aud: 'shop.example' }, {}, 'the token is not valid'],
    ['no audience', { aud: undefined }, {}, 'the token is not valid'],
    ['two audiences', { aud: 'two' }, {}, 'has not one audience'],
    ['no subject', { sub: undefined }, {}, 'the token is not valid'],
    ['an empty subject', { sub: '' }, {}, 'has no subject'],
    ['no client', { client_id: undefined }, {}, 'lacks the claim `client_id`'],
    ['another client', { client_id: 'wiki' }, {}, 'is for the client "wiki", and "crm" sent it'],
    ['a list of clients', { client_id: ['crm'] }, {}, 'lacks the claim `client_id`'],
    ['no jti', { jti: undefined }, {}, 'lacks the claim `jti`'],
    ['an empty jti', { jti: '' }, {}, 'lacks the claim `jti`'],
    ['no iat', { iat: undefined }, {}, 'lacks the claim `iat`'],
    ['no exp', { exp: undefined }, {}, 'the token is not valid'],
    ['a past exp', { iat: now() - 400, exp: now() - 60 }, {}, 'the token is not valid'],
    ['a long life', { exp: now() + 3_600 }, {}, 'is the most'],
    ['an iat of the future', { iat: now() + 200 }, {}, 'of the future'],
    ['an nbf of the future', { nbf: now() + 200 }, {}, 'the token is not valid'],
    ['the resource of somebody else', { resource: 'https://mcp.other.example' }, {}, 'is for the resource'],
    [
      'a second resource of somebody else',
      { resource: ['https://mcp.shop.example/mcp', 'https://x.example'] },
      {},
      'is for the resource',
    ],
    ['a resource that is no text', { resource: { a: 1 } }, {}, 'lacks the claim `resource`'],
    ['a scope that is a list', { scope: ['refund'] }, {}, 'lacks the claim `scope`'],
    ['an actor', { act: { sub: 'x' } }, {}, 'has an actor'],
    ['a key of another form', { cnf: { 'x5t#S256': 'x' } }, {}, 'bound to a key in another way'],
    ['foreign details', { authorization_details: [{ type: 'payment' }] }, {}, 'authorization_details'],
    ['no claim for the user', { email: undefined }, {}, 'do not say whom'],
  ])('with %s is refused', async (what, change, made, why) => {
    const named: Record<string, unknown> = { ...change };
    if (named.iss === 'ours') named.iss = writ.url;
    if (named.iss === '/plain') named.iss = `${issuer}/plain`;
    if (named.aud === 'two') named.aud = [writ.url, 'https://other.example'];
    const signing = what.startsWith('the signature') ? { ...made, with: stranger } : made;
    const reply = await exchange(await idJag(named, signing));
    expect([reply.status, reply.json?.error]).toEqual([400, 'invalid_grant']);
    expect(reply.json.error_description).toContain(why);
  });

  it('is no access token, and an access token is no ID-JAG', async () => {
    const as = (kind: string) => ({ subject_token_type: `urn:ietf:params:oauth:token-type:${kind}` });
    for (const kind of ['access_token', 'jwt'])
      expect((await exchange(await idJag(), as(kind))).json?.error).toBe('invalid_grant');
    const accessToken = await idJag({ aud: 'https://other.example' }, { typ: 'at+jwt' });
    expect((await exchange(accessToken)).json?.error).toBe('invalid_grant');
    expect((await exchange(accessToken, as('access_token'))).status).toBe(200);
    const actor = { actor_token: await idJag(), actor_token_type: 'urn:ietf:params:oauth:token-type:id-jag' };
    expect((await exchange(await idJag(), actor)).json?.error).toBe('invalid_request');
  });

  it('is sent by its own client alone', async () => {
    const reply = await exchange(await idJag(), {}, 'wiki');
    expect(reply.json.error_description).toContain('is for the client "crm", and "wiki" sent it');
    expect((await writ.send('POST', '/token', 'grant_type=x', { as: null })).status).toBe(401);
  });

  it('gives a client nothing that the policies do not let people hand to it', async () => {
    const reply = await exchange(await idJag({ client_id: 'batch' }), {}, 'batch');
    expect([reply.status, reply.json.error]).toEqual([400, 'access_denied']);
    expect(reply.json.error_description).toContain('may not hand this task to Agent::"batch"');
  });

  it('is refused on the record, and its text is not there', async () => {
    const token = await idJag({ client_id: 'wiki' });
    await exchange(token);
    const { text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    expect(text).toContain('is for the client');
    expect(text).not.toContain(token.split('.')[1]);
  });

  it('that was used stays used over a restart', async () => {
    const token = await idJag();
    expect((await exchange(token)).status).toBe(200);
    const { data } = writ;
    const port = Number(new URL(writ.url).port);
    await writ.writ.close();
    writ = await run(bundleOf(bundle(issuer)), { data, port });
    expect((await exchange(token)).json?.error_description).toContain('was used before');
    expect((await exchange(await idJag())).status).toBe(200);
  });
});
