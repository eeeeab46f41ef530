import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { createProxy, type Decide, type ProxyOptions, type ProxyOutcome } from '../src/http/proxy/index.js';
import { always, shop } from './shop.js';
import { bytesOf, exchange } from './wire.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A service behind a proxy; `seen` has what the service received, `outcomes` the ends of permits. */
async function behind(handler: Handler, decide?: Decide, options: Partial<ProxyOptions> = {}) {
  const [seen, outcomes, errors]: [IncomingMessage[], ProxyOutcome[], unknown[]] = [[], [], []];
  const service = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  const upstream = `http://127.0.0.1:${await listening(service)}`;
  const proxy = createProxy({
    services: always(shop({ upstream })),
    decide: decide ?? (async () => ({ permitted: true, done: (outcome) => outcomes.push(outcome) })),
    onError: (error) => errors.push(error),
    ...options,
  });
  const port = await listening(proxy.server);
  closers.push(
    () => new Promise((resolve) => service.close(resolve)),
    async () => service.closeAllConnections(),
    () => proxy.close(),
  );
  return { port, service, seen, outcomes, errors };
}

const ok: Handler = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"fine":true}');
};
const bytes = (method = 'GET', target = '/orders/1', headers: [string, string][] = [], body = '') =>
  bytesOf(method, target, [['Host', 'shop.example'], ...headers], Buffer.from(body));

