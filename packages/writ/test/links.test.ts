import { createHash, createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeJwt, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Call,
  handOnOffline,
  type LinkOptions,
  ProofKey,
  TokenClient,
  type TransactionToken,
} from '../../sdk/src/index.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** Delegation by signature: links that actors sign offline, and the one verifier of tokens with and without them. */

const AGENTS = Array.from({ length: 22 }, (_, i) => `a${i}`);
const TOOL = 'https://tools.example/orders';
let issuerKeys: Awaited<ReturnType<typeof generateKeyPair>>;
let jwks: Server;
let writ: Running;
let ahead = 0;
const keys = new Map<string, ProofKey>();
const privateJwks = new Map<string, JWK>();

beforeAll(async () => {
  issuerKeys = await generateKeyPair('ES256');
  const served = JSON.stringify({ keys: [{ ...(await exportJWK(issuerKeys.publicKey)), kid: 'k1', alg: 'ES256' }] });
  jwks = createServer((_request, response) => response.end(served));
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  writ = await run(bundleOf(bundle()), { clock: () => new Date(Date.now() + ahead) });
  for (const id of AGENTS) {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(pair.privateKey);
    privateJwks.set(id, jwk);
    keys.set(id, await ProofKey.from(jwk));
    expect((await register(id, keyOf(id))).status).toBe(201);
  }
});
beforeEach(() => {
  ahead = 0;
});
afterAll(async () => {
  await writ.stop();
  jwks.close();
});

const bundle = (): Record<string, string> => ({
  'writ.yaml': `
name: links
tokens: { trustDomain: shop.example, lifetime: 5m, maxDepth: 6 }
issuers:
  ${issuer()}: { audience: https://tokens.example, jwks: "${issuer()}/", type: JWT, scopes: [refund, mail], identity: { type: Agent, id: claims.sub } }
`,
  'schema.cedarschema': `
entity Team;
entity Agent in [Team];
entity Order;
type Provenance = { assurance: Long, purpose: String };
action delegate appliesTo { principal: [Agent], resource: [Agent], context: { scope: Set<String> } };
action refund appliesTo {
  principal: [Agent], resource: [Order],
  context: { provenance: Provenance, mandate?: { covers: Bool }, input: { amount?: Long, note?: String } }
};
action wire appliesTo { principal: [Agent], resource: [Order], context: { provenance: Provenance, input: { amount?: Long } } };
`,
  'policies/all.cedar': `
@id("hand-on") permit (principal in Team::"desk", action == Action::"delegate", resource in Team::"desk");
@id("not-to-a5") @reason("a5 is an intern") forbid (principal, action == Action::"delegate", resource == Agent::"a5");
@id("refund") permit (principal in Team::"desk", action == Action::"refund", resource);
@id("wire") permit (principal in Team::"desk", action == Action::"wire", resource) when { context.provenance.assurance == 4 };
`,
  'entities/all.json': JSON.stringify(
    AGENTS.map((id) => ({ uid: { type: 'Agent', id }, parents: id === 'a9' ? [] : [{ type: 'Team', id: 'desk' }] })),
  ),
});

const issuer = (): string => `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`;
const keyOf = (id: string): ProofKey => keys.get(id) as ProofKey;
const register = (id: string, key: ProofKey, as = 'admin') =>
  writ.send('POST', '/v1/identity-keys', { identity: `Agent::"${id}"`, jwk: key.publicJwk }, { as });
const credential = (id: string): Promise<string> =>
  new SignJWT({ sub: id })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT' })
    .setIssuer(issuer())
    .setAudience('https://tokens.example')
    .setExpirationTime('5m')
    .sign(issuerKeys.privateKey);
const client = (id: string): TokenClient =>
  new TokenClient({ service: writ.url, key: writ.key(), trustDomain: 'shop.example', proofKey: keyOf(id) });
const root = async (id = 'a0', scope = ['refund', 'mail']): Promise<TransactionToken> =>
  client(id).begin({ credential: { token: await credential(id) }, scope });
const on = (task: TransactionToken, by: string, to: string, more: Partial<LinkOptions> = {}) =>
  handOnOffline(task, keyOf(by), { to: `Agent::"${to}"`, key: keyOf(to).thumbprint, ...more });
