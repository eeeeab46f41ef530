import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { threadedWriter } from '../src/audit/log/group-writer.js';
import { auditMigrations } from '../src/audit/log/log-migrations.js';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { signerOf } from '../src/audit/tlog/note.js';
import { DpopProofs } from '../src/provenance/dpop.js';
import { openStore } from '../src/store/store.js';
import { bundleOf, type Running, run } from './running.js';

/** Proof of possession (RFC 9449): what was bound to a key is worth nothing without a proof by it, and a proof counts once. */

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let own: Keys;
let other: Keys;
let writ: Running;
const TOOL = 'https://tools.example/orders';

beforeAll(async () => {
  own = await generateKeyPair('ES256', { extractable: true });
  other = await generateKeyPair('ES256', { extractable: true });
  writ = await run(fresh());
});
afterAll(() => writ.stop());

const fresh = (): string =>
  bundleOf({
    'writ.yaml': `
name: dpop
tokens: { trustDomain: shop.example }
gateway: { clients: { bot-for-ana: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [read] }, helper-for-ana: { agent: 'Agent::"helper"', for: 'User::"ana"', scopes: [read] } } }
`,
    'schema.cedarschema': `
entity User, Agent, Doc;
action read appliesTo { principal: [User, Agent], resource: [Doc], context: { provenance: { purpose: String } } };`,
    'policies/all.cedar':
      '@id("for-read") permit (principal, action, resource) when { context.provenance.purpose == "read" };',
  });

interface Made {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly keys?: Keys;
  readonly token?: string;
}
let counter = 0;
async function proof({ claims = {}, header = {}, keys = own, token }: Made = {}): Promise<string> {
  counter += 1;
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const all = { jti: `j${counter}`, htm: 'POST', htu: TOOL, iat: Math.floor(Date.now() / 1_000), ...ath, ...claims };
  return new SignJWT(all)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(keys.publicKey), ...header } as never)
    .sign(keys.privateKey);
}

const exchange = (dpop?: string, form: Record<string, string> = {}) =>
  writ.send(
    'POST',
    '/token',
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop.example',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      subject_token: writ.key('bot-for-ana'),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'read',
      ...form,
    }).toString(),
    { headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...(dpop === undefined ? {} : { DPoP: dpop }) } },
  );
const atService = () => proof({ claims: { htu: `${writ.url}/token` } });
const boundToken = async (): Promise<string> => (await exchange(await atService())).json.access_token;

const decide = async (token: string, dpop?: string, of: { htm?: string; htu?: string } = {}) => {
  const presented = dpop === undefined ? {} : { proof: { dpop, htm: 'POST', htu: TOOL, ...of } };
  const body = {
    subject: { type: 'User', id: 'ana' },
    action: { name: 'read' },
    resource: { type: 'Doc', id: '1' },
    context: { ...presented, detail: 'full' },
  };
  return (await writ.send('POST', '/access/v1/evaluation', body, { headers: { 'Txn-Token': token } })).json;
};

describe('a token that was asked for with a proof', () => {
  it('is bound to the key, and decides only with a proof by it', async () => {
    const token = await boundToken();
    expect(decodeJwt(token)).toMatchObject({ cnf: { jkt: expect.any(String) } });
    expect(await decide(token, await proof({ token }))).toMatchObject({ decision: true });
    const without = await decide(token);
    expect(without).toMatchObject({ decision: false, context: { refusal: { code: 'token_invalid' } } });
    expect(without.context.refusal.message).toContain('came without a proof');
  });

  it('a token that was asked for without one is a bearer token', async () => {
    const token = (await exchange()).json.access_token;
    expect(decodeJwt(token)).not.toHaveProperty('cnf');
    expect((await decide(token)).decision).toBe(true);
  });

  it('a key proves possession, not who has it: an identity that an API key asserts stays asserted', async () => {
    const token = await boundToken();
    expect((await decide(token, await proof({ token }))).context.provenance.assurance).toBe(1);
  });

  it('with a proof for another URL is not issued', async () => {
    const { status, json } = await exchange(await proof());
    expect([status, json.error]).toEqual([400, 'invalid_dpop_proof']);
  });
});

