import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORWARDED, WEBSOCKET } from '../../src/http/request/header-names.js';
import type { Served } from '../routes.js';
import { listedQuery } from '../shop.js';
import { exchange } from '../wire.js';
import { type BehindFront, behindFront } from './behind-front.js';
import { FRONTS } from './real-fronts.js';
import { notCarried, requestsOf, type Sent, sampleOf, wireOf } from './rows.js';

/**
 * The tables of bypasses (H1 to H14) and of honest requests through real proxies, each of which asks the check endpoint, to the shop in
 * four frameworks: what was decided on is what the service says it served, or the service received nothing. `npm run fronts` sends all.
 */

const SHARE = Number(process.env.FRONTS_SHARE ?? 6);
const SEED = Number(process.env.PROPERTY_SEED ?? 1);

/** Headers that every client here sends, and that no service may receive. */
const FORGED: readonly (readonly [string, string])[] = [
  ['Writ-Front', 'Bearer forged'],
  ['X-User', 'admin'],
];
/** Set by a front, or of the body and the connection. */
const SET: ReadonlySet<string> = new Set([
  ...['host', 'authorization', 'writ-decision', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'via'],
  ...[
    'content-type',
    'content-length',
    'connection',
    'keep-alive',
    'te',
    'transfer-encoding',
    'access-control-request-method',
  ],
]);

let fronts: Map<string, BehindFront>;
beforeAll(async () => {
  const started = await Promise.all(FRONTS.map(async (name) => [name, await behindFront(name)] as const));
  fronts = new Map(started.flatMap(([name, front]) => (front === undefined ? [] : [[name, front]])));
});
afterAll(async () => {
  await Promise.all([...fronts.values()].map((front) => front.close()));
});

function frontOr(skip: () => never, name: string): BehindFront {
  return fronts.get(name) ?? skip();
}

