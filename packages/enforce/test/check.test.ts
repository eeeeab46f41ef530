import { request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkedRequest } from '../src/http/check/checked-request.js';
import { createCheck, type Front, frontOf } from '../src/http/check/index.js';
import { isSameTarget } from '../src/http/check/same-target.js';
import { rows, shop } from './shop.js';

/** The check endpoint with the headers that each front was seen to send, without the fronts. */

const service = shop();
type Profile = Parameters<typeof frontOf>[1]['profile'];
const front = (profile: Profile, more: Partial<Parameters<typeof frontOf>[1]> = {}): Front =>
  frontOf('edge', { profile, services: ['shop'], body: 'none', removes: [], ...more });

interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly version?: string;
  readonly length?: string;
  readonly coding?: string;
  readonly connection?: string;
  /** Of the client, as the front passes them on. */
  readonly client?: readonly string[];
}

/** The headers of a check, in the order in which each front was seen to send them. */
const SENT: Readonly<Record<Profile, (asked: Asked) => string[]>> = {
  nginx: (asked) => [...named(asked), ...['Host', 'writ', ...(asked.client ?? [])]],
  haproxy: (asked) => [...(asked.client ?? []), ...named(asked), 'host', '127.0.0.1:7468', 'user-agent', 'HAProxy'],
  caddy: ({ method = 'GET', target = '/orders/1', host = 'shop.example', version = 'HTTP/1.1', ...asked }) => [
    ...['Host', host, ...(asked.client ?? []), 'Via', '1.1 Caddy', 'Writ-Connection', asked.connection ?? ''],
    ...['Writ-Front', 'Bearer k', 'Writ-Length', asked.length ?? '', 'Writ-Version', version],
    ...['X-Forwarded-For', '127.0.0.1', 'X-Forwarded-Host', host, 'X-Forwarded-Method', method],
    ...['X-Forwarded-Proto', 'http', 'X-Forwarded-Uri', target, 'Accept-Encoding', 'gzip'],
  ],
  // As its documentation and its source have it; it was not run.
  traefik: ({ method = 'GET', target = '/orders/1', host = 'shop.example', ...asked }) => [
    ...[
      'Host',
      '127.0.0.1:7468',
      'User-Agent',
      'Go-http-client/1.1',
      ...(asked.client ?? []),
      'Writ-Front',
      'Bearer k',
    ],
    ...[
      'X-Forwarded-For',
      '127.0.0.1',
      'X-Forwarded-Host',
      host,
      'X-Forwarded-Method',
      method,
      'X-Forwarded-Port',
      '80',
    ],
    ...['X-Forwarded-Proto', 'http', 'X-Forwarded-Server', 'a', 'X-Forwarded-Uri', target, 'X-Real-Ip', '127.0.0.1'],
    ...['Accept-Encoding', 'gzip'],
  ],
};
const PROFILES = Object.keys(SENT) as Profile[];

function named({ method = 'GET', target = '/orders/1', host = 'shop.example', version = 'HTTP/1.1', ...asked }: Asked) {
  return [
    ...['Writ-Front', 'Bearer k', 'Writ-Method', method, 'Writ-Target', target, 'Writ-Host', host],
    ...['Writ-Scheme', 'http', 'Writ-Version', version],
    ...(asked.length === undefined ? [] : ['Writ-Length', asked.length]),
    ...(asked.coding === undefined ? [] : ['Writ-Coding', asked.coding]),
    ...(asked.connection === undefined ? [] : ['Writ-Connection', asked.connection]),
  ];
}

function read(profile: Profile, asked: Asked, body?: string, settings: Partial<Parameters<typeof frontOf>[1]> = {}) {
  const raw = { rawHeaders: SENT[profile](asked), body: body === undefined ? undefined : Buffer.from(body) };
  return checkedRequest(raw, front(profile, settings), [service]);
}
const codeOf = (made: ReturnType<typeof read>): string => (made.ok ? 'ok' : made.code);

interface Row {
  readonly class: string;
  readonly method: string;
  readonly target: string;
  readonly expect: { readonly status: number; readonly code: string } | { readonly operation: string };
}

