import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProofKey, TokenClient } from '@writ/sdk';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/gateway.js';
import { bundleOf, type Running, run } from './running.js';

/** Transaction tokens at the gateway: read from the header or `_meta`, passed on only where the bundle says so. */

const SERVER = fileURLToPath(new URL('servers/fragile.mjs', import.meta.url));
const bundle = (passToken: boolean) =>
  bundleOf({
    'writ.yaml': `
name: gateway-tokens
tokens: { trustDomain: shop.example }
gateway:
  servers:
    fragile: { command: node, args: ['${SERVER}', '\${data}/journal.txt'], passToken: ${passToken} }
  clients:
    for-ana: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [echo] }
    for-ben: { agent: 'Agent::"bot"', for: 'User::"ben"', scopes: [echo] }
`,
    'schema.cedarschema': `
entity User, Agent, Tool;
action echo, fail, crash appliesTo {
  principal: [User, Agent], resource: [Tool],
  context: { input: { text?: String }, provenance: { purpose: String } }
};`,
    'policies/all.cedar':
      '@id("for-echo") permit (principal, action, resource) when { context.provenance.purpose == "echo" };',
  });

let passing: Running;
let keeping: Running;
beforeAll(async () => {
  [passing, keeping] = [await run(bundle(true)), await run(bundle(false))];
});
afterAll(async () => {
  await passing.stop();
  await keeping.stop();
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

/** A tool call as `for-ana`. */
async function call(writ: Running, carried: { header?: string; meta?: string; proof?: string } = {}) {
  const _meta = carried.meta === undefined ? {} : { 'dev.writ/txn-token': carried.meta };
  const response = await fetch(writ.writ.gatewayUrl as string, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      Authorization: `Bearer ${writ.key('for-ana')}`,
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
  });

  it.each<[string, () => Promise<string>]>([
    ['that is not one', async () => 'a.b.c'],
    ['that was changed', async () => (await tokenFor(passing, 'for-ana')).replace(/.{4}$/, 'AAAA')],
    ['for somebody else than the client works for', () => tokenFor(passing, 'for-ben')],
    ['of another service', () => tokenFor(keeping, 'for-ana')],
  ])('%s is not carried out', async (_what, make) => {
    const before = journal(passing);
    expect((await call(passing, { header: await make() })).error?.message).toMatch(
      /not permitted: the (transaction )?token/,
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
