import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serveEnvoy } from '../src/envoy/index.js';
import type { CheckRequest, ProcessingRequest } from '../src/envoy/protocol/messages.js';
import type { Decide, ProxyOutcome } from '../src/http/proxy/index.js';
import { answerOf, checkOf, type EnvoyClient, envoyClient, headOf, listOf } from './envoy-client.js';
import { always, shop } from './shop.js';

/** The faces for Envoy without Envoy: messages as Envoy sends them, and messages that it sends when its settings are wrong. */

const folder = mkdtempSync(join(tmpdir(), 'writ-envoy-'));
const path = join(folder, 'writ.sock');
const ends: ProxyOutcome[] = [];
const said: string[] = [];
let asked = 0;
const permitting: Decide = async () => {
  asked += 1;
  return {
    permitted: true,
    decision: 'd-1',
    headers: { Authorization: 'Bearer ours' },
    done: (end) => void ends.push(end),
    accept: async ({ status, bytes }) => {
      ends.push({ result: 'completed', status });
      return bytes;
    },
  };
};
/** Whether a decision waits until Envoy does not. */
let waiting = false;
const permittingWhenGone: Decide = (request, came) =>
  new Promise((resolve) => {
    waiting = true;
    came.gone.addEventListener('abort', () => resolve(permitting(request, came)));
  });
let decide = permitting;
const start = () =>
  serveEnvoy({
    services: always(shop()),
    decide: (request, came) => decide(request, came),
    place: { kind: 'socket', path },
    limits: { decideMs: 200, underWay: 3, bodyBytes: 1_000 },
    log: { warn: (message) => void said.push(message), error: () => {} },
  });
let server: Awaited<ReturnType<typeof start>>;
let client: EnvoyClient;
beforeAll(async () => {
  server = await start();
  client = envoyClient(`unix:${path}`);
});
afterAll(async () => {
  client.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  decide = permitting;
  asked = 0;
  waiting = false;
  ends.splice(0);
});

const http = (changed: object, sent = checkOf()): CheckRequest => ({
  attributes: {
    ...sent.attributes,
    request: { http: { ...sent.attributes?.request?.http, ...changed } },
  },
});
const extensions = (contextExtensions: Record<string, string>): CheckRequest => ({
  attributes: { ...checkOf().attributes, contextExtensions },
});
const BODY = '{"item":"a"}';
const partial = (value: string) => ({
  headerMap: { headers: [...listOf(), { key: 'x-envoy-auth-partial-body', rawValue: Buffer.from(value) }] },
});

const WRONG_CHECKS: readonly (readonly [string, CheckRequest, number])[] = [
  ['E1 nothing', {}, 503],
  ['E1 no request', { attributes: { contextExtensions: { service: 'shop', body: 'whole' } } }, 503],
  ['E1 no service', extensions({ body: 'whole' }), 503],
  ['E1 an unknown service', extensions({ service: 'other', body: 'whole' }), 503],
  ['E1 a service of another case', extensions({ service: 'Shop', body: 'whole' }), 503],
  ['E3 a route that does not say that bodies are shown', extensions({ service: 'shop' }), 503],
  ['E1 no headers', http({ headerMap: { headers: [] } }), 503],
  [
    'E1 headers without the target',
    http({ headerMap: { headers: listOf().filter(({ key }) => key !== ':path') } }),
    503,
  ],
  ['E1 a target twice', http({ headerMap: { headers: [...listOf(), { key: ':path', value: '/admin/1' }] } }), 503],
  [
    'E1 a pseudo-header of another protocol',
    http({ headerMap: { headers: [...listOf(), { key: ':protocol', value: 'websocket' }] } }),
    503,
  ],
  ['E2 another path than the headers', http({ path: '/admin/1' }), 503],
  ['E2 another method than the headers', http({ method: 'DELETE' }), 503],
  ['E2 another host than the headers', http({ host: 'evil.example' }), 503],
  ['E2 a path that is not canonical', checkOf({ target: '/%6frders/17' }), 400],
  ['E2 dot segments', checkOf({ target: '/x/../orders/17' }), 400],
  ['E4 a partial body', http(partial('true')), 413],
  ['E4 a partial body in another form', http(partial('TRUE, false')), 413],
  [
    'E4 a body that is shorter than its length',
    http({ rawBody: Buffer.from('{') }, checkOf({ method: 'POST', target: '/orders', body: BODY })),
    400,
  ],
  [
    'E4 a body that is not shown',
    http({ rawBody: Buffer.alloc(0) }, checkOf({ method: 'POST', target: '/orders', body: BODY })),
    400,
  ],
  ['E3 a body of GET without a length', http({ rawBody: Buffer.from('{}') }), 400],
  [
    'E3 an upgrade',
    checkOf({
      target: '/events',
      headers: [
        ['connection', 'upgrade'],
        ['upgrade', 'websocket'],
      ],
    }),
    400,
  ],
  [
    'E7 a body past the budget',
    checkOf({ method: 'POST', target: '/orders', body: `{"item":"${'a'.repeat(1_000)}"}` }),
    503,
  ],
];

