import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOnOffline, ProofKey, TokenClient } from '@writ/sdk';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { bundleOf, type Running, run } from './running.js';

/** Transaction tokens at the gateway: read from the header or `_meta`, passed on only where the bundle says so. */

const SERVER = fileURLToPath(new URL('servers/fragile.mjs', import.meta.url));
const AUDIENCE = 'https://gateway.example';
const bundle = (passToken: boolean) =>
  bundleOf({
    'writ.yaml': `
name: gateway-tokens
tokens: { trustDomain: shop.example }
issuers:
  ${issuer()}: { audience: "${AUDIENCE}", jwks: "${issuer()}/", type: JWT, scopes: [echo], identity: { type: Agent, id: claims.sub } }
gateway:
  servers:
    fragile: { command: node, args: ['${SERVER}', '\${data}/journal.txt'], passToken: ${passToken} }
  clients:
    for-ana: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [echo] }
    for-ben: { agent: 'Agent::"bot"', for: 'User::"ben"', scopes: [echo] }
`,
    'schema.cedarschema': `
entity User, Agent, Tool;
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { provenance: { purpose: String } } };
action echo, fail, crash appliesTo {
  principal: [User, Agent], resource: [Tool],
  context: { input: { text?: String }, provenance: { purpose: String } }
};`,
    'policies/all.cedar': `@id("for-echo") permit (principal, action, resource) when { context.provenance.purpose == "echo" };
@id("hand-on") permit (principal, action == Action::"delegate", resource);`,
  });

let passing: Running;
let keeping: Running;
let issuerKeys: Awaited<ReturnType<typeof generateKeyPair>>;
let jwks: Server;
const issuer = (): string => `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`;
const jwt = (sub: string, claims: object = {}, audience = AUDIENCE): Promise<string> =>
  new SignJWT({ sub, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' })
    .setIssuer(issuer())
    .setAudience(audience)
    .setExpirationTime('5m')
    .sign(issuerKeys.privateKey);
beforeAll(async () => {
  issuerKeys = await generateKeyPair('ES256');
  const served = JSON.stringify({ keys: [{ ...(await exportJWK(issuerKeys.publicKey)), kid: 'k1', alg: 'ES256' }] });
  jwks = createServer((_request, response) => response.end(served));
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  [passing, keeping] = [await run(bundle(true)), await run(bundle(false))];
});
afterAll(async () => {
  await passing.stop();
  await keeping.stop();
  jwks.close();
});

const journal = ({ data }: Running): string =>
  existsSync(join(data, 'journal.txt')) ? readFileSync(join(data, 'journal.txt'), 'utf8') : '';

async function tokenFor(writ: Running, client: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: 'shop.example',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token: writ.key(client),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'echo',
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return (await writ.send('POST', '/token', form.toString(), { headers })).json.access_token;
}

interface CarriedBy {
  readonly header?: string;
  readonly meta?: string;
  readonly proof?: string;
  /** A credential in the place of the key of `for-ana`. */
  readonly credential?: string;
}

/** A tool call as `for-ana`, or whoever has the credential. */
async function call(writ: Running, carried: CarriedBy = {}) {
  const _meta = carried.meta === undefined ? {} : { 'dev.writ/txn-token': carried.meta };
  const response = await fetch(writ.writ.gatewayUrl as string, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      Authorization: `Bearer ${carried.credential ?? writ.key('for-ana')}`,
      ...(carried.header === undefined ? {} : { 'Txn-Token': carried.header }),
      ...(carried.proof === undefined ? {} : { DPoP: carried.proof }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: 'x' }, _meta },
    }),
  });
  const text = await response.text();
  const data = text.split('\n').find((line) => line.startsWith('data: '));
  return JSON.parse(data === undefined ? text : data.slice(6)) as {
    result?: { _meta: Record<string, string> };
    error?: { message: string };
  };
}

