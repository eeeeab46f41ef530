import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createRemoteJWKSet, exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { bundleOf, type Running, run } from './running.js';

/** Shared Signals: SETs that are pushed and polled become revocations and facts; and our revocations go out as CAEP events. */

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/';
const AUDIENCE = 'https://writ.example';

/** A transmitter by the book: metadata, stream API, verification, poll endpoint; its keys are real. */
class Transmitter {
  server!: Server;
  issuer = '';
  keys!: Awaited<ReturnType<typeof generateKeyPair>>;
  readonly requests: { method: string; url: string; body: unknown; authorization: string | undefined }[] = [];
  readonly waiting = new Map<string, string>();
  readonly acknowledged: string[] = [];
  readonly errors: Record<string, unknown> = {};
  streams: Record<string, unknown>[] = [];
  isDown = false;
  private n = 0;

  async start(): Promise<this> {
    this.keys = await generateKeyPair('RS256');
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(this.keys.publicKey)), kid: 'k1', alg: 'RS256' }] });
    this.server = createServer(async (request, response) => {
      const body = await bodyOf(request);
      const url = request.url ?? '';
      this.requests.push({ method: request.method ?? '', url, body, authorization: request.headers.authorization });
      const send = (status: number, json?: unknown) =>
        response
          .writeHead(status, { 'Content-Type': 'application/json' })
          .end(json === undefined ? '' : JSON.stringify(json));
      if (this.isDown) return send(503);
      if (url === '/jwks') return response.end(jwks);
      if (url === '/.well-known/ssf-configuration')
        return send(200, {
          spec_version: '1_0',
          issuer: this.issuer,
          jwks_uri: `${this.issuer}/jwks`,
          configuration_endpoint: `${this.issuer}/streams`,
          verification_endpoint: `${this.issuer}/verify`,
          critical_subject_members: ['tenant'],
        });
      if (url === '/streams' && request.method === 'POST') {
        if (this.streams.length > 0) return send(409, {});
        const { delivery } = body as { delivery: { endpoint_url?: string } };
        const stream = {
          stream_id: 'stream-1',
          iss: this.issuer,
          aud: AUDIENCE,
          delivery: { ...delivery, endpoint_url: delivery.endpoint_url ?? `${this.issuer}/poll` },
        };
        this.streams.push({ ...stream, asked: body });
        return send(201, stream);
      }
      if (url === '/streams') return send(200, this.streams);
      if (url === '/streams?stream_id=stream-1')
        return this.streams.length === 0 ? send(404) : send(200, this.streams[0]);
      if (url === '/verify') {
        const { stream_id: id, state } = body as { stream_id: string; state: string };
        await this.queue(`${SSF}verification`, { state }, { format: 'opaque', id });
        return send(204);
      }
      if (url === '/poll') {
        const {
          ack = [],
          setErrs = {},
          maxEvents = 100,
        } = body as {
          ack: string[];
          setErrs: Record<string, unknown>;
          maxEvents: number;
        };
        this.acknowledged.push(...ack);
        Object.assign(this.errors, setErrs);
        for (const jti of [...ack, ...Object.keys(setErrs)]) this.waiting.delete(jti);
        const sets = Object.fromEntries([...this.waiting].slice(0, maxEvents));
        return send(200, { sets, moreAvailable: this.waiting.size > maxEvents });
      }
      return send(404);
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  nextId(): string {
    this.n += 1;
    return `jti-${this.n}`;
  }

  set(uri: string, claims: object, subId: object, more: JWTPayload & { header?: object } = {}): Promise<string> {
    const { header, ...payload } = more;
    return new SignJWT({ sub_id: subId, events: { [uri]: claims }, txn: 't-1', ...payload })
      .setProtectedHeader({ alg: 'RS256', typ: 'secevent+jwt', kid: 'k1', ...header })
      .setIssuer(payload.iss ?? this.issuer)
      .setAudience(payload.aud ?? AUDIENCE)
      .setJti(payload.jti ?? this.nextId())
      .setIssuedAt(payload.iat ?? Math.floor(Date.now() / 1_000))
      .sign(this.keys.privateKey);
  }

  /** Puts an event where polls find it. */
  async queue(uri: string, claims: object, subId: object, jti = this.nextId()): Promise<string> {
    this.waiting.set(jti, await this.set(uri, claims, subId, { jti }));
    return jti;
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request) text += part;
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

let idp: Transmitter;
let writ: Running | undefined;
beforeAll(async () => {
  idp = await new Transmitter().start();
  process.env.IDP_PUSH = 'Bearer pushed-by-idp';
  process.env.IDP_ASK = 'Bearer asked-by-writ';
});
afterAll(() => idp.stop());
afterEach(async () => {
  await writ?.stop();
  writ = undefined;
  idp.streams = [];
  idp.waiting.clear();
  idp.isDown = false;
});

const bundle = (signals: string): string =>
  bundleOf({
    'writ.yaml': `name: signals\nsignals:\n${signals.replace(/^/gm, '  ')}`,
    'schema.cedarschema': `
entity User { risk?: String, level?: String, department?: String };
entity Agent { risk?: String };
entity Device { compliance?: String };
entity Tool;
action look, risky appliesTo { principal: [User, Agent], resource: [Tool] };`,
    'policies/all.cedar': `@id("look") permit (principal, action == Action::"look", resource);
@id("risky") @highRisk permit (principal, action == Action::"risky", resource);
@id("not-at-risk") forbid (principal, action, resource) when { principal has risk && principal.risk == "HIGH" };
@id("not-elsewhere") forbid (principal is User, action, resource) when { principal has department && principal.department == "gone" };`,
  });
const MAPPING = `
    identities:
      user: { type: User, id: 'claims.format == "email" ? claims.email : claims.sub' }
      agent: { type: Agent, id: claims.sub }
      device: { type: Device, id: claims.id }
    attributes: { risk: risk, compliance: compliance, assurance: level, claims: { dept: department } }`;
const pushed = () => `
receive:
  idp:
    issuer: ${idp.issuer}
    audience: ${AUDIENCE}
    jwks: ${idp.issuer}/jwks
    delivery: push
    pushAuthorization: "\${env:IDP_PUSH}"
    ${MAPPING.trimStart()}`;
const polled = (more = '') => `
receive:
  idp:
    issuer: ${idp.issuer}
    audience: ${AUDIENCE}
    authorization: "\${env:IDP_ASK}"
    manage: true
    every: 20ms
    ${more}
    ${MAPPING.trimStart()}`;

const push = async (
  set: string,
  { authorization = 'Bearer pushed-by-idp', type = 'application/secevent+jwt' } = {},
) => {
  const response = await fetch(`${writ?.url}/ssf/events/idp`, {
    method: 'POST',
    headers: { 'Content-Type': type, Accept: 'application/json', Authorization: authorization },
    body: set,
  });
  const text = await response.text();
  return { status: response.status, text, err: text.startsWith('{') ? JSON.parse(text).err : undefined };
};
const may = async (id: string, type = 'User', action = 'look', context: object = {}) =>
  (
    await (writ as Running).send('POST', '/access/v1/evaluation', {
      subject: { type, id },
      action: { name: action },
      resource: { type: 'Tool', id: 't' },
      context,
    })
  ).json.decision;
const revocations = async () =>
  (await (writ as Running).send('GET', '/v1/revocations', undefined, { as: 'admin' })).json.revocations;
const email = (address: string) => ({ format: 'email', email: address });
const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  for (let i = 0; i < 400 && !(await isSo()); i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await isSo()).toBe(true);
};
const seconds = (): number => Math.floor(Date.now() / 1_000);

describe('events that are pushed (RFC 8935)', () => {
  it('session-revoked takes from a user all that was proved by then, and from the next decision on', async () => {
    writ = await run(bundle(pushed()));
    expect(await may('ana@x.io')).toBe(true);
    const answer = await push(
      await idp.set(
        `${CAEP}session-revoked`,
        { event_timestamp: seconds(), reason_admin: { en: 'left the company' } },
        email('ana@x.io'),
      ),
    );
    expect([answer.status, answer.text]).toEqual([202, '']);
    expect([await may('ana@x.io'), await may('bo@x.io')]).toEqual([false, true]);
    expect(await revocations()).toMatchObject([
      {
        kind: 'identity',
        target: 'User::"ana@x.io"',
        by: 'signals:idp',
        reason: 'session-revoked from idp: left the company',
        before: expect.any(String),
      },
    ]);
  });

  it('session-revoked of a session or a token takes only that', async () => {
    writ = await run(bundle(pushed()));
    await push(
      await idp.set(
        `${CAEP}session-revoked`,
        {},
        {
          format: 'complex',
          session: { format: 'opaque', id: 's-1' },
          user: email('ana@x.io'),
        },
      ),
    );
    await push(
      await idp.set(`${CAEP}session-revoked`, {}, { format: 'jwt_id', iss: 'https://as.example', jti: 'j-1' }),
    );
    expect([await may('ana@x.io'), await may('ana@x.io', 'User', 'look', { session: 's-1' })]).toEqual([true, false]);
    expect(await revocations()).toMatchObject([
      { kind: 'token', target: 'https://as.example j-1' },
      { kind: 'session', target: 's-1' },
    ]);
  });

  const agent = { format: 'complex', agent: { format: 'iss_sub', iss: 'https://idp', sub: 'bot' } };
  it('levels of risk, assurance and compliance, and claims, become facts with their source and time; an older event changes nothing', async () => {
    writ = await run(bundle(pushed()));
    const at = seconds() - 100;
    const risk = (level: string, when: number) =>
      idp.set(
        `${CAEP}risk-level-change`,
        { principal: 'USER', current_level: level, event_timestamp: when },
        email('ana@x.io'),
      );
    expect((await push(await risk('HIGH', at))).status).toBe(202);
    expect(await may('ana@x.io')).toBe(false);
    expect((await push(await risk('LOW', at - 50))).status).toBe(202);
    expect(await may('ana@x.io')).toBe(false);
    await push(await risk('LOW', at + 50));
    expect(await may('ana@x.io')).toBe(true);
    await push(await idp.set(`${CAEP}risk-level-change`, { principal: 'AGENT', current_level: 'HIGH' }, agent));
    expect([await may('bot', 'Agent'), await may('other', 'Agent')]).toEqual([false, true]);
    await push(
      await idp.set(
        `${CAEP}assurance-level-change`,
        { namespace: 'NIST-AAL', current_level: 'nist-aal1', change_direction: 'decrease' },
        email('ana@x.io'),
      ),
    );
    await push(await idp.set(`${CAEP}token-claims-change`, { claims: { dept: 'gone', other: 1 } }, email('ana@x.io')));
    await push(
      await idp.set(
        `${CAEP}device-compliance-change`,
        { previous_status: 'compliant', current_status: 'not-compliant' },
        {
          format: 'complex',
          device: { format: 'opaque', id: 'd-1' },
          user: email('ana@x.io'),
        },
      ),
    );
    expect(await may('ana@x.io')).toBe(false);
    const entity = async (type: string, id: string) =>
      (await (writ as Running).send('GET', `/v1/entities/${type}/${id}`, undefined, { as: 'admin' })).json.entity;
    expect(await entity('User', 'ana@x.io')).toMatchObject({
      attrs: { risk: 'LOW', level: 'nist-aal1', department: 'gone' },
      facts: { risk: { source: 'signals:idp', asOf: new Date((at + 50) * 1_000).toISOString() } },
    });
    expect((await entity('Device', 'd-1')).attrs).toEqual({ compliance: 'not-compliant' });
    // A claim that is null is none.
    await push(await idp.set(`${CAEP}token-claims-change`, { claims: { dept: null } }, email('ana@x.io')));
    expect(await may('ana@x.io')).toBe(true);
  });

  it('RISC: an account that is disabled may do nothing until it is enabled; in the order in which it happened', async () => {
    writ = await run(bundle(pushed()));
    const at = seconds() - 100;
    const send = async (name: string, when: number, claims: object = {}) =>
      push(await idp.set(`${RISC}${name}`, { event_timestamp: when, ...claims }, email('ana@x.io')));
    await send('account-disabled', at, { reason: 'hijacking' });
    expect(await may('ana@x.io')).toBe(false);
    await send('account-enabled', at - 10);
    expect(await may('ana@x.io')).toBe(false);
    await send('account-enabled', at + 10);
    expect(await may('ana@x.io')).toBe(true);
    await send('account-disabled', at + 5);
    expect(await may('ana@x.io')).toBe(true);
    // What an administrator revoked is not the identity provider's to give back.
    await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'identity', target: 'User::"ana@x.io"', reason: 'x' },
      { as: 'admin' },
    );
    await send('account-enabled', at + 20);
    expect(await may('ana@x.io')).toBe(false);
    for (const [name, claims] of [
      ['credential-compromise', { credential_type: 'password' }],
      ['account-purged', {}],
    ] as const) {
      await push(await idp.set(`${RISC}${name}`, claims, email(`${name}@x.io`)));
      expect(await may(`${name}@x.io`)).toBe(false);
    }
  });

  it('credential-change takes when it revokes or deletes, and only then; what changes nothing is on the record', async () => {
    writ = await run(bundle(pushed()));
    for (const [change, permitted] of [
      ['create', true],
      ['update', true],
      ['revoke', false],
      ['delete', false],
    ] as const) {
      const subject = email(`${change}@x.io`);
      await push(await idp.set(`${CAEP}credential-change`, { credential_type: 'x509', change_type: change }, subject));
      expect([change, await may(`${change}@x.io`)]).toEqual([change, permitted]);
    }
    for (const name of ['session-established', 'session-presented'])
      expect((await push(await idp.set(`${CAEP}${name}`, { ext_id: 'e' }, email('ana@x.io')))).status).toBe(202);
    expect((await push(await idp.set('https://example.com/unheard-of', {}, email('ana@x.io')))).status).toBe(202);
    const { json } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    const received = json.entries.filter(({ what }: { what?: string }) => what === 'signals.receive');
    expect(received).toHaveLength(7);
    expect(received.at(-1)).toMatchObject({
      by: 'signals:idp',
      detail: { event: 'https://example.com/unheard-of', effects: [] },
    });
  });

  it('a token that comes twice counts once, also over a restart', async () => {
    const folder = bundle(pushed());
    writ = await run(folder);
    const { data } = writ;
    const set = await idp.set(`${RISC}account-disabled`, {}, email('ana@x.io'), { jti: 'twice' });
    expect((await push(set)).status).toBe(202);
    const [{ id }] = await revocations();
    await writ.send('DELETE', `/v1/revocations/${id}?reason=checked`, undefined, { as: 'admin' });
    expect((await push(set)).status).toBe(202);
    expect(await may('ana@x.io')).toBe(true);
    await writ.writ.close();
    writ = await run(folder, { data });
    expect((await push(set)).status).toBe(202);
    expect(await may('ana@x.io')).toBe(true);
  });

  const user = email('ana@x.io');
  const wrong: [string, () => Promise<string>, string][] = [
    [
      'is of another issuer',
      () => idp.set(`${CAEP}session-revoked`, {}, user, { iss: 'https://evil.example' }),
      'invalid_issuer',
    ],
    [
      'is for somebody else',
      () => idp.set(`${CAEP}session-revoked`, {}, user, { aud: 'https://other.example' }),
      'invalid_audience',
    ],
    [
      'is another kind of token',
      () => idp.set(`${CAEP}session-revoked`, {}, user, { header: { typ: 'JWT' } }),
      'invalid_request',
    ],
    ['has a sub', () => idp.set(`${CAEP}session-revoked`, {}, user, { sub: 'ana' }), 'invalid_request'],
    ['has an exp', () => idp.set(`${CAEP}session-revoked`, {}, user, { exp: seconds() + 60 }), 'invalid_request'],
    [
      'is of the future',
      () => idp.set(`${CAEP}session-revoked`, {}, user, { iat: seconds() + 600 }),
      'invalid_request',
    ],
    [
      'has two events',
      () => idp.set('x', {}, user, { events: { [`${CAEP}session-revoked`]: {}, [`${RISC}account-enabled`]: {} } }),
      'invalid_request',
    ],
    ['has no event', () => idp.set('x', {}, user, { events: {} }), 'invalid_request'],
    ['has no subject', () => idp.set(`${CAEP}session-revoked`, {}, {}), 'invalid_request'],
    [
      'has a subject that is not complete',
      () => idp.set(`${CAEP}session-revoked`, {}, { format: 'iss_sub', sub: 'ana' }),
      'invalid_request',
    ],
    [
      'lacks a claim of its event',
      () => idp.set(`${CAEP}risk-level-change`, { principal: 'USER' }, user),
      'invalid_request',
    ],
    [
      'has a claim of another type',
      () => idp.set(`${CAEP}session-revoked`, { event_timestamp: 'now' }, user),
      'invalid_request',
    ],
    [
      'is signed with another key',
      async () => {
        const other = await generateKeyPair('RS256');
        const whole = { ...idp, keys: other, set: idp.set, nextId: () => 'j' } as unknown as Transmitter;
        return whole.set(`${CAEP}session-revoked`, {}, user);
      },
      'invalid_key',
    ],
    [
      'is signed with an algorithm that is not allowed (confusion of keys)',
      async () => {
        const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(idp.keys.publicKey)));
        return new SignJWT({ sub_id: user, events: { [`${CAEP}session-revoked`]: {} } })
          .setProtectedHeader({ alg: 'HS256', typ: 'secevent+jwt', kid: 'k1' })
          .setIssuer(idp.issuer)
          .setAudience(AUDIENCE)
          .setJti('hs')
          .setIssuedAt()
          .sign(secret);
      },
      'invalid_key',
    ],
    [
      'is not signed',
      async () => {
        const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
        const claims = {
          iss: idp.issuer,
          aud: AUDIENCE,
          jti: 'none',
          iat: seconds(),
          sub_id: user,
          events: { [`${CAEP}session-revoked`]: {} },
        };
        return `${part({ alg: 'none', typ: 'secevent+jwt' })}.${part(claims)}.`;
      },
      'invalid_key',
    ],
    ['is no token', async () => 'not.a.token', 'invalid_request'],
  ];
  it.each(wrong)('one that %s is refused, and changes nothing', async (_what, make, err) => {
    writ = await run(bundle(pushed()));
    const answer = await push(await make());
    expect([answer.status, answer.err]).toEqual([400, err]);
    expect(await may('ana@x.io')).toBe(true);
    expect(await revocations()).toEqual([]);
  });

  it('who pushes proves itself; another stream, another content type, and keys that cannot be had', async () => {
    writ = await run(bundle(pushed()));
    const set = await idp.set(`${CAEP}session-revoked`, {}, user);
    expect(await push(set, { authorization: 'Bearer guessed' })).toMatchObject({
      status: 400,
      err: 'authentication_failed',
    });
    expect((await push(set, { type: 'application/json' })).status).toBe(400);
    expect(
      (
        await fetch(`${writ.url}/ssf/events/nobody`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/secevent+jwt' },
          body: set,
        })
      ).status,
    ).toBe(404);
    idp.isDown = true;
    // Not acknowledged: it has to come again.
    expect((await push(set)).status).toBe(503);
    idp.isDown = false;
    await until(async () => (await push(set)).status === 202);
    expect(await may('ana@x.io')).toBe(false);
  });
});