describe.each(PROFILES)('a check of %s', (profile) => {
  it('has of the table of paths the operation or the refusal of the proxy, or is refused as not canonical', () => {
    for (const row of rows<Row>('paths')) {
      const made = read(profile, { method: row.method, target: row.target });
      const place = `${row.class} ${row.method} ${row.target.slice(0, 80)}`;
      if (made.ok)
        expect([place, made.request.operation?.name]).toEqual([
          place,
          'operation' in row.expect ? row.expect.operation : 'refused',
        ]);
      else {
        const own = 'code' in row.expect ? row.expect.code : 'target_not_canonical';
        // A front says no empty target or method.
        expect([place, ['front_headers', 'body_missing'].includes(made.code) ? own : made.code]).toEqual([place, own]);
      }
    }
  });

  it.each([
    ['X-User', 'H4'],
    ['X_User', 'H5'],
    ['X.User', 'H5'],
    ['X-Original-URL', 'H2'],
    ['X-Rewrite-URL', 'H2'],
    ['X-Middleware-Subrequest', 'H12'],
    ['X-HTTP-Method-Override', 'H12'],
    ['Writ-Decision', 'H4'],
    ['X-Forwarded-Prefix', 'H5'],
    ['X-Envoy-Original-Path', 'H2'],
  ])('is refused with the header %s of a client (%s)', (name) => {
    expect(read(profile, { client: [name, 'a'] }).ok).toBe(false);
    expect(codeOf(read(profile, { client: [] }))).toBe('ok');
  });

  it('takes a header that the front removes, or that the service lists', () => {
    expect(codeOf(read(profile, { client: ['X-Debug', '1'] }))).toBe('header_unlisted');
    expect(codeOf(read(profile, { client: ['X-Debug', '1'] }, undefined, { removes: ['x-debug'] }))).toBe('ok');
    const listed = shop({ headers: ['X-Debug'] });
    expect(
      checkedRequest({ rawHeaders: SENT[profile]({ client: ['X-Debug', '1'] }), body: undefined }, front(profile), [
        listed,
      ]).ok,
    ).toBe(true);
  });

  it('is refused if a part of the profile is missing or there twice (H2, H8)', () => {
    const whole = SENT[profile]({});
    const parts = whole.flatMap((name, i) =>
      i % 2 === 0 && /^(?:Writ-(?!Front|Length|Connection)|X-Forwarded-(?:Uri|Method|Host|Proto))/.test(name)
        ? [i]
        : [],
    );
    expect(parts.length).toBeGreaterThanOrEqual(4);
    for (const i of parts) {
      const [name, value] = whole.slice(i, i + 2) as [string, string];
      const without = [...whole.slice(0, i), ...whole.slice(i + 2)];
      for (const rawHeaders of [without, [...whole, name, value], [name.toLowerCase(), '/admin/1', ...whole]])
        expect([name, codeOf(checkedRequest({ rawHeaders, body: undefined }, front(profile), [service]))]).toEqual([
          name,
          'front_headers',
        ]);
    }
  });

  it('takes the headers that browsers and uploads have', () => {
    const client = ['Sec-CH-UA', 'a', 'Sec-Fetch-Mode', 'cors', 'Upgrade-Insecure-Requests', '1', 'Cookie', 'a=b'];
    expect(codeOf(read(profile, { client: [...client, 'Expect', '100-continue', 'Authorization', 'Bearer c'] }))).toBe(
      'ok',
    );
    expect(codeOf(read(profile, { client: ['Expect', '100-continue', 'Expect', 'a'] }))).toBe('header_repeated');
  });

  it('is of a service of the front alone (H7)', () => {
    expect(codeOf(read(profile, { host: 'other.example' }))).toBe('host_unknown');
    expect(codeOf(checkedRequest({ rawHeaders: SENT[profile]({}), body: undefined }, front(profile), []))).toBe(
      'path_unknown',
    );
  });

  it('is refused for a change to another protocol', () => {
    const client = ['Upgrade', 'websocket', 'Sec-WebSocket-Key', 'x', 'Sec-WebSocket-Version', '13'];
    expect(codeOf(read(profile, { target: '/events', connection: 'Upgrade', client }))).toBe('upgrade_refused');
  });

  it('is refused if the decision would not see its body (H14)', () => {
    const json = { method: 'POST', target: '/orders', length: '14', client: ['Content-Type', 'application/json'] };
    expect(codeOf(read(profile, json))).toBe('body_unseen');
    const form = { ...json, target: '/notes', client: ['Content-Type', 'application/x-www-form-urlencoded'] };
    expect(codeOf(read(profile, form))).toBe('body_unseen');
    const two = { ...json, length: undefined, version: 'HTTP/2.0', target: '/orders/1/refund', client: [] };
    expect(codeOf(read(profile, two as Asked))).toBe('body_unseen');
    const hidden = { target: '/orders/1', version: 'HTTP/2.0', client: ['Content-Type', 'application/json'] };
    expect(codeOf(read(profile, hidden))).toBe('body_unseen');
  });
});