describe('ext_authz', () => {
  it('permits with the changes that make the request the one decided on', async () => {
    const sent = checkOf({
      method: 'POST',
      target: '/orders',
      headers: [
        ['x-user', 'admin'],
        ['accept', 'a/b'],
        ['accept', 'c/d'],
      ],
      body: BODY,
    });
    const { status, okResponse, dynamicMetadata } = await client.check(sent);
    expect(status.code ?? 0).toBe(0);
    expect(okResponse?.headersToRemove).toEqual(expect.arrayContaining(['x-user', 'x-envoy-auth-partial-body']));
    const set = Object.fromEntries((okResponse?.headers ?? []).map(({ header }) => [header.key, header.value]));
    expect(set).toMatchObject({ authorization: 'Bearer ours', accept: 'a/b, c/d', 'x-forwarded-for': '192.0.2.7' });
    expect(dynamicMetadata?.fields?.['dev.writ']?.structValue?.fields?.decision?.stringValue).toBe('d-1');
    expect(ends).toEqual([{ result: 'unknown', status: undefined }]);
  });

  it('takes headers as texts too', async () => {
    const headers = Object.fromEntries(listOf().map(({ key, rawValue }) => [key ?? '', rawValue?.toString() ?? '']));
    expect((await client.check(http({ headers, headerMap: undefined }))).okResponse).toBeDefined();
  });

  it.each(WRONG_CHECKS)('denies %s', async (_name, request, status) => {
    const answer = await client.check(request);
    expect(answer.okResponse).toBeUndefined();
    expect(answer.status.code).toBe(7);
    expect(answer.deniedResponse?.status.code).toBe(status);
    expect(asked).toBe(0);
  });

  it('a permit that is late for Envoy is not used', async () => {
    decide = permittingWhenGone;
    await expect(client.check(checkOf(), 50)).rejects.toThrow(/DEADLINE/);
    await expect.poll(() => ends).toEqual([{ result: 'not-executed', status: undefined }]);
  });

  it('says each fault of the settings once', async () => {
    said.splice(0);
    for (let i = 0; i < 3; i += 1) await client.check(extensions({ service: 'shop9', body: 'whole' }));
    expect(said).toEqual(['ext_authz: context_extensions.service is "shop9", which is no service here']);
  });

  it('serves at most so many at once', async () => {
    decide = () => new Promise(() => {});
    const other = envoyClient(`unix:${path}`, undefined, { 'grpc.use_local_subchannel_pool': 1 });
    const clients = [client, client, client, other, other];
    const codes = (await Promise.all(clients.map((one) => one.check(checkOf())))).map(
      ({ deniedResponse }) => JSON.parse(deniedResponse?.body ?? '').code,
    );
    expect(codes.filter((code) => code === 'overloaded')).toHaveLength(2);
    expect(codes.filter((code) => code === 'undecided')).toHaveLength(3);
    other.close();
  });
});