describe('a token that is bound to a key is not exchanged', () => {
  const next = async (dpop: string | undefined, actor: string) =>
    exchange(dpop, {
      subject_token: await boundToken(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      actor_token: writ.key(actor),
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  const atServiceBy = (keys: Keys) => proof({ keys, claims: { htu: `${writ.url}/token` } });

  it.each(['bot-for-ana', 'helper-for-ana'])(
    'without a proof by that key, for %s: it would be a bearer token',
    async (actor) => {
      for (const dpop of [undefined, await atServiceBy(other)]) {
        const { status, json } = await next(dpop, actor);
        expect([status, json.error, json.access_token]).toEqual([400, 'invalid_dpop_proof', undefined]);
        expect(json.error_description).toContain('bound to a key');
      }
    },
  );

  it('and with one is bound to it as before', async () => {
    const { status, json } = await next(await atServiceBy(own), 'bot-for-ana');
    expect(status).toBe(200);
    expect(decodeJwt(json.access_token).cnf).toEqual(decodeJwt(await boundToken()).cnf);
  });
});

describe('a proof', () => {
  const now = () => Math.floor(Date.now() / 1_000);
  it.each<[string, (token: string) => Promise<string>, RegExp]>([
    ['by another key', (token) => proof({ token, keys: other }), /by another key/],
    [
      'with the key of another in its header',
      async (token) => proof({ token, header: { jwk: await exportJWK(other.publicKey) } }),
      /signature/,
    ],
    ['about another token', async () => proof({ token: await boundToken() }), /not about this token/],
    ['about no token', () => proof(), /not about this token/],
    ['for another method', (token) => proof({ token, claims: { htm: 'GET' } }), /is for GET/],
    [
      'for another URL',
      (token) => proof({ token, claims: { htu: 'https://tools.example/other' } }),
      /is for https:\/\/tools.example\/other/,
    ],
    [
      'for another host',
      (token) => proof({ token, claims: { htu: 'https://evil.example/orders' } }),
      /is for https:\/\/evil/,
    ],
    ['for what is no URL', (token) => proof({ token, claims: { htu: 'orders' } }), /is for orders/],
    ['that is too old', (token) => proof({ token, claims: { iat: now() - 95 } }), /too old/],
    ['of the future', (token) => proof({ token, claims: { iat: now() + 40 } }), /of the future/],
    ['without an id', (token) => proof({ token, claims: { jti: undefined } }), /lacks a claim/],
    ['without a time', (token) => proof({ token, claims: { iat: undefined } }), /lacks a claim/],
    ['of another type', (token) => proof({ token, header: { typ: 'JWT' } }), /not a dpop\+jwt/],
    ['without a key', (token) => proof({ token, header: { jwk: undefined } }), /has no key/],
    [
      'with a private key',
      async (token) => proof({ token, header: { jwk: await exportJWK(own.privateKey) } }),
      /not public/,
    ],
    ['without a signature', async () => new UnsecuredJWT({ jti: 'x' }).encode(), /is a undefined/],
    [
      'signed with a shared secret',
      async () =>
        new SignJWT({ jti: 'x', htm: 'POST', htu: TOOL, iat: now() })
          .setProtectedHeader({ alg: 'HS256', typ: 'dpop+jwt', jwk: { kty: 'oct', k: 'AAAA' } as JWK })
          .sign(new Uint8Array(32)),
      /signed with HS256/,
    ],
    ['that is none', async () => 'nonsense', /not a signed token/],
    [
      'that is too long',
      async (token) => proof({ token, claims: { jti: 'x'.repeat(500), pad: 'x'.repeat(5_000) } }),
      /too long/,
    ],
  ])('%s is refused', async (_what, make, why) => {
    const token = await boundToken();
    const { decision, context } = await decide(token, await make(token));
    expect([decision, context.refusal.message]).toEqual([false, expect.stringMatching(why)]);
  });

  it.each([
    ['a query', `${TOOL}?x=1`],
    ['the default port', 'https://tools.example:443/orders'],
    ['a host in upper case', 'https://TOOLS.example/orders'],
  ])('for the same URL with %s is for the same URL', async (_what, htu) => {
    const token = await boundToken();
    expect((await decide(token, await proof({ token, claims: { htu } }))).decision).toBe(true);
  });

  it('counts once, also when two come at the same time', async () => {
    const token = await boundToken();
    const one = await proof({ token });
    const answers = await Promise.all(Array.from({ length: 8 }, () => decide(token, one)));
    expect(answers.filter(({ decision }) => decision)).toHaveLength(1);
    expect(answers.find(({ decision }) => !decision)?.context.refusal.message).toContain('was used before');
    const again = await atService();
    expect((await exchange(again)).status).toBe(200);
    expect((await exchange(again)).json.error).toBe('invalid_dpop_proof');
  });

  it('counts once over a restart too, and is forgotten only when it is too old anyhow', async () => {
    let at = Date.now();
    const [folder, publicUrl] = [fresh(), 'http://writ.shop.example'];
    const options = { publicUrl, clock: () => new Date(at) };
    const before = writ;
    writ = await run(folder, options);
    try {
      const issued = await exchange(await proof({ claims: { htu: `${publicUrl}/token` } }));
      const token = issued.json.access_token as string;
      const one = await proof({ token });
      const forSearch = await proof({ token });
      expect((await decide(token, one)).decision).toBe(true);
      const search = (dpop: string) =>
        writ.send(
          'POST',
          '/access/v1/search/action',
          {
            subject: { type: 'User', id: 'ana' },
            resource: { type: 'Doc', id: '1' },
            context: { proof: { dpop, htm: 'POST', htu: TOOL } },
          },
          { headers: { 'Txn-Token': token } },
        );
      expect((await search(forSearch)).json.results).toEqual([{ name: 'read' }]);
      await writ.writ.close();
      writ = await run(folder, { ...options, data: writ.data });
      expect((await decide(token, one)).context.refusal.message).toContain('was used before');
      expect((await search(forSearch)).json.results).toEqual([]);
      at += 89_000;
      expect((await decide(token, one)).context.refusal.message).toContain('was used before');
      at += 10_000;
      expect((await decide(token, one)).context.refusal.message).toContain('too old');
      const { json } = await writ.send('GET', '/v1/log?limit=100', undefined, { as: 'admin' });
      expect(json.entries.find(({ kind }: { kind: string }) => kind === 'search')).toMatchObject({
        provenance: { scope: ['read'], path: [{ id: 'ana' }, { id: 'bot' }] },
      });
    } finally {
      await writ.stop();
      writ = before;
    }
  });

  it('is on disk with what was done because of it', async () => {
    const data = mkdtempSync(join(tmpdir(), 'writ-dpop-'));
    const store = await openStore(join(data, 'writ.db'), auditMigrations);
    const log = new LogWriter(
      threadedWriter(join(data, 'writ.db'), signerOf('log.example/test', Buffer.alloc(32, 1))),
      UNPROTECTED,
    );
    const proofs = new DpopProofs(() => new Date(), []);
    const { used } = await proofs.verify(await proof(), { method: 'POST', url: TOOL });
    const entry = { kind: 'change', id: '1', time: '', by: '', what: 'x', detail: {} } as const;
    await log.append([entry], [used]);
    const read = await new LogReader(store, NO_KEYS, NO_CATCH_UP).proofs(new Date());
    expect(read).toEqual([{ key: used.key, until: used.until }]);
    await log.close();
    await store.destroy();
    rmSync(data, { recursive: true, force: true });
  });
});