describe('events that are fetched (RFC 8936), over a stream that is made and verified', () => {
  it('the stream is made as SSF says, and events are acknowledged when they are in force', async () => {
    writ = await run(bundle(polled()));
    await until(() => idp.requests.some(({ url }) => url === '/poll'));
    const made = idp.requests.find(({ url, method }) => url === '/streams' && method === 'POST');
    expect(made).toMatchObject({
      authorization: 'Bearer asked-by-writ',
      body: {
        delivery: { method: 'urn:ietf:rfc:8936' },
        events_requested: expect.arrayContaining([`${CAEP}session-revoked`]),
      },
    });
    const jti = await idp.queue(`${CAEP}session-revoked`, {}, email('ana@x.io'));
    await until(() => idp.acknowledged.includes(jti));
    expect(await may('ana@x.io')).toBe(false);
    // The verification that was asked for came back with its state.
    const asked = idp.requests.find(({ url }) => url === '/verify')?.body as { state: string };
    expect(asked.state).toMatch(/^[0-9a-f-]{36}$/);
    await until(() => idp.waiting.size === 0);
  });

  it('goes on after a restart, also when the stream is gone meanwhile', async () => {
    const folder = bundle(polled());
    writ = await run(folder);
    const { data } = writ;
    await until(() => idp.streams.length === 1);
    for (const [who, isGone] of [
      ['ana@x.io', false],
      ['bo@x.io', true],
    ] as const) {
      await writ.writ.close();
      if (isGone) idp.streams = [];
      writ = await run(folder, { data });
      await idp.queue(`${CAEP}session-revoked`, {}, email(who));
      await until(async () => !(await may(who)));
      expect(idp.streams).toHaveLength(1);
    }
  });

  it('one that is refused is told so, and does not stop those behind it', async () => {
    writ = await run(bundle(polled()));
    const bad = await idp.queue(`${CAEP}risk-level-change`, { principal: 'USER' }, email('ana@x.io'));
    const critical = await idp.queue(
      `${CAEP}session-revoked`,
      {},
      { format: 'complex', user: email('ana@x.io'), tenant: { format: 'made-up' } },
    );
    const good = await idp.queue(`${CAEP}session-revoked`, {}, email('bo@x.io'));
    await until(() => idp.acknowledged.includes(good) && idp.waiting.size === 0);
    expect(idp.errors).toMatchObject({ [bad]: { err: 'invalid_request' }, [critical]: { err: 'invalid_request' } });
    expect([await may('ana@x.io'), await may('bo@x.io')]).toEqual([true, false]);
  });

  it('many come in their order, more than one answer holds', async () => {
    writ = await run(bundle(polled()));
    const subject = email('ana@x.io');
    for (let i = 0; i < 250; i += 1)
      await idp.queue(
        `${CAEP}risk-level-change`,
        { principal: 'USER', current_level: i === 249 ? 'HIGH' : 'LOW', event_timestamp: 1_000 + i },
        subject,
      );
    await until(() => idp.waiting.size === 0);
    expect(await may('ana@x.io')).toBe(false);
  });

  it('a stream that is silent or paused for too long: nothing of high risk is permitted, and the rest is', async () => {
    writ = await run(bundle(polled('maxAge: 300ms')));
    await until(() => may('ana@x.io', 'User', 'risky'));
    idp.isDown = true;
    await until(async () => !(await may('ana@x.io', 'User', 'risky')));
    expect(await may('ana@x.io')).toBe(true);
    idp.isDown = false;
    await until(() => may('ana@x.io', 'User', 'risky'));
    await idp.queue(
      `${SSF}stream-updated`,
      { status: 'paused', reason: 'maintenance' },
      { format: 'opaque', id: 'stream-1' },
    );
    await until(async () => !(await may('ana@x.io', 'User', 'risky')));
    await idp.queue(`${SSF}stream-updated`, { status: 'enabled' }, { format: 'opaque', id: 'stream-1' });
    await until(() => may('ana@x.io', 'User', 'risky'));
  });

  it('a transmitter that is down when Writ starts is listened to when it comes back', async () => {
    idp.isDown = true;
    writ = await run(bundle(polled()));
    expect(await may('ana@x.io')).toBe(true);
    idp.isDown = false;
    await idp.queue(`${CAEP}session-revoked`, {}, email('ana@x.io'));
    await until(async () => !(await may('ana@x.io')));
  });

  it('a transmitter that says it is another is not listened to', async () => {
    const issuer = idp.issuer.replace('127.0.0.1', 'localhost');
    await expect(run(bundle(polled().replace(`issuer: ${idp.issuer}`, `issuer: ${issuer}`)))).rejects.toThrow(
      /is the configuration of/,
    );
  });
});