describe('a permitted request', () => {
  it('reaches the service with the credential of its permit, and not with that of the caller', async () => {
    const { port, seen } = await behind(ok, async (request) => {
      expect(request.operation?.name).toBe('getOrder');
      return { permitted: true, headers: { Authorization: 'Bearer ours', Accept: 'a/b' }, done: () => {} };
    });
    const [answer] = await exchange(
      port,
      bytes('GET', '/%6frders/1', [
        ['Authorization', 'Bearer theirs'],
        ['Cookie', 'a=b'],
        ['Accept', 'c/d'],
        ['X-Forwarded-For', '10.0.0.1'],
      ]),
    );
    expect(answer).toEqual({ status: 200, body: '{"fine":true}' });
    expect(seen[0]?.url).toBe('/orders/1');
    const { host, ...headers } = seen[0]?.headers ?? {};
    expect(host).toMatch(/^127\.0\.0\.1:/);
    expect(headers).toEqual({
      authorization: 'Bearer ours',
      accept: 'a/b',
      connection: 'keep-alive',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-proto': 'http',
    });
  });

  it.each([
    [200, 'completed'],
    [302, 'completed'],
    [404, 'failed'],
    [500, 'failed'],
  ] as const)('that is answered with %i is %s', async (status, result) => {
    const { port, outcomes } = await behind((_request, response) =>
      response.writeHead(status, { connection: 'x-own', 'x-own': '1', 'set-cookie': ['a=1', 'b=2'] }).end(),
    );
    const [answer] = await exchange(port, bytes());
    expect(answer?.status).toBe(status);
    await expect.poll(() => outcomes).toEqual([{ result, status }]);
  });

  it.each([
    ['all but those of the connection and of the credential', false, { 'x-note': 'a', location: '/orders/2' }],
    ['those alone that repeat nothing of an answer that obligations change', true, {}],
  ])('has the headers of its answer, %s', async (_which, mustRead, more) => {
    const accept = async ({ bytes: body }: { readonly bytes: Uint8Array }) => body;
    const { port } = await behind(
      (_request, response) =>
        response
          .writeHead(200, {
            ...{ 'content-type': 'application/json', 'content-length': 2, 'cache-control': 'no-store' },
            ...{ 'set-cookie': ['session=1', 'b=2'], 'alt-svc': 'h3=":443"', 'authentication-info': 'a=1' },
            ...{
              'x-note': 'a',
              location: '/orders/2',
              connection: 'x-hop',
              'x-hop': '1',
              'proxy-authenticate': 'Basic',
            },
          })
          .end('{}'),
      async () => ({ permitted: true, mustRead, accept, done: () => {} }),
    );
    const raw = await new Promise<string>((resolve) => {
      let said = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes()));
      socket.on('data', (piece) => {
        said += piece.toString();
      });
      socket.on('close', () => resolve(said));
    });
    const lines = (raw.split('\r\n\r\n')[0] ?? '').split('\r\n').slice(1);
    const got = Object.fromEntries(
      lines.map((line) => line.split(': ', 2)).map(([name, value]) => [name?.toLowerCase(), value]),
    );
    const { date: _date, connection: _connection, ...headers } = got;
    expect(headers).toEqual({
      'content-type': 'application/json',
      'content-length': '2',
      'cache-control': 'no-store',
      ...more,
    });
  });

  it('is streamed: each piece of the answer arrives before the next is written', async () => {
    const { port, outcomes } = await behind((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      next = () => response.end('data: 2\n\n');
    });
    let next = (): void => {};
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes()));
    socket.on('data', (piece) => {
      received += piece.toString();
    });
    await expect.poll(() => received).toContain('data: 1');
    expect(received).not.toContain('data: 2');
    next();
    await expect.poll(() => received).toContain('data: 2');
    await expect.poll(() => outcomes).toEqual([{ result: 'completed', status: 200 }]);
    socket.destroy();
  });

  it('is cut when its permit is revoked, and its outcome is unknown', async () => {
    const revocation = new AbortController();
    const outcomes: ProxyOutcome[] = [];
    const { port } = await behind(
      (_request, response) => response.writeHead(200).write('begin'),
      async () => ({ permitted: true, revoked: revocation.signal, done: (outcome) => outcomes.push(outcome) }),
    );
    let received = '';
    let isClosed = false;
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes()));
    socket.on('data', (piece) => {
      received += piece.toString();
    });
    socket.on('close', () => {
      isClosed = true;
    });
    socket.on('error', () => {});
    await expect.poll(() => received).toContain('begin');
    revocation.abort();
    await expect.poll(() => isClosed).toBe(true);
    expect(outcomes).toEqual([{ result: 'unknown', status: 200 }]);
  });

  it('that is revoked before it is forwarded reaches nothing', async () => {
    const outcomes: ProxyOutcome[] = [];
    const { port, seen } = await behind(ok, async () => ({
      permitted: true,
      revoked: AbortSignal.abort(),
      done: (outcome) => outcomes.push(outcome),
    }));
    const [answer] = await exchange(port, bytes());
    expect(answer?.status).toBe(502);
    expect([seen, outcomes.map(({ result }) => result)]).toEqual([[], ['unknown']]);
  });

  it('whose caller leaves ends at the service too', async () => {
    let isCut = false;
    const { port, seen, outcomes } = await behind((request) => {
      request.socket.on('close', () => {
        isCut = true;
      });
    });
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes()));
    await expect.poll(() => seen.length).toBe(1);
    socket.destroy();
    await expect.poll(() => isCut).toBe(true);
    await expect.poll(() => outcomes).toEqual([{ result: 'unknown', status: undefined }]);
  });

  it.each<[string, Handler]>([
    ['that ends the connection', (request) => request.socket.destroy()],
    [
      'that ends it in the middle of an answer',
      (_request, response) => response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy()),
    ],
    ['that does not answer in time', () => {}],
    ['that answers no HTTP', (request) => request.socket.end('junk\r\n\r\n')],
    [
      'that answers with two lengths',
      (request) => request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
    ],
  ])('of a service %s is unknown, and made once', async (_name, handler) => {
    const { port, seen, outcomes } = await behind(handler, undefined, { limits: { answerMs: 500 } });
    const answers = await exchange(port, bytes());
    expect(answers.every(({ status }) => status === 502)).toBe(true);
    await expect.poll(() => outcomes.map(({ result }) => result)).toEqual(['unknown']);
    expect(seen).toHaveLength(1);
  });

  it('whose answer is shorter than its length says is unknown, and nothing of it is handed on', async () => {
    const accepted: unknown[] = [];
    const outcomes: ProxyOutcome[] = [];
    const { port } = await behind(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 20 }).write('{"fine":');
        setImmediate(() => response.destroy());
      },
      async () => ({
        permitted: true,
        accept: async (read) => {
          accepted.push(read);
          return read.bytes;
        },
        done: (outcome) => outcomes.push(outcome),
      }),
    );
    const [answer] = await exchange(port, bytes());
    expect([answer?.status, accepted, outcomes]).toEqual([502, [], [{ result: 'unknown', status: 200 }]]);
  });

  it.each([
    ['with a length', { 'content-length': '13' }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('whose answer comes %s is handed on as it was accepted', async (_how, headers) => {
    const accepted: string[] = [];
    const { port } = await behind(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers }).end('{"fine":true}');
      },
      async () => ({
        permitted: true,
        accept: async (read) => {
          accepted.push(Buffer.from(read.bytes).toString());
          return read.bytes;
        },
        done: () => {},
      }),
    );
    expect(await exchange(port, bytes())).toEqual([{ status: 200, body: '{"fine":true}' }]);
    expect(accepted).toEqual(['{"fine":true}']);
  });

  it('of a service that is not there is unknown', async () => {
    const { port, service, outcomes } = await behind(ok);
    await new Promise((resolve) => service.close(resolve));
    expect((await exchange(port, bytes()))[0]?.status).toBe(502);
    expect(outcomes).toEqual([{ result: 'unknown', status: undefined }]);
  });

  it('of a WebSocket changes the connection, both ways, until it is revoked', async () => {
    const revocation = new AbortController();
    const outcomes: ProxyOutcome[] = [];
    const { port, service } = await behind(ok, async () => ({
      permitted: true,
      revoked: revocation.signal,
      done: (outcome) => outcomes.push(outcome),
    }));
    service.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
      socket.on('error', () => {});
      socket.on('end', () => {
        hasEnded = true;
        socket.destroy();
      });
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
      );
      socket.on('data', (piece: Buffer) => socket.write(`echo ${piece}`));
    });
    let received = '';
    let [isClosed, hasEnded] = [false, false];
    const head =
      'GET /events HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n';
    const socket = connect(port, '127.0.0.1', () => socket.write(head));
    socket.on('error', () => {});
    socket.on('data', (piece) => {
      received += piece.toString();
    });
    socket.on('close', () => {
      isClosed = true;
    });
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 101 /);
    expect(received).toContain('sec-websocket-accept: x');
    socket.write('hello');
    await expect.poll(() => received).toContain('echo hello');
    revocation.abort();
    await expect.poll(() => [isClosed, hasEnded]).toEqual([true, true]);
    await expect.poll(() => outcomes.length).toBe(1);
  });

  it('of a WebSocket that the service does not change to is 502', async () => {
    const { port, outcomes } = await behind((_request, response) => response.writeHead(404).end());
    const head = 'GET /events HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect((await exchange(port, Buffer.from(head)))[0]?.status).toBe(502);
    await expect.poll(() => outcomes).toEqual([{ result: 'unknown', status: undefined }]);
  });

  it('whose end cannot be reported fails nothing else', async () => {
    for (const done of [
      () => {
        throw new Error('full');
      },
      () => Promise.reject(new Error('full')) as unknown as undefined,
    ]) {
      const { port, errors } = await behind(ok, async () => ({ permitted: true, done }));
      expect((await exchange(port, bytes()))[0]?.status).toBe(200);
      await expect.poll(() => errors.length).toBe(1);
    }
  });

  it('of a WebSocket ends with the proxy', async () => {
    const { port, service, outcomes } = await behind(ok);
    const sockets: Duplex[] = [];
    service.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
      sockets.push(socket.on('error', () => {}).on('end', () => socket.destroy()));
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    let isOpen = false;
    const head = 'GET /events HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const socket = connect(port, '127.0.0.1', () => socket.write(head));
    socket.on('error', () => {});
    socket.on('data', () => {
      isOpen = true;
    });
    await expect.poll(() => isOpen).toBe(true);
    await closers.pop()?.();
    await expect.poll(() => [outcomes.length, sockets[0]?.destroyed]).toEqual([1, true]);
  });
});