describe('a body', () => {
  it('is decided on as the proxy does, if the front sends it along', () => {
    const asked = { method: 'POST', target: '/orders', client: ['Content-Type', 'application/json'] };
    const made = read('traefik', asked, '{"item":"a"}', { body: 'carried' });
    expect(made).toMatchObject({ ok: true, request: { json: { item: 'a' }, operation: { name: 'createOrder' } } });
    for (const [body, code] of [
      ['{"item":"a","item":"b"}', 'body_ambiguous'],
      ['{"item":', 'body_json'],
      ['', 'body_missing'],
    ] as const)
      expect(['body_json', code]).toContain(codeOf(read('traefik', asked, body, { body: 'carried' })));
    expect(codeOf(read('traefik', { target: '/orders/1' }, 'x', { body: 'carried' }))).toBe('body_unexpected');
  });

  it('is carried by no front whose proxy cannot, whatever its settings say', () => {
    expect(PROFILES.filter((profile) => front(profile, { body: 'carried' }).carriesBody)).toEqual(['traefik']);
  });

  it('that is opaque is decided on by its type and its size', () => {
    const asked = { method: 'POST', target: '/notes', length: '2', client: ['Content-Type', 'text/plain'] };
    for (const profile of ['nginx', 'haproxy', 'caddy'] as const)
      expect(read(profile, asked)).toMatchObject({
        ok: true,
        request: { opaque: { mediaType: 'text/plain', size: 2 } },
      });
    const chunked = { ...asked, length: undefined, coding: 'chunked' };
    expect(codeOf(read('nginx', chunked as Asked))).toBe('body_unseen');
  });
});

it('a header that Connection takes away is refused where the service or the decision needs it', () => {
  for (const profile of ['nginx', 'haproxy', 'caddy'] as const)
    for (const name of ['Authorization', 'X-Report-Version', 'Content-Length'])
      expect([profile, name, codeOf(read(profile, { target: '/reports/1', connection: `close, ${name}` }))]).toEqual([
        ...[profile, name],
        'connection_nominates',
      ]);
});

it.each([
  ['/a?b=c:d', '/a?b=c%3Ad', true],
  ['/a?b=c%3ad', '/a?b=c%3Ad', true],
  ['/a?b[c]=d', '/a?b%5Bc%5D=d', true],
  ['/a?', '/a', true],
  ['/a?b=c+d', '/a?b=c%20d', false],
  ['/a?b', '/a?b=', false],
  ['/a%3ab', '/a%3Ab', false],
  ['/a?b=%63', '/a?b=c', false],
  ['/a?b=1&&c=2', '/a?b=1&c=2', false],
  ['/b?c', '/a?c', false],
])('the target %s is read as %s: %s', (given, canonical, same) => {
  expect(isSameTarget(given, canonical)).toBe(same);
});

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe('a decision point that fails', () => {
  const DECISIONS: Readonly<Record<string, () => unknown>> = {
    'throws at once': () => {
      throw new Error('no');
    },
    rejects: () => Promise.reject(new Error('no')),
    'does not answer': () => new Promise(() => {}),
    'answers nothing': async () => undefined,
    'answers junk': async () => 'permit',
    'answers a permit without an end': async () => ({ permitted: true }),
    'answers something that is nearly a permit': async () => ({ permitted: 'true', done: () => {} }),
    'answers a denial that is no refusal': async () => ({ permitted: false, status: 200, title: '' }),
  };

  it.each(PROFILES.flatMap((profile) => Object.keys(DECISIONS).map((name) => [profile, name] as const)))(
    '%s: one that %s lets nothing pass',
    async (profile, name) => {
      const server = createCheck({
        services: () => [service],
        frontOf: () => front(profile),
        decide: DECISIONS[name] as unknown as Parameters<typeof createCheck>[0]['decide'],
        limits: { decideMs: 20 },
      });
      closers.push(() => server.close());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const status = await new Promise((resolve, reject) => {
        const headers = SENT[profile]({});
        send({ host: '127.0.0.1', port, path: '/v1/check', headers, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(profile === 'nginx' ? 403 : 503);
    },
  );
});