describe('writ check, and a policy that cannot be used', () => {
  it.each([
    ['identities: { user: { type: Nobody, id: claims.email } }', 'no entity type Nobody'],
    [
      'identities: { user: { type: User, id: claims.email } }\n    attributes: { risk: danger }',
      'has an attribute danger',
    ],
  ])('%s', (more, message) => {
    const folder = bundle(`
receive:
  idp:
    issuer: ${idp.issuer}
    audience: a
    endpoint: ${idp.issuer}/poll
    ${more}`);
    const { bundle: read } = readBundle(folder);
    expect(
      checkBundle(read as never)
        .map((finding) => finding.message)
        .join(),
    ).toContain(message);
  });

  it.each([
    ['delivery: push', 'pushAuthorization'],
    ['delivery: poll', 'endpoint'],
    ['jwks: http://elsewhere.example/jwks', 'https'],
  ])('%s alone is refused', (more, message) => {
    const folder = bundle(`\nreceive:\n  idp:\n    issuer: https://idp.example\n    audience: a\n    ${more}`);
    expect(
      readBundle(folder)
        .findings.map((finding) => finding.message)
        .join(),
    ).toContain(message);
  });

  it('a mapping that is no CEL, or a secret that is not there, changes nothing of what is served', async () => {
    const folder = bundle(pushed());
    writ = await run(folder);
    const text = readFileSync(join(folder, 'writ.yaml'), 'utf8');
    for (const [from, to] of [
      ['claims.format ==', 'claims.('],
      ['env:IDP_PUSH', 'env:NOT_THERE'],
    ] as const) {
      writeFileSync(join(folder, 'writ.yaml'), text.replace(from, to));
      await expect(writ.writ.reload()).rejects.toThrow();
      expect((await push(await idp.set(`${CAEP}session-presented`, {}, email('ana@x.io')))).status).toBe(202);
    }
    expect((await writ.send('GET', '/readyz', undefined, { as: null })).json.state).toBe('stale');
  });
});