describe('a tool call with a transaction token', () => {
  it.each(['header', 'meta'] as const)('in the %s is decided by its path and for its purpose', async (where) => {
    const token = await tokenFor(passing, 'for-ana');
    const { result } = await call(passing, { [where]: token });
    const recorded = await passing.writ.records.find(result?._meta[DECISION_META] ?? '');
    expect(recorded?.decision.provenance).toMatchObject({ txn: decodeJwt(token).txn, assurance: 1, scope: ['echo'] });
    expect(journal(passing)).toContain(`token ${token}`);
  });

  it('keeps the token from a server that the bundle does not pass it to; the client key goes nowhere', async () => {
    const token = await tokenFor(keeping, 'for-ana');
    expect((await call(keeping, { header: token })).result).toBeDefined();
    expect(journal(keeping)).not.toContain('token');
    for (const writ of [passing, keeping]) expect(journal(writ)).not.toContain(writ.key('for-ana'));
  });

  it('without one has the path of its key, and no purpose', async () => {
    expect((await call(passing)).error?.message).toContain('was not permitted');
    const { json } = await passing.send('GET', '/v1/decisions?limit=1', undefined, { as: 'admin' });
    expect(json.decisions[0].provenance).toMatchObject({ txn: 'for-ana', assurance: 1, scope: [] });
    expect(json.decisions[0].provenance.path.map(({ id }: { id: string }) => id)).toEqual(['ana', 'bot']);
  });

  it.each<[string, () => Promise<string>]>([
    ['that is not one', async () => 'a.b.c'],
    ['that was changed', async () => (await tokenFor(passing, 'for-ana')).replace(/.{4}$/, 'AAAA')],
    ['for somebody else than the client works for', () => tokenFor(passing, 'for-ben')],
    ['of another service', () => tokenFor(keeping, 'for-ana')],
  ])('%s is not carried out', async (_what, make) => {
    const before = journal(passing);
    expect((await call(passing, { header: await make() })).error?.message).toMatch(
      /not (?:permitted|made): the (transaction )?token/,
    );
    expect(journal(passing)).toBe(before);
  });
});

describe('a tool call with a token that is bound to a key', () => {
  let key: ProofKey;
  let token: string;
  const prove = (url = passing.writ.gatewayUrl as string) => key.prove('POST', url, token);
  beforeAll(async () => {
    key = await ProofKey.make();
    const client = new TokenClient({
      service: passing.url,
      key: passing.key('default'),
      trustDomain: 'shop.example',
      proofKey: key,
    });
    ({ token } = await client.begin({ credential: { token: passing.key('for-ana') }, scope: ['echo'] }));
  });

  it('is carried out with a proof for the URL of the gateway, once', async () => {
    const proof = await prove();
    expect((await call(passing, { header: token, proof })).result).toBeDefined();
    expect((await call(passing, { header: token, proof })).error?.message).toContain('was used before');
    expect(journal(passing)).not.toContain(proof);
  });

  it.each<[string, () => Promise<string | undefined>, RegExp]>([
    ['without a proof', async () => undefined, /came without a proof/],
    ['with a proof for another URL', () => prove('https://elsewhere.example/mcp'), /is for https:/],
    [
      'with a proof by another key',
      async () => (await ProofKey.make()).prove('POST', passing.writ.gatewayUrl as string, token),
      /another key/,
    ],
  ])('%s is not', async (_what, make, message) => {
    const before = journal(passing);
    const proof = await make();
    const { error } = await call(passing, { header: token, ...(proof === undefined ? {} : { proof }) });
    expect(error?.message).toMatch(message);
    expect(journal(passing)).toBe(before);
  });
});