/** A task that a0 began and that goes through as many links. */
const chain = async (links: number, task?: TransactionToken): Promise<TransactionToken> => {
  let at = task ?? (await root());
  for (let i = 0; i < links; i += 1) at = await on(at, `a${i}`, `a${i + 1}`);
  return at;
};

interface Asked {
  readonly by?: string;
  readonly action?: string;
  readonly input?: Record<string, unknown>;
  readonly call?: Call;
  readonly subject?: string;
}
const ask = async (
  token: string,
  { by = 'a0', action = 'refund', input = { amount: 5 }, call, subject = 'a0' }: Asked = {},
) => {
  const dpop = await keyOf(by).prove('POST', TOOL, token, call);
  const body = {
    subject: { type: 'Agent', id: subject },
    action: { name: action },
    resource: { type: 'Order', id: '1' },
    context: { input, proof: { dpop, htm: 'POST', htu: TOOL }, detail: 'full' },
  };
  return (await writ.send('POST', '/access/v1/evaluation', body, { headers: { 'Txn-Token': token } })).json;
};
const whyNot = async (token: string, asked: Asked): Promise<string> => {
  const answer = await ask(token, asked);
  expect(answer).toMatchObject({ decision: false, context: { refusal: { code: 'token_invalid' } } });
  return answer.context.refusal.message;
};

/** A link with anything in it changed, signed by whomever. */
async function forge(
  task: TransactionToken,
  by: string,
  to: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const right = await on(task, by, to);
  const parts = right.token.split('~');
  const link = parts.pop() as string;
  const { importJWK } = await import('jose');
  const signed = new SignJWT({ ...decodeJwt(link), ...claims }).setProtectedHeader({
    alg: 'ES256',
    typ: 'txnlink+jwt',
    kid: keyOf(by).thumbprint,
    ...header,
  } as never);
  return [...parts, await signed.sign(await importJWK(privateJwks.get(by) as JWK, 'ES256'))].join('~');
}