/** Sends a request, and returns what came of it. Throws if the service did anything else than what was decided on. */
async function sent(behind: BehindFront, framework: string, request: Sent, bytes: Buffer) {
  behind.choose(framework);
  const isHead = request.method === 'HEAD';
  const [answer] = await exchange(behind.front.port, bytes, 1, { isHead });
  const { decided, received } = behind.take();
  const place = { front: behind.front.name, framework, class: request.class, target: request.target };
  expect({ ...place, received: received.length }).toEqual({
    ...place,
    received: Math.min(received.length, decided.length),
  });
  const [checked] = decided;
  const [got] = received;
  if (checked === undefined || got === undefined) return { answer, checked, got };
  const canonical = checked;
  const { operation } = canonical;
  expect({ ...place, method: got.method }).toEqual({ ...place, method: canonical.method });
  const names = got.rawHeaders.filter((_text, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const unknown = names.filter(
    (name) =>
      !SET.has(name) &&
      !FORWARDED.has(name) &&
      !operation?.headers.has(name) &&
      !/^(?:sec-ch-|upgrade-insecure-requests|x-requested-with|access-control-request-)/.test(name),
  );
  expect({ ...place, unknown }).toEqual({ ...place, unknown: [] });
  const credential = got.rawHeaders.filter(
    (_text, i) => i % 2 === 1 && got.rawHeaders[i - 1]?.toLowerCase() === 'authorization',
  );
  expect({ ...place, credential }).toEqual({ ...place, credential: ['Bearer of-service'] });
  if (!isHead && answer?.body.startsWith('{')) {
    const said = JSON.parse(answer.body) as Served;
    if (canonical.kind === 'operation')
      expect({ ...place, ...said }).toMatchObject({
        ...{ ...place, route: operation?.route, params: canonical.pathParams, query: listedQuery(canonical) },
        body: canonical.opaque === undefined ? '' : request.body,
      });
  }
  return { answer, checked, got };
}

/** Those that Node's client can send as they are. */
const isSendable = ({ method, target }: Sent): boolean => /^[!-~]+$/.test(method) && target.length < 8_000;

describe.each(FRONTS)('%s', (name) => {
  it('is here, or is left out with a word of it', ({ skip }) => {
    frontOr(() => skip(`${name} is not here: npm run test-programs`) as never, name);
  });

  it.each(['paths', 'headers'] as const)('serves of the table of %s what was decided on, or nothing', async (table) => {
    const behind = fronts.get(name);
    if (behind === undefined) return;
    const counts = { passed: 0, refused: 0 };
    for (const [i, request] of sampleOf(requestsOf(table).filter(isSendable), SHARE, SEED).entries())
      for (const framework of SHARE === 1 ? behind.frameworks : [behind.frameworks[i % 4] as string]) {
        const { got } = await sent(behind, framework, request, wireOf(request));
        counts[got === undefined ? 'refused' : 'passed'] += 1;
      }
    expect(counts.refused).toBeGreaterThan(10);
    if (table === 'paths') expect(counts.passed).toBeGreaterThan(0);
  });

  it('passes honest requests on unchanged, but for those that a front cannot carry', async () => {
    const behind = fronts.get(name);
    if (behind === undefined) return;
    for (const [i, request] of sampleOf(requestsOf('honest'), Math.min(SHARE, 2), SEED).entries())
      for (const framework of SHARE === 1 ? behind.frameworks : [behind.frameworks[i % 4] as string]) {
        const { answer, got } = await sent(behind, framework, request, wireOf(request));
        const why = notCarried(name, request);
        const place = { name, target: request.target, headers: request.headers };
        if (why === undefined) {
          expect({ ...place, status: answer?.status, url: got?.url }).toEqual({
            ...place,
            status: 200,
            url: request.target,
          });
        } else {
          expect({ ...place, got, body: JSON.parse(answer?.body ?? '{}') }).toMatchObject({
            ...{ ...place, got: undefined },
            body: { code: why.code },
          });
        }
      }
  });

  it('lets no header of a client count: neither a proof, nor an identity, nor another target (H2, H4, H5, H12)', async () => {
    const behind = fronts.get(name);
    if (behind === undefined) return;
    const [honest] = requestsOf('honest').filter(({ target }) => target === '/orders/1');
    const forged = [
      ...FORGED,
      ...['X-Forwarded-Uri', 'X-Original-URL', 'X-Rewrite-URL', 'Writ-Target'].map(
        (header) => [header, '/admin/1'] as const,
      ),
      ...['X-Forwarded-Method', 'X-HTTP-Method-Override', 'Writ-Method'].map((header) => [header, 'DELETE'] as const),
      ...['X_User', 'X.User', 'Remote-User', 'X-Middleware-Subrequest', 'Writ-Decision'].map(
        (header) => [header, 'a'] as const,
      ),
      ...['Writ-Length', 'Writ-Coding', 'Writ-Version', 'Writ-Scheme', 'Writ-Host'].map(
        (header) => [header, '0'] as const,
      ),
    ];
    for (const one of forged) {
      const { checked } = await sent(behind, 'express', honest as Sent, wireOf(honest as Sent, [one]));
      // A header of ours that the front writes over is lost; every other is refused.
      expect([one[0], checked?.operation?.name ?? 'refused', checked?.pathParams ?? { id: '1' }]).toEqual([
        one[0],
        expect.stringMatching(/^(?:getOrder|refused)$/),
        { id: '1' },
      ]);
    }
  });

  it('changes no connection to another protocol', async () => {
    const behind = fronts.get(name);
    if (behind === undefined) return;
    const headers = [
      'Host',
      'shop.example',
      'Upgrade',
      'websocket',
      'Sec-WebSocket-Key',
      'x',
      'Sec-WebSocket-Version',
      '13',
    ];
    const bytes = Buffer.from(
      `GET /events HTTP/1.1\r\n${headers.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')}Connection: Upgrade\r\n\r\n`,
    );
    await exchange(behind.front.port, bytes);
    const { received } = behind.take();
    for (const { rawHeaders } of received)
      expect(
        rawHeaders.map((text) => text.toLowerCase()).filter((text) => text === 'upgrade' || WEBSOCKET.has(text)),
      ).toEqual([]);
  });
});

it.each(FRONTS)('%s passes no body on that the decision did not see (H14)', async (name) => {
  const behind = fronts.get(name);
  if (behind === undefined) return;
  const head = 'GET /orders/1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n';
  for (const rest of [
    'Content-Length: 5\r\n\r\nhello',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n5\r\nhello\r\n0\r\nX-User: admin\r\n\r\n',
  ]) {
    const [answer] = await exchange(behind.front.port, Buffer.from(`${head}${rest}`));
    expect({ rest, status: answer?.status, received: behind.take().received }).toMatchObject({ rest, received: [] });
    expect(answer?.status).toBeGreaterThanOrEqual(400);
  }
});