describe('a request that is not permitted', () => {
  it('is answered with the problem, and reaches nothing', async () => {
    const { port, seen } = await behind(ok, async () => ({
      permitted: false,
      status: 401,
      title: 'no credential',
      headers: { 'WWW-Authenticate': 'Bearer' },
      members: { decision: 'd-1' },
    }));
    const [answer] = await exchange(
      port,
      bytes(
        'POST',
        '/orders',
        [
          ['Content-Type', 'application/json'],
          ['Content-Length', '2'],
        ],
        '{}',
      ),
    );
    expect(answer?.status).toBe(401);
    expect(JSON.parse(answer?.body ?? '')).toEqual({
      decision: 'd-1',
      code: 'not_permitted',
      title: 'no credential',
      status: 401,
    });
    expect(seen).toEqual([]);
  });

  const permit = { permitted: true, done: () => {} } as const;
  const FAILURES: Record<string, () => unknown> = {
    'throws at once': () => {
      throw new Error('down');
    },
    'fails later': () => Promise.reject(new Error('down')),
    'never answers': () => new Promise(() => {}),
    'is too late': () => new Promise((resolve) => setTimeout(resolve, 400, permit)),
    'answers nothing': async () => undefined,
    'answers null': async () => null,
    'answers true': async () => true,
    'answers a text': async () => 'permit',
    'answers another form': async () => ({ decision: true }),
    'answers a permit that cannot end': async () => ({ permitted: true }),
    'answers a permit that is a text': async () => ({ permitted: 'true', done: () => {} }),
    'answers a denial with the status of a success': async () => ({ permitted: false, status: 200, title: 'fine' }),
  };
  it.each(Object.entries(FAILURES))(
    'because the decision point %s is answered with 503, and reaches nothing',
    async (_name, decide) => {
      const { port, seen, errors } = await behind(ok, decide as Decide, { limits: { decideMs: 150 } });
      const [answer] = await exchange(port, bytes());
      expect(answer?.status).toBe(503);
      expect(answer?.body).not.toContain('down');
      expect([seen.length, errors.length]).toEqual([0, 1]);
    },
  );

  it('of a WebSocket does not change the connection', async () => {
    for (const decide of [
      async () => ({ permitted: false, status: 403, title: 'no' }),
      () => Promise.reject(new Error('down')),
    ]) {
      const { port, seen } = await behind(ok, decide as Decide);
      const head = 'GET /events HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      const [answer] = await exchange(port, Buffer.from(head));
      expect([403, 503]).toContain(answer?.status);
      expect(seen).toEqual([]);
    }
  });

  it('ends a permit that came too late, as one that was not used', async () => {
    const outcomes: ProxyOutcome[] = [];
    let give = (): void => {};
    const decide: Decide = () =>
      new Promise((resolve) => {
        give = () => resolve({ permitted: true, done: (outcome) => outcomes.push(outcome) });
      });
    const { port, seen } = await behind(ok, decide, { limits: { decideMs: 50 } });
    expect((await exchange(port, bytes()))[0]?.status).toBe(503);
    give();
    await expect.poll(() => outcomes).toEqual([{ result: 'not-executed', status: undefined }]);
    expect(seen).toEqual([]);
  });
});

