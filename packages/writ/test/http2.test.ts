import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as secure, type TLSSocket } from 'node:tls';
import { createProxy, type Decide, type HttpProxy, type ProxyOutcome } from '@writ/enforce/http/proxy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rows, shop } from '../../enforce/test/shop.js';
import { Authority } from './certificates.js';

/** HTTP/2 at the proxy: the same requests as over HTTP/1.1 are read, decided on, and forwarded or refused alike. */

const seen: string[] = [];
const outcomes: ProxyOutcome[] = [];
let decide: Decide = async () => ({ permitted: true, done: (outcome) => outcomes.push(outcome) });
let handle = (_request: IncomingMessage, response: ServerResponse): unknown =>
  response.setHeader('connection', 'x-hop').setHeader('x-hop', '1').end('{}');
let [authority, proxy, session]: [Authority, HttpProxy, ClientHttp2Session] = [] as never;
let port = 0;

const service = createServer(async (request, response) => {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const { method, url, headers } = request;
  seen.push(JSON.stringify([method, url, Object.entries(headers).sort(), Buffer.concat(pieces).toString()]));
  handle(request, response);
});

beforeAll(async () => {
  authority = await Authority.make();
  const files = await authority.serverFiles();
  const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const services = [shop({ upstream: `http://127.0.0.1:${(service.address() as AddressInfo).port}`, maxBody: 10_000 })];
  proxy = createProxy({
    services: () => services,
    decide: (request, came) => decide(request, came),
    limits: { requestMs: 1_000 },
    makeServer: (limits) => createSecureServer({ ...limits, cert, key, ALPNProtocols: ['h2', 'http/1.1'] }),
  });
  await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
  port = (proxy.server.address() as AddressInfo).port;
  session = connect(`https://localhost:${port}`, { ca: authority.pem });
});
afterAll(async () => {
  session.destroy();
  await proxy.close();
  service.closeAllConnections();
  service.close();
});
beforeEach(() => {
  for (const list of [seen, outcomes]) list.length = 0;
});

interface Got {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}
const codeIn = (body: string) => (body.startsWith('{"code"') ? (JSON.parse(body) as { code: string }).code : undefined);

/** A request that is malformed for HTTP/2 itself. */
const MALFORMED: Got = { status: 0, code: undefined, body: '', headers: {} };

function over2(headers: OutgoingHttpHeaders, body = '', endStream = body === ''): Promise<Got> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream });
    let [said, got]: [string, Record<string, unknown>] = ['', {}];
    stream.setEncoding('utf8');
    stream.on('response', (answer) => {
      got = { ...answer };
    });
    stream.on('data', (piece: string) => {
      said += piece;
    });
    stream.on('error', () =>
      stream.rstCode === constants.NGHTTP2_PROTOCOL_ERROR ? resolve(MALFORMED) : reject(stream.rstCode),
    );
    stream.on('close', () => resolve({ status: Number(got[':status']), code: codeIn(said), body: said, headers: got }));
    if (!endStream) stream.end(body);
  });
}

function over1(bytes: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const socket = secure({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: authority.pem,
      ALPNProtocols: ['http/1.1'],
    });
    let said = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      said += piece;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [, body = ''] = said.split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(said)?.[1]), code: codeIn(body), body, headers: {} });
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

interface Row {
  readonly class: string;
  readonly why?: string;
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** Returns what a row is in each version; undefined if HTTP/2 has no form of it. */
function both({ method = 'GET', target, headers = ['Host', 'shop.example'], body = '' }: Row) {
  const pairs = headers.flatMap((name, i) =>
    i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1] as string] as const] : [],
  );
  const names = pairs.map(([name]) => name);
  const isOfHttp1 = names.some((name) =>
    /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|http2-settings|expect|content-length)$/.test(
      name,
    ),
  );
  if (
    isOfHttp1 ||
    method === 'CONNECT' ||
    new Set(names).size !== names.length ||
    !names.includes('host') ||
    /[^!-~]/.test(target)
  )
    return undefined;
  if (pairs.some(([name, value]) => !/^[a-z0-9_.-]+$/.test(name) || /[^ -~]|^ | $/.test(value) || value === ''))
    return undefined;
  const others = pairs.filter(([name]) => name !== 'host');
  const host = pairs.find(([name]) => name === 'host')?.[1] as string;
  const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return {
    one: `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${others.map(([name, value]) => `${name}: ${value}\r\n`).join('')}${length}Connection: close\r\n\r\n${body}`,
    two: { ':method': method, ':path': target, ':authority': host, ...Object.fromEntries(others) },
    body,
  };
}