describe('a chain of links', () => {
  it('is believed with a proof by the last of its keys, and everybody on it must be permitted', async () => {
    const task = await chain(4);
    const answer = await ask(task.token, { by: 'a4' });
    expect(answer.decision).toBe(true);
    expect(answer.context.provenance).toMatchObject({
      path: AGENTS.slice(0, 5).map((id) => ({ type: 'Agent', id })),
      assurance: 3,
      txn: decodeJwt(task.token.split('~')[0] as string).txn,
    });
    // And again, when all of it but the proof is remembered.
    expect((await ask(task.token, { by: 'a4' })).decision).toBe(true);
  });

  it('is chained when the proof covers the call, and then for that call alone', async () => {
    const task = await chain(2);
    const call = { action: 'wire', arguments: { amount: 7 } };
    expect((await ask(task.token, { by: 'a2', action: 'wire', input: { amount: 7 } })).decision).toBe(false);
    const covered = await ask(task.token, { by: 'a2', action: 'wire', input: { amount: 7 }, call });
    expect(covered).toMatchObject({ decision: true, context: { provenance: { assurance: 4 } } });
    for (const other of [
      { action: 'wire', input: { amount: 8 } },
      { action: 'refund', input: { amount: 7 } },
    ])
      expect(await whyNot(task.token, { by: 'a2', ...other, call })).toContain('the proof is for another call');
    // The order of members and what is written as an escape are one call.
    const input = { note: 'é', amount: 7 };
    const same = { action: 'refund', arguments: { amount: 7, note: '\u00e9' } };
    expect((await ask(task.token, { by: 'a2', input, call: same })).decision).toBe(true);
  });

  it('is not chained when a hop of it was an exchange', async () => {
    const key = keyOf('a1').thumbprint;
    const begun = await client('a0').handOn(await root(), { token: await credential('a1') }, { key });
    const call = { action: 'refund', arguments: { amount: 5 } };
    const answer = await ask(begun.token, { by: 'a1', call });
    expect(answer).toMatchObject({ decision: true, context: { provenance: { assurance: 3 } } });
    // What is bound to the key of the next actor is handed on by it.
    const further = await on(begun, 'a1', 'a2');
    expect((await ask(further.token, { by: 'a2', call })).context.provenance.assurance).toBe(3);
  });

  it('refuses a proof for a call of numbers that canonical JSON collapses, on either side', async () => {
    await expect(
      keyOf('a0').prove('POST', TOOL, 't', { action: 'wire', arguments: { amount: 2 ** 53 } }),
    ).rejects.toThrow('not every parser reads alike');
    const task = await root();
    const dpop = await keyOf('a0').prove('POST', TOOL, task.token, {
      action: 'wire',
      arguments: { amount: 9007199254740991 },
    });
    const body = `{"subject":{"type":"Agent","id":"a0"},"action":{"name":"wire"},"resource":{"type":"Order","id":"1"},
      "context":{"input":{"amount":9007199254740993},"proof":{"dpop":"${dpop}","htm":"POST","htu":"${TOOL}"}}}`;
    const { status } = await writ.send('POST', '/access/v1/evaluation', body, { headers: { 'Txn-Token': task.token } });
    expect(status).toBe(400);
  });

  it('narrows the mandate, the scope and the time, and counts a use for each', async () => {
    const begun = await client('a0').begin({
      credential: { token: await credential('a0') },
      scope: ['refund'],
      mandate: [{ actions: ['refund'], input: { amount: { min: 0, max: 100 } }, uses: 3 }],
    });
    const mandate = [{ actions: ['refund'], input: { amount: { min: 0, max: 10 } }, uses: 2 }];
    const one = await on(begun, 'a0', 'a1', { mandate, lifetime: 20 });
    const two = await on(begun, 'a0', 'a2', { mandate });
    expect((await ask(one.token, { by: 'a1', input: { amount: 11 } })).context.refusal.code).toBe('outside_mandate');
    expect((await ask(one.token, { by: 'a1', input: { amount: 10 } })).decision).toBe(true);
    expect((await ask(one.token, { by: 'a1', input: { amount: 10 } })).decision).toBe(true);
    expect((await ask(one.token, { by: 'a1', input: { amount: 10 } })).context.refusal.message).toContain('2 times');
    expect((await ask(two.token, { by: 'a2', input: { amount: 10 } })).decision).toBe(true);
    expect((await ask(two.token, { by: 'a2', input: { amount: 10 } })).context.refusal.message).toContain('3 times');
    ahead = 21_000;
    expect(await whyNot(one.token, { by: 'a1' })).toContain('a link has expired');
  });

  it('is exchanged for a token that says the same, by who has the last key', async () => {
    const task = await chain(2);
    const collapsed = await client('a2').handOn(task, { token: await credential('a2') });
    expect(decodeJwt(collapsed.token).agentic_ctx).toMatchObject({
      path: [{ assurance: 3 }, { assurance: 3 }, { sub: 'Agent::"a2"', assurance: 3 }],
    });
    expect((await ask(collapsed.token, { by: 'a2' })).decision).toBe(true);
    await expect(client('a1').handOn(task, { token: await credential('a2') })).rejects.toMatchObject({
      code: 'invalid_dpop_proof',
    });
  });
});