describe('a tool call of a client that has no token', () => {
  const decisionOf = async (writ: Running, reply: Awaited<ReturnType<typeof call>>) =>
    (await writ.writ.records.find(reply.result?._meta[DECISION_META] ?? ''))?.decision;
  const lastToken = (): string =>
    journal(passing)
      .trim()
      .split('\n')
      .filter((line) => line.includes('token '))
      .pop()
      ?.split('token ')[1] ?? '';

  it('has the path, the assurance and the purpose of its access token, which itself goes nowhere', async () => {
    const credential = await jwt('roaming', { scope: 'echo' });
    const reply = await call(passing, { credential });
    expect(reply.result).toBeDefined();
    expect((await decisionOf(passing, reply))?.provenance).toMatchObject({
      path: [{ type: 'Agent', id: 'roaming' }],
      assurance: 2,
      txn: 'Agent::"roaming"',
      scope: ['echo'],
    });
    expect(decodeJwt(lastToken())).toMatchObject({ sub: 'Agent::"roaming"', aud: 'shop.example', req_wl: 'gateway' });
    expect(journal(passing)).not.toContain(credential);
    await call(keeping, { credential });
    expect(journal(keeping)).not.toContain('token');
  });

  it('is one task for as long as it is one identity, with whatever credential it comes again', async () => {
    const replies = [await call(passing, { credential: await jwt('again', { scope: 'echo' }) })];
    replies.push(await call(passing, { credential: await jwt('again', { scope: 'echo', jti: 'another' }) }));
    const tasks = await Promise.all(replies.map(async (reply) => (await decisionOf(passing, reply))?.provenance?.txn));
    expect(tasks).toEqual(['Agent::"again"', 'Agent::"again"']);
  });

  it('has no purpose that its credential does not state itself', async () => {
    expect((await call(passing, { credential: await jwt('silent') })).error?.message).toContain('was not permitted');
  });

  it.each<[string, () => Promise<string>]>([
    ['of another audience', () => jwt('roaming', {}, 'https://elsewhere.example')],
    ['that was changed', async () => (await jwt('roaming')).replace(/.{4}$/, 'AAAA')],
    ['that is none', async () => 'x.y.z'],
    ['that is a transaction token: it identifies nobody', () => tokenFor(passing, 'for-ana')],
  ])('and a credential %s is nobody', async (_what, make) => {
    const response = await fetch(passing.writ.gatewayUrl as string, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${await make()}` },
      body: '{}',
    });
    expect(response.status).toBe(401);
  });

  it('works for whom the token of its task names, when it was handed one', async () => {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop.example',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      subject_token: await tokenFor(passing, 'for-ana'),
      subject_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      actor_token: await jwt('helper'),
      actor_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const token = (await passing.send('POST', '/token', form.toString(), { headers })).json.access_token as string;
    const reply = await call(passing, { credential: await jwt('helper'), header: token });
    expect((await decisionOf(passing, reply))?.provenance?.path.map(({ id }) => id)).toEqual(['ana', 'bot', 'helper']);
    // Who found the token is on the path as well, and must be permitted too.
    const finder = await call(passing, { credential: await jwt('finder'), header: token });
    expect((await decisionOf(passing, finder))?.provenance?.path.map(({ id }) => id)).toEqual([
      'ana',
      'bot',
      'helper',
      'finder',
    ]);
  });
});

describe('a tool call with a chain of links', () => {
  it('is carried out with a proof by the last key, for this call alone', async () => {
    const [bot, helper] = [await ProofKey.make(), await ProofKey.make()];
    for (const [id, { publicJwk: jwk }] of [
      ['bot', bot],
      ['helper', helper],
    ] as const) {
      const body = { identity: `Agent::"${id}"`, jwk };
      expect((await passing.send('POST', '/v1/identity-keys', body, { as: 'admin' })).status).toBe(201);
    }
    const url = passing.writ.gatewayUrl as string;
    const options = { service: passing.url, key: passing.key('default'), trustDomain: 'shop.example', proofKey: bot };
    const task = await new TokenClient(options).begin({
      credential: { token: passing.key('for-ana') },
      scope: ['echo'],
    });
    const { token } = await handOnOffline(task, bot, { to: 'Agent::"helper"', key: helper.thumbprint });
    const proof = (text: string, by = helper) => by.prove('POST', url, token, { action: 'echo', arguments: { text } });
    const done = await call(passing, { header: token, proof: await proof('x') });
    const recorded = await passing.writ.records.find(done.result?._meta[DECISION_META] ?? '');
    expect(recorded?.decision.provenance?.path.map(({ id }) => id)).toEqual(['ana', 'bot', 'helper']);
    const before = journal(passing);
    for (const [wrong, why] of [
      [await proof('y'), /is for another call/],
      [await proof('x', bot), /by another key/],
    ] as const)
      expect((await call(passing, { header: token, proof: wrong })).error?.message).toMatch(why);
    expect(journal(passing)).toBe(before);
  });
});