describe('a request of the tables', () => {
  it.each(['paths', 'headers', 'honest'])('of %s is read alike over HTTP/2 and HTTP/1.1', async (table) => {
    const all = rows<Row>(table).flatMap((row, i) => (i % 2 === 0 ? (both(row) ?? []) : []));
    expect(all.length).toBeGreaterThan(20);
    const different: unknown[] = [];
    for (const { one, two, body } of all) {
      seen.length = 0;
      const [first, second] = [await over1(one), await over2(two, body)];
      const forwarded = [...seen];
      // Each version has a parser of its own, which refuses some before they are requests.
      const isEarly = second === MALFORMED || (first.status === 400 && first.code === undefined);
      const isRefused = isEarly && first.status >= 400 && (second === MALFORMED || second.status >= 400);
      const isAlike =
        isRefused || (first.status === second.status && first.code === second.code && first.body === second.body);
      const reached = forwarded.length === 0 || (forwarded.length === 2 && forwarded[0] === forwarded[1]);
      if (!isAlike || !reached) different.push({ one, first, second, forwarded });
    }
    expect(different).toEqual([]);
  });
});

describe('a request over HTTP/2', () => {
  const get = { ':path': '/orders/1', ':authority': 'shop.example' };
  const post = {
    ':method': 'POST',
    ':path': '/orders',
    ':authority': 'shop.example',
    'content-type': 'application/json',
  };

  it.each<[string, OutgoingHttpHeaders, string, number, string | undefined]>([
    ['with a Host beside its authority that is the same', { ...get, host: 'shop.example' }, '', 200, undefined],
    ['with another Host', { ...get, host: 'other.example' }, '', 400, 'header_repeated'],
    ['of another authority', { ...get, ':authority': 'other.example' }, '', 400, 'host_unknown'],
    ['of another scheme', { ...get, ':scheme': 'http' }, '', 400, 'target_form'],
    ['with an address as its path', { ...get, ':path': 'http://shop.example/orders/1' }, '', 0, undefined],
    ['for the whole server', { ...get, ':method': 'OPTIONS', ':path': '*' }, '', 400, 'target_form'],
    ['with cookies in parts', { ...get, cookie: ['a=1', 'b=2'] }, '', 200, undefined],
    ['with a header twice', { ...get, 'x-api-key': ['a', 'b'] }, '', 400, 'header_repeated'],
    ['with a header of another spelling', { ...get, x_user: 'a' }, '', 400, 'header_name'],
    ['with a body and no length', post, '{"item":"a"}', 200, undefined],
    ['with a body that a GET has not', get, 'x', 400, 'body_unexpected'],
    ['with a body that is too large', post, JSON.stringify({ item: 'a'.repeat(20_000) }), 413, 'body_too_large'],
    ['with another method', { ...get, ':method': 'get' }, '', 405, 'method_unknown'],
    ['that asks for its body', { ...post, expect: '100-continue' }, '{"item":"a"}', 200, undefined],
  ])('%s is %#', async (_what, headers, body, status, code) => {
    const got = await over2(headers, body);
    expect([got.status, got.code]).toEqual([status, code]);
    expect(seen.length).toBe(status === 200 ? 1 : 0);
    expect(Object.keys(got.headers)).not.toContain('connection');
  });

  it('makes no tunnel, and changes to no other protocol', async () => {
    const tunnel = await over2({ ':method': 'CONNECT', ':authority': 'api.example.com:443' });
    expect(tunnel.status).toBe(405);
    expect(seen).toEqual([]);
  });

  it('with trailers is refused', async () => {
    const stream = session.request(post, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-late': '1' }));
    let status = 0;
    stream.on('response', (answer) => {
      status = Number(answer[':status']);
    });
    stream.resume();
    stream.end('{"item":"a"}');
    await new Promise((resolve) => stream.on('close', resolve));
    expect([status, seen]).toEqual([400, []]);
  });

  it('that is refused leaves the connection to the others', async () => {
    const answers = await Promise.all([
      over2(get),
      over2({ ...get, ':path': '/admin' }),
      over2({ ...get, ':path': '/orders/2' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200]);
    expect(answers[0]?.headers).not.toHaveProperty('x-hop');
    await expect.poll(() => outcomes.map(({ result }) => result)).toEqual(['completed', 'completed']);
  });

  it('of HEAD, and one that is answered without a body, end', async () => {
    expect(await over2({ ...get, ':method': 'HEAD' })).toMatchObject({ status: 200, body: '' });
    const before = handle;
    handle = (_request, response) => response.writeHead(204).end();
    expect(await over2(get)).toMatchObject({ status: 204, body: '' });
    handle = before;
  });

  it('is streamed, and cut alone when its permit is revoked', async () => {
    const revocation = new AbortController();
    const before = [decide, handle] as const;
    decide = async () => ({ permitted: true, revoked: revocation.signal, done: (outcome) => outcomes.push(outcome) });
    handle = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    const stream = session.request(get);
    let said = '';
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      said += piece;
    });
    stream.on('error', () => {});
    const closed = new Promise((resolve) => stream.on('close', resolve));
    await expect.poll(() => said).toBe('data: 1\n\n');
    [decide, handle] = before;
    expect((await over2({ ...get, ':path': '/orders/2' })).status).toBe(200);
    revocation.abort();
    await closed;
    expect(stream.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
    await expect.poll(() => outcomes.map(({ result }) => result).sort()).toEqual(['completed', 'unknown']);
    expect((await over2(get)).status).toBe(200);
  });

  it('whose client leaves ends at the service too, and its outcome is unknown', async () => {
    const before = handle;
    let isCut = false;
    handle = (request) => request.socket.on('close', () => (isCut = true));
    const other = connect(`https://localhost:${port}`, { ca: authority.pem });
    other.on('error', () => {});
    other.request(get).on('error', () => {});
    await expect.poll(() => seen.length).toBe(1);
    other.destroy();
    await expect.poll(() => [isCut, outcomes]).toEqual([true, [{ result: 'unknown', status: undefined }]]);
    handle = before;
  });

  it('whose body does not come is ended, and reaches nothing', async () => {
    const stream = session.request(post, { endStream: false });
    stream.on('error', () => {});
    stream.write('{"item"');
    await new Promise((resolve) => stream.on('close', resolve));
    expect(seen).toEqual([]);
    expect((await over2(get)).status).toBe(200);
  });

  it('is not served in the clear, nor on a connection that did not choose it', async () => {
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    const socket: TLSSocket = secure({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: authority.pem,
      ALPNProtocols: ['http/1.1'],
    });
    let said = '';
    socket.on('data', (piece: Buffer) => {
      said += piece.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(preface);
    await new Promise((resolve) => socket.on('close', resolve));
    expect(said).toMatch(/^(?:HTTP\/1\.1 400 [^\n]*\r\n.*)?$/s);
    expect(seen).toEqual([]);
  });
});

describe('frames with two readings', () => {
  const frame = (type: number, flags: number, id: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, payload]);
  };
  type Pair = readonly [name: string, value: string];
  /** Literals without an index (RFC 7541, section 6.2.2). */
  const block = (pairs: readonly Pair[]): Buffer =>
    Buffer.concat(
      pairs.map(([name, value]) =>
        Buffer.from(
          `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
          'latin1',
        ),
      ),
    );
  const headers = (flags: number, ...pairs: readonly Pair[]) => frame(1, flags, 1, block(pairs));
  const [END, OPEN] = [5, 4];
  const GET: readonly Pair[] = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'shop.example'],
    [':path', '/orders/1'],
  ];
  const POST = GET.map(
    ([name, value]): Pair => [name, name === ':method' ? 'POST' : name === ':path' ? '/orders' : value],
  );
  const JSON_TYPE: Pair = ['content-type', 'application/json'];

  it.each<[string, readonly Buffer[], number]>([
    ['of an honest request', [headers(END, ...GET)], 1],
    [
      'with a Host and no authority',
      [headers(END, ...GET.filter(([name]) => name !== ':authority'), ['host', 'shop.example'])],
      1,
    ],
    ['with two authorities', [headers(END, ...GET, [':authority', 'evil.example'])], 0],
    ['with no authority', [headers(END, ...GET.filter(([name]) => name !== ':authority'))], 0],
    ['with a pseudo-header behind others', [headers(END, ['a', 'b'], ...GET)], 0],
    ['with one that nobody knows', [headers(END, ...GET, [':user', 'ana'])], 0],
    ['with a coding', [headers(END, ...GET, ['transfer-encoding', 'chunked'])], 0],
    ['with Connection', [headers(END, ...GET, ['connection', 'x-authenticated-user'])], 0],
    ['with a name in capitals', [headers(END, ...GET, ['X-User', 'ana'])], 0],
    [
      'with a line in the path',
      [
        headers(
          END,
          ...GET.map(([name, value]): Pair => [name, name === ':path' ? '/orders/1 HTTP/1.1\r\nx: y' : value]),
        ),
      ],
      0,
    ],
    [
      'with a length that is not that of the body',
      [headers(OPEN, ...POST, JSON_TYPE, ['content-length', '2']), frame(0, 1, 1, Buffer.from('{"item":"a"}'))],
      0,
    ],
    ['with two lengths', [headers(END, ...GET, ['content-length', '0'], ['content-length', '0'])], 0],
    [
      'of an extended CONNECT',
      [
        headers(OPEN, ...GET.map(([name, value]): Pair => [name, name === ':method' ? 'CONNECT' : value]), [
          ':protocol',
          'websocket',
        ]),
      ],
      0,
    ],
    ['of HTTP/1.1', [Buffer.from('GET /orders/1 HTTP/1.1\r\nHost: shop.example\r\n\r\n')], 0],
  ])('%s reach the service %#', async (_what, frames, reached) => {
    const socket = secure({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: authority.pem,
      ALPNProtocols: ['h2'],
    });
    let [got, isClosed] = [Buffer.alloc(0), false];
    socket.on('data', (piece: Buffer) => {
      got = Buffer.concat([got, piece]);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      isClosed = true;
    });
    const ping = frame(6, 0, 0, Buffer.from('attacked'));
    socket.write(
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        frame(4, 0, 0, Buffer.alloc(0)),
        ...frames,
        ping,
      ]),
    );
    // The answer to the ping comes when the frames before it were read.
    await expect.poll(() => isClosed || got.includes('attacked')).toBe(true);
    if (reached > 0) await expect.poll(() => seen.length).toBe(reached);
    expect((await over2({ ':path': '/orders/9', ':authority': 'shop.example' })).status).toBe(200);
    expect(seen.length).toBe(reached + 1);
    socket.destroy();
  });
});