describe('an exchange of a token that is bound to a key', () => {
  it('without the key of the next actor goes on being bound to the first one, and proves the next no better', async () => {
    const begun = await client('a0').handOn(await root(), { token: await credential('a1') });
    expect(decodeJwt(begun.token)).toMatchObject({
      cnf: { jkt: keyOf('a0').thumbprint },
      agentic_ctx: { path: [{ assurance: 3 }, { assurance: 2 }] },
    });
  });

  it('with a key that is registered as another identity proves nothing of this one', async () => {
    const begun = await client('a3').begin({ credential: { token: await credential('a0') }, scope: ['refund'] });
    expect(decodeJwt(begun.token)).toMatchObject({
      cnf: { jkt: keyOf('a3').thumbprint },
      agentic_ctx: { path: [{ sub: 'Agent::"a0"', assurance: 2 }] },
    });
  });

  it('binds to no key that is not registered as that of the next actor', async () => {
    const task = await root();
    for (const key of [keyOf('a2').thumbprint, 'x'.repeat(43)]) {
      const asked = client('a0').handOn(task, { token: await credential('a1') }, { key });
      await expect(asked).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
});

describe('a chain is refused', () => {
  it('when a beginning of it is presented by somebody else, who may have seen it', async () => {
    const whole = await chain(3);
    const parts = whole.token.split('~');
    for (const [length, owner] of [
      [1, 'a0'],
      [2, 'a1'],
      [3, 'a2'],
    ] as const) {
      const beginning = parts.slice(0, length).join('~');
      expect(await whyNot(beginning, { by: 'a3' })).toContain('the proof is by another key');
      expect((await ask(beginning, { by: owner })).decision).toBe(true);
    }
  });

  it('without a proof', async () => {
    const task = await chain(1);
    const body = {
      subject: { type: 'Agent', id: 'a0' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: '1' },
    };
    const { json } = await writ.send(
      'POST',
      '/access/v1/evaluation',
      { ...body, context: { input: {}, detail: 'full' } },
      {
        headers: { 'Txn-Token': task.token },
      },
    );
    expect(json.context.refusal.message).toContain('came without a proof');
  });

  it('for another subject than it is for', async () => {
    const answer = await ask((await chain(1)).token, { by: 'a1', subject: 'a1' });
    expect(answer).toMatchObject({ decision: false, context: { refusal: { code: 'invalid_request' } } });
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'under the name of another actor than the key has',
      { act: { sub: 'Agent::"a2"' } },
      'is not registered as that of Agent::"a2"',
    ],
    ['for a key that nobody registered', { cnf: { jkt: 'x'.repeat(43) } }, 'is not registered as that of'],
    ['for the key of the one before', { cnf: { jkt: 'a0' } }, 'is not registered as that of'],
    ['with another txn', { txn: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'changes txn'],
    ['with another subject', { sub: 'Agent::"a7"' }, 'changes sub'],
    ['for another audience', { aud: 'other.example' }, 'changes aud'],
    ['with a wider scope', { scope: 'refund mail payroll' }, 'widens the scope by payroll'],
    ['for nothing', { scope: '' }, 'says nothing of what it is for'],
    ['that lives longer', { exp: 9_999_999_999 }, 'lives longer'],
    ['that has expired', { exp: 1 }, 'has expired'],
    ['of the future', { iat: 9_999_999_999 }, 'is of the future'],
    ['older than its token', { iat: 1 }, 'is older than what it hangs on'],
    ['at another depth', { del_depth: 2 }, 'says that it is at 2'],
    ['hung on another token', { par_hash: 'x'.repeat(43) }, 'hangs on another token'],
    ['of another issuer', { iss: 'https://elsewhere.example' }, 'says another issuer'],
    ['with a claim that nobody knows', { may: 'everything' }, 'of a link: Unrecognized key'],
    ['without an id', { jti: '' }, 'the claim jti of a link'],
    [
      'with an unknown constraint',
      { authorization_details: [{ type: 'writ_action', actions: ['refund'], input: { amount: { step: 1 } } }] },
      'the claim authorization_details.0',
    ],
    [
      'with details of another type',
      { authorization_details: [{ type: 'payment', actions: ['refund'] }] },
      'the claim authorization_details.0',
    ],
    ['that goes in a circle', { act: { sub: 'Agent::"a0"' }, cnf: {} }, 'the claim cnf.jkt'],
  ])('%s', async (_what, claims, message) => {
    const task = await root();
    expect(await whyNot(await forge(task, 'a0', 'a1', claims), { by: 'a1' })).toContain(message);
  });

  it('with wider authorization_details than those it hangs on', async () => {
    const mandate = [{ actions: ['refund'], input: { amount: { min: 0, max: 5 } } }];
    const begun = await client('a0').begin({
      credential: { token: await credential('a0') },
      scope: ['refund'],
      mandate,
    });
    const wider = await on(begun, 'a0', 'a1', {
      mandate: [{ actions: ['refund'], input: { amount: { min: 0, max: 6 } } }],
    });
    expect(await whyNot(wider.token, { by: 'a1' })).toContain('are wider than those it hangs on');
    const dropped = await on(begun, 'a0', 'a1', { mandate: [{ actions: ['refund'] }] });
    expect(await whyNot(dropped.token, { by: 'a1' })).toContain('are wider than those it hangs on');
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another type of token', { typ: 'dpop+jwt' }, /a link is a dpop\+jwt/],
    ['a token in the place of a link', { typ: 'txntoken+jwt' }, /a link is a txntoken\+jwt/],
    ['no key', { kid: undefined }, /no registered key/],
    ['the key of another', { kid: 'a2' }, /no registered key|is not right/],
    ['a key of its own in the header', { jwk: { kty: 'EC' } }, /the header of a link has jwk/],
    ['a URL of keys', { jku: 'https://evil.example/keys' }, /the header of a link has jku/],
  ])('with a header of %s', async (_what, header, message) => {
    const kid = typeof header.kid === 'string' ? { kid: keyOf(header.kid).thumbprint } : {};
    const forged = await forge(await root(), 'a0', 'a1', {}, { ...header, ...kid });
    expect(await whyNot(forged, { by: 'a1' })).toMatch(message);
  });

  it('signed by who was not given it, also when that one is registered', async () => {
    const task = await root();
    const claims = { iss: `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${keyOf('a3').thumbprint}` };
    expect(await whyNot(await forge(task, 'a3', 'a1', claims), { by: 'a1' })).toContain('is not signed with the key');
  });

  it('spliced from two tasks', async () => {
    const [mine, other] = [await chain(2), await chain(2)];
    const [, , link] = other.token.split('~');
    const [first, second] = mine.token.split('~');
    expect(await whyNot([first, second, link].join('~'), { by: 'a2' })).toContain('hangs on another token');
    const [, bend] = other.token.split('~');
    expect(await whyNot([first, bend, link].join('~'), { by: 'a2' })).toContain('hangs on another token');
  });

  it('with a link left out, twice there, empty, or out of order', async () => {
    const [first, one, two, three] = (await chain(3)).token.split('~') as [string, string, string, string];
    for (const parts of [
      [first, two, three],
      [first, one, one, two],
      [first, two, one],
      [first, one, '', two],
      [one, two],
      [first, ''],
    ])
      await whyNot(parts.join('~'), { by: 'a3' });
  });

  it('with any byte of any link changed', async () => {
    const task = await chain(2);
    const from = task.token.indexOf('~') + 1;
    for (let i = from; i < task.token.length; i += 37) {
      const changed = task.token.slice(0, i) + (task.token[i] === 'A' ? 'B' : 'A') + task.token.slice(i + 1);
      await whyNot(changed, { by: 'a2' });
    }
  });

  it.each<[string, (claims: string, header: string) => [string, string]]>([
    ['a claim', (claims, header) => [claims.replace('{', '{"sub":"Agent::\\"a7\\"",'), header]],
    ['a parameter of the header', (claims, header) => [claims, header.replace('{', '{"kid":"x",')]],
  ])('with %s twice in a link, which two readers would read differently', async (_what, change) => {
    const task = await on(await root(), 'a0', 'a1');
    const [first, link] = task.token.split('~') as [string, string];
    const [header, claims] = link.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    const [changed, changedHeader] = change(claims as string, header as string);
    const input = [changedHeader, changed].map((text) => Buffer.from(text).toString('base64url')).join('.');
    const key = createPrivateKey({ key: privateJwks.get('a0') as JsonWebKey, format: 'jwk' });
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    expect(await whyNot(`${first}~${input}.${signature}`, { by: 'a1' })).toMatch(
      /not JSON with one reading|not a signed token/,
    );
  });

  it('two hops under one key, or in a circle', async () => {
    const back = await forge(await chain(1), 'a1', 'a0', { cnf: { jkt: keyOf('a0').thumbprint } });
    expect(await whyNot(back, { by: 'a0' })).toContain('is on the delegation path already');
    const own = await forge(await root(), 'a0', 'a1', {
      act: { sub: 'Agent::"a1"' },
      cnf: { jkt: keyOf('a0').thumbprint },
    });
    expect(await whyNot(own, { by: 'a0' })).toContain('is not registered as that of Agent::"a1"');
  });

  it('when it is 20 links deep, and when it is deeper than the bundle says', async () => {
    const deep = await chain(20);
    expect((await ask(deep.token, { by: 'a20' })).status).toBe(431);
    // And where it is short enough to arrive: before anything is verified.
    const short = `${(await root()).token}${'~x'.repeat(20)}`;
    expect(await whyNot(short, { by: 'a20' })).toContain('20 links; the path has 17 at most');
    // a4 to a5 is forbidden, so around it.
    let task = await chain(4);
    for (const [by, to] of [
      ['a4', 'a6'],
      ['a6', 'a7'],
      ['a7', 'a8'],
    ] as const)
      task = await on(task, by, to);
    expect(await whyNot(task.token, { by: 'a8' })).toContain('was handed on 7 times; 6 is the most here');
  });

  it('when policy does not let it be handed on, now: a remembered chain is asked about again', async () => {
    const toIntern = await on(await chain(4), 'a4', 'a5');
    expect(await whyNot(toIntern.token, { by: 'a5' })).toContain(
      'may not hand this task to Agent::"a5": a5 is an intern',
    );
    const outside = await on(await root(), 'a0', 'a9');
    expect(await whyNot(outside.token, { by: 'a9' })).toContain('may not hand this task to Agent::"a9"');
  });

  it('when somebody on it is revoked, whoever presents it', async () => {
    const task = await chain(3);
    expect((await ask(task.token, { by: 'a3' })).decision).toBe(true);
    const { json } = await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'identity', target: 'Agent::"a1"', reason: 'x' },
      { as: 'admin' },
    );
    const answer = await ask(task.token, { by: 'a3' });
    expect(answer.decision).toBe(false);
    await writ.send('DELETE', `/v1/revocations/${json.id}?reason=test`, undefined, { as: 'admin' });
    expect((await ask(task.token, { by: 'a3' })).decision).toBe(true);
  });

  it('when a key of it is no longer registered, also when it is remembered', async () => {
    const task = await on(await root('a10'), 'a10', 'a11');
    expect((await ask(task.token, { by: 'a11', subject: 'a10' })).decision).toBe(true);
    const { status } = await writ.send('DELETE', `/v1/identity-keys/${keyOf('a10').thumbprint}`, undefined, {
      as: 'admin',
    });
    expect(status).toBe(200);
    await whyNot(task.token, { by: 'a11', subject: 'a10' });
    await register('a10', keyOf('a10'));
    await register('a11', keyOf('a11'));
    expect((await ask(task.token, { by: 'a11', subject: 'a10' })).decision).toBe(true);
  });

  it('when it hangs on a bearer token', async () => {
    const plain = new TokenClient({ service: writ.url, key: writ.key(), trustDomain: 'shop.example' });
    const task = await plain.begin({ credential: { token: await credential('a0') }, scope: ['refund'] });
    expect(await whyNot((await on(task, 'a0', 'a1')).token, { by: 'a1' })).toContain('is bound to no key');
  });

  it('with a proof that was used', async () => {
    const task = await chain(1);
    const dpop = await keyOf('a1').prove('POST', TOOL, task.token);
    const send = () =>
      writ.send(
        'POST',
        '/access/v1/evaluation',
        {
          subject: { type: 'Agent', id: 'a0' },
          action: { name: 'refund' },
          resource: { type: 'Order', id: '1' },
          context: { input: {}, proof: { dpop, htm: 'POST', htu: TOOL } },
        },
        { headers: { 'Txn-Token': task.token } },
      );
    const answers = await Promise.all(Array.from({ length: 8 }, send));
    expect(answers.filter(({ json }) => json.decision)).toHaveLength(1);
  });

  it('with a proof about a beginning of it', async () => {
    const task = await chain(2);
    const beginning = task.token.split('~').slice(0, 2).join('~');
    const ath = createHash('sha256').update(beginning).digest('base64url');
    expect(ath).not.toBe(createHash('sha256').update(task.token).digest('base64url'));
    const dpop = await keyOf('a2').prove('POST', TOOL, beginning);
    const body = {
      subject: { type: 'Agent', id: 'a0' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: '1' },
      context: { input: {}, proof: { dpop, htm: 'POST', htu: TOOL }, detail: 'full' },
    };
    const { json } = await writ.send('POST', '/access/v1/evaluation', body, { headers: { 'Txn-Token': task.token } });
    expect(json.context.refusal.message).toContain('is not about this token');
  });
});

describe('for random trees of links and random policies', () => {
  it('no chain permits what an identity on its path is denied, or was not handed rightly', async () => {
    const people = ['a0', 'a1', 'a2', 'a3'];
    const world = fc.record({
      mayDelegate: fc.array(fc.tuple(fc.constantFrom(...people), fc.constantFrom(...people)), { maxLength: 12 }),
      mayRefund: fc.subarray(people, { minLength: 2 }),
      forbidden: fc.subarray(people, { maxLength: 1 }),
      steps: fc.array(fc.record({ from: fc.nat(), to: fc.constantFrom(...people) }), { maxLength: 8 }),
    });
    const uidOf = (id: string): string => `Agent::"${id}"`;
    let [permitted, denied] = [0, 0];
    const folder = bundleOf(bundle());
    const saved = writ;
    writ = await run(folder);
    try {
      for (const id of people) await register(id, keyOf(id));
      await fc.assert(
        fc.asyncProperty(world, async ({ mayDelegate, mayRefund, forbidden, steps }) => {
          const policies = [
            ...mayDelegate.map(
              ([from, to], i) =>
                `@id("d${i}") permit (principal == ${uidOf(from)}, action == Action::"delegate", resource == ${uidOf(to)});`,
            ),
            ...mayRefund.map(
              (id, i) => `@id("r${i}") permit (principal == ${uidOf(id)}, action == Action::"refund", resource);`,
            ),
            ...forbidden.map(
              (id, i) => `@id("f${i}") forbid (principal == ${uidOf(id)}, action == Action::"refund", resource);`,
            ),
          ].join('\n');
          writeBundle(folder, { 'policies/all.cedar': policies });
          await writ.writ.reload();
          const tree = [{ task: await root('a0', ['refund']), path: ['a0'] }];
          // Nobody asks before a link is signed: whether it is worth something shows where it is used.
          for (const { from, to } of steps) {
            const { task, path } = tree[from % tree.length] as (typeof tree)[number];
            tree.push({ task: await on(task, path[path.length - 1] as string, to), path: [...path, to] });
          }
          for (const { task, path } of tree) {
            const isRight = path.every((to, i) =>
              path.slice(0, i).every((id) => id !== to && mayDelegate.some(([a, b]) => a === id && b === to)),
            );
            const mayAll = path.every((id) => mayRefund.includes(id) && !forbidden.includes(id));
            const { decision } = await ask(task.token, { by: path[path.length - 1] as string });
            expect([path, decision]).toEqual([path, isRight && mayAll]);
            if (decision) permitted += 1;
            else denied += 1;
          }
        }),
        { numRuns: 25 },
      );
    } finally {
      await writ.stop();
      writ = saved;
    }
    expect(permitted).toBeGreaterThan(5);
    expect(denied).toBeGreaterThan(5);
  });
});

describe('/v1/identity-keys', () => {
  it('is for administrators', async () => {
    expect((await register('a12', await ProofKey.make(), 'default')).status).toBe(403);
    expect((await writ.send('GET', '/v1/identity-keys')).status).toBe(403);
  });

  it('gives a key one owner, and is on the record', async () => {
    const key = await ProofKey.make();
    expect((await register('a12', key)).json).toMatchObject({ identity: 'Agent::"a12"', thumbprint: key.thumbprint });
    expect((await register('a12', key)).status).toBe(201);
    const { status, json } = await register('a13', key);
    expect([status, json.detail]).toEqual([400, expect.stringContaining('that of another identity')]);
    const { json: listed } = await writ.send('GET', '/v1/identity-keys', undefined, { as: 'admin' });
    expect(listed.keys.filter(({ thumbprint }: { thumbprint: string }) => thumbprint === key.thumbprint)).toHaveLength(
      1,
    );
    const { json: log } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    expect(log.entries).toContainEqual(expect.objectContaining({ what: 'identity-keys.add' }));
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a private key', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA', d: 'AAAA' }, 'private'],
    ['a secret', { kty: 'oct', k: 'AAAA' }, 'private'],
    ['an RSA key', { kty: 'RSA', n: 'AAAA', e: 'AQAB' }, 'a key is an EC key on P-256'],
    ['a key on another curve', { kty: 'EC', crv: 'P-384', x: 'AAAA', y: 'AAAA' }, 'a key is an EC key on P-256'],
    ['no point on its curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }, 'not a point'],
    ['no JWK', {}, 'a key is an EC key on P-256'],
  ])('refuses %s', async (_what, jwk, message) => {
    const { status, json } = await writ.send(
      'POST',
      '/v1/identity-keys',
      { identity: 'Agent::"a0"', jwk },
      { as: 'admin' },
    );
    expect([status, json.detail]).toEqual([400, expect.stringContaining(message)]);
  });

  it('are there after a restart', async () => {
    const { IdentityKeys, identityKeyMigrations } = await import('../src/registry/identity-keys.js');
    const { openStore } = await import('../src/store/store.js');
    const { entityMigrations } = await import('../src/registry/entity-store.js');
    const { RevisionLog, revisionMigrations } = await import('../src/registry/revision-log.js');
    const store = await openStore(`${writ.data}/keys.db`, entityMigrations, identityKeyMigrations, revisionMigrations);
    const open = async () => IdentityKeys.open(store, await RevisionLog.open(store, new Date()));
    const added = await (await open()).add({ type: 'Agent', id: 'x' }, keyOf('a0').publicJwk, new Date(), 'me');
    const again = await open();
    expect(again.find(added.thumbprint)).toMatchObject({ owner: { type: 'Agent', id: 'x' }, algorithm: 'ES256' });
    await again.remove(added.thumbprint, { by: 'me', now: new Date() });
    expect((await open()).list()).toEqual([]);
    await store.destroy();
  });
});