describe('our revocations go out as CAEP events', () => {
  const verify = async (set: string, audience: string) => {
    const keys = createRemoteJWKSet(new URL(`${writ?.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(set, keys, {
      audience,
      issuer: writ?.url as string,
      algorithms: ['RS256'],
      typ: 'secevent+jwt',
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(Object.keys(payload.events as object)).toHaveLength(1);
    expect([payload.sub, payload.exp]).toEqual([undefined, undefined]);
    return payload as JWTPayload & { sub_id: object; events: Record<string, object> };
  };
  const revoke = async (body: object) =>
    (await (writ as Running).send('POST', '/v1/revocations', { reason: 'over', ...body }, { as: 'admin' })).json.id;

  it('pushed, in order, again after a failure, and once more from where it was after a restart', async () => {
    const received: { set: string; authorization: string | undefined }[] = [];
    let status = 202;
    const siem = createServer(async (request, response) => {
      const set = String(await bodyOf(request));
      if (status === 202) received.push({ set, authorization: request.headers.authorization });
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => siem.listen(0, '127.0.0.1', resolve));
    process.env.SIEM = 'Bearer to-siem';
    const folder = bundle(`
transmit:
  siem:
    audience: https://siem.example
    push: { url: "http://127.0.0.1:${(siem.address() as AddressInfo).port}/", authorization: "\${env:SIEM}" }`);
    writ = await run(folder);
    const { data } = writ;
    await revoke({ kind: 'identity', target: 'User::"ana"' });
    await until(() => received.length === 1);
    expect(received[0]?.authorization).toBe('Bearer to-siem');
    const first = await verify(received[0]?.set as string, 'https://siem.example');
    expect(first).toMatchObject({
      sub_id: { format: 'complex', user: { format: 'iss_sub', iss: writ.url, sub: 'User::"ana"' } },
      events: { [`${CAEP}session-revoked`]: { initiating_entity: 'admin', reason_admin: { en: 'over' } } },
    });
    status = 500;
    const id = await revoke({ kind: 'session', target: 's-1' });
    await revoke({ kind: 'upstream', target: 'desk' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toHaveLength(1);
    await writ.writ.close();
    status = 202;
    writ = await run(folder, { data });
    await until(() => received.length === 3);
    const [second, third] = [
      await verify(received[1]?.set as string, 'https://siem.example'),
      await verify(received[2]?.set as string, 'https://siem.example'),
    ];
    expect(second.sub_id).toEqual({ format: 'complex', session: { format: 'opaque', id: 's-1' } });
    expect(third.events).toMatchObject({
      'https://writ.dev/secevent/event-type/authority-revoked': { kind: 'upstream', target: 'desk' },
    });
    await writ.send('DELETE', `/v1/revocations/${id}?reason=back`, undefined, { as: 'admin' });
    await until(() => received.length === 4);
    const fourth = await verify(received[3]?.set as string, 'https://siem.example');
    expect(fourth.events).toMatchObject({
      'https://writ.dev/secevent/event-type/authority-reinstated': { kind: 'session', target: 's-1' },
    });
    siem.closeAllConnections();
    siem.close();
  });

  it('fetched, acknowledged, verified; and one Writ can listen to another', async () => {
    writ = await run(bundle('transmit: { other: { audience: https://other.example, caller: default } }'));
    const configuration = (await writ.send('GET', '/.well-known/ssf-configuration')).json;
    expect(configuration).toMatchObject({
      spec_version: '1_0',
      issuer: writ.url,
      jwks_uri: `${writ.url}/.well-known/jwks.json`,
    });
    expect((await writ.send('GET', '/ssf/streams?stream_id=other')).json).toMatchObject({
      stream_id: 'other',
      aud: 'https://other.example',
    });
    expect((await writ.send('GET', '/ssf/streams?stream_id=other', undefined, { as: 'admin' })).status).toBe(404);
    const poll = async (body: object = {}) => (await (writ as Running).send('POST', '/ssf/poll/other', body)).json;
    expect(await poll()).toEqual({ sets: {}, moreAvailable: false });
    await revoke({ kind: 'identity', target: 'Agent::"bot"' });
    await revoke({ kind: 'task', target: 't-1' });
    await writ.send('POST', '/ssf/verify', { stream_id: 'other', state: 'abc' });
    const one = await poll({ maxEvents: 1 });
    expect([Object.keys(one.sets).length, one.moreAvailable]).toEqual([1, true]);
    const all = await poll();
    expect(await poll()).toMatchObject({
      sets: Object.fromEntries(Object.keys(all.sets).map((jti) => [jti, expect.any(String)])),
    });
    const payloads = await Promise.all(
      Object.values(all.sets).map((set) => verify(set as string, 'https://other.example')),
    );
    expect(payloads.map(({ events }) => Object.keys(events)[0])).toEqual([
      `${SSF}verification`,
      `${CAEP}session-revoked`,
      `${CAEP}session-revoked`,
    ]);

    // One that it has does not stand for one before it that it does not have.
    const [verification, first, second] = Object.keys(all.sets);
    expect(Object.keys((await poll({ ack: [verification, second] })).sets)).toEqual([first]);
    expect(Object.keys((await poll({ ack: [first] })).sets)).toEqual([]);
    await revoke({ kind: 'identity', target: 'Agent::"bot2"' });
    await writ.send('DELETE', `/v1/revocations/${(await revocations())[2].id}?reason=again`, undefined, {
      as: 'admin',
    });
    await revoke({ kind: 'identity', target: 'Agent::"bot"' });

    const listening = await run(
      bundle(`
receive:
  first:
    issuer: ${writ.url}
    audience: https://other.example
    endpoint: ${writ.url}/ssf/poll/other
    authorization: "Bearer ${writ.key()}"
    every: 20ms
    identities: { agent: { type: Agent, id: 'claims.sub.split("\\"")[1]' } }`),
    );
    const listeningMay = async () =>
      (
        await listening.send('POST', '/access/v1/evaluation', {
          subject: { type: 'Agent', id: 'bot' },
          action: { name: 'look' },
          resource: { type: 'Tool', id: 't' },
        })
      ).json.decision;
    await until(async () => !(await listeningMay()));
    await until(async () => Object.keys((await poll()).sets).length === 0);
    await listening.stop();
  });
});