it('a body that grows past its limit is answered with 413 while it is still sent', async () => {
  const { port, seen } = await behind(ok);
  let received = '';
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.on('data', (piece) => {
    received += piece.toString();
  });
  socket.write(
    'POST /orders HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  socket.write(`${(2 ** 21).toString(16)}\r\n${'1'.repeat(1_200_000)}`);
  await expect.poll(() => received).toMatch(/^HTTP\/1\.1 413 /);
  expect(seen).toEqual([]);
  socket.destroy();
});

it('a body with more members and items than its service takes is answered with 413', async () => {
  const { port, seen } = await behind(ok, undefined, {
    services: always(shop({ maxValues: 3, upstream: 'http://127.0.0.1:1' })),
  });
  const posted = async (body: string) =>
    (
      await exchange(
        port,
        bytes(
          'POST',
          '/orders',
          [
            ['Content-Type', 'application/json'],
            ['Content-Length', String(body.length)],
          ],
          body,
        ),
      )
    )[0];
  const refused = await posted('{"item":[1,2,3]}');
  expect([refused?.status, JSON.parse(refused?.body ?? '').code]).toEqual([413, 'body_values']);
  // The service is not there: it was asked.
  expect((await posted('{"item":[1,2]}'))?.status).toBe(502);
  expect(seen).toEqual([]);
});

describe('a request that nobody decides on', () => {
  it('is one of passThrough, without its query, its body and its credentials', async () => {
    const { port, seen } = await behind(ok, () => Promise.reject(new Error('not asked')));
    expect((await exchange(port, bytes('GET', '/healthz', [['Authorization', 'x']])))[0]?.status).toBe(200);
    expect(seen[0]?.headers.authorization).toBeUndefined();
    expect((await exchange(port, bytes('GET', '/healthz?x=1')))[0]?.status).toBe(400);
    expect((await exchange(port, bytes('GET', '/healthz/')))[0]?.status).toBe(404);
    expect((await exchange(port, bytes('POST', '/healthz')))[0]?.status).toBe(405);
    expect(seen).toHaveLength(1);
  });
});

it('a proxy of two services chooses by the Host', async () => {
  const other = createServer((_request, response) => response.end('other'));
  const upstream = `http://127.0.0.1:${await listening(other)}`;
  closers.push(() => new Promise((resolve) => other.close(resolve)));
  const services = [shop({ upstream: 'http://127.0.0.1:9' }), shop({ name: 'two', upstream, hosts: ['two.example'] })];
  const { port } = await behind(ok, undefined, { services: () => services });
  const asked = async (host: string) =>
    (await exchange(port, bytesOf('GET', '/orders/1', [['Host', host]], new Uint8Array())))[0];
  expect(await asked('two.example')).toEqual({ status: 200, body: 'other' });
  expect((await asked('three.example'))?.status).toBe(400);
});