describe('writ identity key, and writ task token of a chain', () => {
  const asAdmin = (...args: string[]) =>
    command(...args, '--key-file', writ.writ.keyFileOf('admin'), '--service', writ.url);

  it.each([/^[^-]/, /^-/])('adds, lists and removes a key whose thumbprint is %s', async (begins) => {
    let key = await ProofKey.make();
    while (!begins.test(key.thumbprint)) key = await ProofKey.make();
    const file = join(writ.data, 'agent.jwk');
    writeFileSync(file, JSON.stringify(key.publicJwk));
    const added = await asAdmin('identity', 'key', 'add', file, '--identity', 'Agent::"a20"');
    expect(added).toEqual({ code: 0, out: `${key.thumbprint} is a key of Agent::"a20" from now on\n` });
    expect((await asAdmin('identity', 'key', 'list')).out).toMatch(
      new RegExp(`^${key.thumbprint} {2}Agent::"a20" {2}since\\s+\\d`, 'm'),
    );
    expect((await asAdmin('identity', 'key', 'remove', key.thumbprint)).code).toBe(0);
    const gone = await asAdmin('identity', 'key', 'remove', key.thumbprint);
    expect(gone).toEqual({ code: 2, out: expect.stringContaining(`there is no key ${key.thumbprint}`) });
  });

  it('refuses what is no key, and an option that there is not', async () => {
    const file = join(writ.data, 'no.jwk');
    writeFileSync(file, 'nonsense');
    expect(await asAdmin('identity', 'key', 'add', file, '--identity', 'Agent::"a20"')).toMatchObject({ code: 2 });
    expect(await asAdmin('identity', 'key', 'remove', 'x', '--jsn')).toMatchObject({ code: 2 });
  });

  it('shows the path, and who signed each link', async () => {
    const task = await chain(2);
    const shown = await asAdmin('task', 'token', task.token);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(
      [
        '  Agent::"a0"  originator; bound (3)',
        '  └─ Agent::"a1"  handed it on; bound (3), by a link',
        '     └─ Agent::"a2"  acts now; bound (3), by a link',
        `verified  signed by ${writ.url} with key `,
      ].join('\n'),
    );
    const [first, one] = task.token.split('~');
    const spliced = await asAdmin('task', 'token', [first, one, one].join('~'));
    expect(spliced).toEqual({ code: 1, out: expect.stringContaining('NOT verified  link 2 hangs on another token') });
    const stranger = await forge(await root(), 'a3', 'a1');
    expect((await asAdmin('task', 'token', stranger)).out).toContain('link 1 is not signed with the key');
  });
});