describe('ext_proc', () => {
  const refused = async (metadata: Record<string, string>, ...messages: ProcessingRequest[]): Promise<number> => {
    const stream = client.process(metadata);
    let code = 0;
    for (const message of messages) code = (await stream.send(message)).immediateResponse?.status.code ?? 0;
    return code;
  };
  const post = { method: 'POST', target: '/orders', body: BODY };
  const shopped = { 'writ-service': 'shop' };

  it.each<[string, Record<string, string>, ProcessingRequest[], number]>([
    ['E1 no service', {}, [headOf()], 503],
    ['E1 an unknown service', { 'writ-service': 'other' }, [headOf()], 503],
    ['E1 no headers', shopped, [{ requestHeaders: { endOfStream: true } }], 503],
    ['E4 a body that is not held', shopped, [headOf(post, { requestBodyMode: 1, responseBodyMode: 2 })], 503],
    ['E4 a body that is never shown', shopped, [headOf(post, { requestBodyMode: 0, responseBodyMode: 2 })], 503],
    ['E4 a body that may be shown in part', shopped, [headOf(post, { requestBodyMode: 3, responseBodyMode: 2 })], 503],
    ['E4 no word on how bodies are shown', shopped, [{ ...headOf(post), protocolConfig: {} }], 503],
    ['E4 trailers', shopped, [headOf(post), { requestBody: { body: Buffer.from(BODY), endOfStream: false } }], 400],
    [
      'E3 an upgrade',
      shopped,
      [
        headOf({
          target: '/events',
          headers: [
            ['connection', 'upgrade'],
            ['upgrade', 'websocket'],
          ],
        }),
      ],
      400,
    ],
    ['E2 a path with two readings', shopped, [headOf({ target: '/orders/..;/17' })], 400],
  ])('refuses %s', async (_name, metadata, messages, status) => {
    expect(await refused(metadata, ...messages)).toBe(status);
    expect(asked).toBe(0);
  });

  it.each<[string, ProcessingRequest[]]>([
    ['E5 observability_mode', [{ ...headOf(), observabilityMode: true }]],
    ['a message of a later protocol', [{}]],
    ['a body without a head', [{ requestBody: { body: Buffer.from('x'), endOfStream: true } }]],
    ['a second head', [headOf(), headOf()]],
    ['a body of a request that has none', [headOf(), { requestBody: { endOfStream: true } }]],
    ['an answer without a status', [headOf(), { responseHeaders: {} }]],
  ])('ends the stream for %s', async (_name, messages) => {
    const stream = client.process();
    await expect(
      (async () => {
        for (const message of messages) await stream.send(message);
      })(),
    ).rejects.toThrow(/FAILED_PRECONDITION/);
  });

  it('E5 an answer that Envoy makes itself is of nothing', async () => {
    const stream = client.process({});
    expect(await stream.send(answerOf(400))).toMatchObject({ responseHeaders: {} });
    expect(await stream.send({ responseBody: { body: Buffer.from('x'), endOfStream: true } })).toMatchObject({
      responseBody: {},
    });
    stream.cancel();
    expect([asked, ends]).toEqual([0, []]);
  });

  it('asks for answers to be shown, and takes no result of an obligation for granted, if Envoy does not hold them', async () => {
    let changes: string | undefined;
    decide = (request, came) => {
      changes = came.changes;
      return permitting(request, came);
    };
    const stream = client.process();
    await stream.send(headOf({}, { requestBodyMode: 2, responseBodyMode: 0 }));
    expect(changes).toBe('input');
    const { modeOverride } = await stream.send(answerOf(200, { 'content-type': 'application/json' }));
    expect(modeOverride).toMatchObject({ responseBodyMode: 2 });
    stream.cancel();
    // Envoy showed nothing of the body.
    await expect.poll(() => ends).toEqual([{ result: 'unknown', status: 200 }]);
  });

  it('E7 lets a stream pass piece by piece', async () => {
    const stream = client.process();
    await stream.send(headOf());
    const { modeOverride } = await stream.send(answerOf(200, { 'content-type': 'text/event-stream' }));
    expect(modeOverride).toMatchObject({ responseBodyMode: 1 });
    await stream.send({ responseBody: { body: Buffer.from('data: 1\n\n') } });
    expect(ends).toEqual([]);
    await stream.send({ responseTrailers: {} });
    expect(ends).toEqual([{ result: 'completed', status: 200 }]);
    stream.cancel();
  });

  it('a permit for a stream that is gone is not used', async () => {
    decide = permittingWhenGone;
    const stream = client.process();
    const sent = stream.send(headOf()).catch(() => {});
    await expect.poll(() => waiting).toBe(true);
    stream.cancel();
    await sent;
    await expect.poll(() => ends).toEqual([{ result: 'not-executed', status: undefined }]);
  });
});

describe('the place', () => {
  it('is open to the owner and the group of its folder alone', () => {
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it('is not taken from a file that is no socket', async () => {
    const file = join(folder, 'plain');
    writeFileSync(file, 'kept');
    await expect(
      serveEnvoy({
        services: () => [],
        decide,
        place: { kind: 'socket', path: file },
        log: { warn: () => {}, error: () => {} },
      }),
    ).rejects.toThrow(/is not a socket/);
  });
});
