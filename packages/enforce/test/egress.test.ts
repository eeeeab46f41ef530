import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import type { AccessRequest, Decision, DecisionId, OnRevoked, OutcomeDetails } from '@writ/sdk/authzen';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Enforcer } from '../src/enforcer/enforcer.js';
import { Addresses, createProxy, egressBy, type HttpProxy } from '../src/http/proxy/index.js';
import { rows } from './shop.js';

/** Tunnels (`CONNECT`): what is asked for, where it leads, what passes, and how it ends. */

const HOST = 'api.example.com';
const uid = (type: string, id: string) => ({ type, id });
const asked: AccessRequest[] = [];
const outcomes: [status: string, result: unknown, error: string | undefined][] = [];
const passed: unknown[] = [];
/** Read for each tunnel. */
const limits = { decideMs: 300, helloMs: 2_000, connectMs: 1_000, idleMs: 60_000, longestMs: 60_000 };
const ends: { sent: number; received: number; result: string }[] = [];
const looked: string[] = [];
let onRevoked: OnRevoked | undefined;
let answers: (readonly string[])[] = [];
let permits = 0;
let accepted = 0;
const sockets: Socket[] = [];
let isPermitted = true;
let held = false;
let [echo, proxy]: [Server, HttpProxy] = [] as never;
let [port, target]: [number, number] = [0, 0];
let last: Socket | undefined;

const id = 'd1' as DecisionId;
const point = {
  decide: async (request: AccessRequest) => {
    asked.push(request);
    if (held) await new Promise(() => {});
    if (isPermitted) permits += 1;
    return { id, result: isPermitted ? 'allow' : 'deny', reasons: [] } as unknown as Decision;
  },
  report: async (_id: DecisionId, status: string, result: unknown, details?: OutcomeDetails) => {
    outcomes.push([status, result, details?.error]);
    passed.push(details?.bytes);
  },
  onRevoked: (_id: DecisionId, listener: OnRevoked) => {
    onRevoked = listener;
  },
};
const log = { warn: () => {}, error: () => {} };

beforeAll(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    accepted += 1;
    last = socket;
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  target = (echo.address() as AddressInfo).port;
  const attempts = { add: () => {} };
  const enforcer = new Enforcer({
    ...{ point: point as never, attempts, at: 'proxy', log, hash: (text: string) => text },
    queue: { decide: async (request: AccessRequest) => ({ decision: await point.decide(request) }) } as never,
  });
  proxy = createProxy({
    services: () => [],
    decide: async () => ({ permitted: false, status: 403, title: 'no' }),
    connect: egressBy({
      ...{ enforcer, attempts, log },
      served: () => ({ ports: new Set([443, target]), addresses: new Addresses(['127.0.0.1'], () => []) }),
      identify: async ({ headers }) =>
        headers.authorization === 'Bearer key'
          ? { client: { originator: uid('User', 'ana'), agent: uid('Agent', 'bot'), task: 'bot' }, txnToken: undefined }
          : undefined,
      lookup: async (host) => {
        looked.push(host);
        return answers.shift() ?? Promise.reject(new Error('ENOTFOUND'));
      },
      onEnd: (end) => ends.push(end),
      limits,
    }),
  });
  await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
  port = (proxy.server.address() as AddressInfo).port;
});
afterAll(async () => {
  await proxy.close();
  echo.close();
});
beforeEach(() => {
  for (const list of [asked, outcomes, passed, ends, looked]) list.length = 0;
  Object.assign(limits, { idleMs: 60_000, longestMs: 60_000 });
  permits = 0;
  [answers, accepted, isPermitted, held, last] = [[['127.0.0.1']], 0, true, false, undefined];
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  // Each permit has exactly one end.
  await expect.poll(() => outcomes.length).toBe(permits);
});

const KEY = ['Proxy-Authorization: Bearer key'];
const headOf = (destination: string, lines: readonly string[] = KEY) =>
  `CONNECT ${destination} HTTP/1.1\r\n${[`Host: ${destination}`, ...lines].map((line) => `${line}\r\n`).join('')}\r\n`;

/** A connection to the proxy, with all that it has received. */
function opened(bytes: string | Buffer): { socket: Socket; all: () => Buffer; closed: Promise<unknown> } {
  const pieces: Buffer[] = [];
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false }, () => socket.write(bytes));
  sockets.push(socket);
  socket.on('error', () => {});
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  return { socket, all: () => Buffer.concat(pieces), closed: new Promise((resolve) => socket.once('close', resolve)) };
}
const statusOf = (bytes: Buffer) => Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString('latin1'))?.[1]);

/** Returns the first message of TLS for a name, as Node writes it. */
async function helloFor(servername: string | undefined): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const arrived = once(server, 'connection') as Promise<[Socket]>;
  const client = secure({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername: servername ?? '',
  });
  client.on('error', () => {});
  const [socket] = await arrived;
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** Divides the one record of a message into records of these sizes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const out: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    out.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(out);
}

describe('a tunnel', () => {
  it('is decided on as connect on the host, with the port, and passes on both ways until both sides end', async () => {
    const hello = await helloFor(HOST);
    const { socket, all, closed } = opened(headOf(`${HOST}:${target}`));
    await expect.poll(() => all().toString()).toBe('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.write(hello);
    await expect.poll(() => all().includes(hello)).toBe(true);
    socket.end('more');
    await closed;
    expect(all().subarray(-4).toString()).toBe('more');
    expect(asked[0]).toMatchObject({
      subject: uid('User', 'ana'),
      action: { name: 'connect' },
      resource: { type: 'Host', id: HOST, properties: { port: target } },
      context: { agent: uid('Agent', 'bot'), upstream: { server: 'egress', tool: 'connect' } },
    });
    // Unread, so that it counts as all that it can bring.
    await expect.poll(() => outcomes).toEqual([['completed', undefined, undefined]]);
    const bytes = { sent: hello.length + 4, received: hello.length + 4 };
    expect(passed).toEqual([bytes]);
    expect(ends).toEqual([expect.objectContaining({ ...bytes, host: HOST })]);
  });

  it('does not pass on the credential of the proxy, and takes it as the password of Basic too', async () => {
    const basic = Buffer.from('any:key').toString('base64');
    const hello = await helloFor(HOST);
    const { socket, all } = opened(headOf(`${HOST}:${target}`, [`Proxy-Authorization: Basic ${basic}`]));
    await expect.poll(() => statusOf(all())).toBe(200);
    let seen = Buffer.alloc(0);
    last?.on('data', (piece: Buffer) => {
      seen = Buffer.concat([seen, piece]);
    });
    socket.write(hello);
    await expect.poll(() => seen).toEqual(hello);
    socket.destroy();
  });

  it('takes the bytes that came with its head, and a first message in several records and pieces', async () => {
    const hello = inRecords(await helloFor(HOST.toUpperCase()), 100);
    const { socket, all } = opened(Buffer.concat([Buffer.from(headOf(`${HOST}:${target}`)), hello.subarray(0, 50)]));
    await expect.poll(() => statusOf(all())).toBe(200);
    expect(accepted).toBe(1);
    socket.write(hello.subarray(50, 60));
    socket.write(hello.subarray(60));
    await expect.poll(() => all().includes(hello)).toBe(true);
    socket.resetAndDestroy();
    await expect.poll(() => outcomes.map(([status]) => status)).toEqual(['unknown']);
  });

  it('is cut on both sides when what permits it is revoked', async () => {
    const { socket, all, closed } = opened(headOf(`${HOST}:${target}`));
    await expect.poll(() => statusOf(all())).toBe(200);
    const hello = await helloFor(HOST);
    socket.write(hello);
    await expect.poll(() => all().includes(hello)).toBe(true);
    onRevoked?.('revoked');
    await closed;
    await expect.poll(() => last?.destroyed).toBe(true);
    expect(outcomes).toEqual([['unknown', undefined, 'what permits it was revoked']]);
  });

  it.each([
    ['that is silent is cut', { idleMs: 50 }, 'nothing was sent for too long'],
    ['is cut after the longest time, although bytes pass', { longestMs: 300 }, 'it was open for the longest time'],
  ])('%s on both sides', async (_what, short, why) => {
    Object.assign(limits, short);
    const hello = await helloFor(HOST);
    const { socket, all, closed } = opened(Buffer.concat([Buffer.from(headOf(`${HOST}:${target}`)), hello]));
    const sending = setInterval(() => 'longestMs' in short && socket.write('more'), 10);
    await closed;
    clearInterval(sending);
    expect(statusOf(all())).toBe(200);
    await expect.poll(() => last?.destroyed).toBe(true);
    await expect.poll(() => outcomes).toEqual([['unknown', undefined, why]]);
    expect(passed).toEqual([{ sent: expect.any(Number), received: expect.any(Number) }]);
    const [{ sent }] = passed as [{ sent: number }];
    expect(sent).toBeGreaterThanOrEqual(hello.length);
  });

  it('takes no proof of possession: nothing could verify one', async () => {
    const { all, closed } = opened(headOf(`${HOST}:${target}`, [...KEY, 'DPoP: e30.e30.e30']));
    await closed;
    expect([statusOf(all()), all().toString()]).toEqual([400, expect.stringContaining('egress_proof')]);
    expect([asked, looked]).toEqual([[], []]);
  });

  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ['of another name (X3)', () => helloFor('other.example.com')],
    ['without a name', () => helloFor(undefined)],
    [
      'of the name with a dot',
      async () =>
        Buffer.from((await helloFor('api.example.com.x')).toString('latin1').replace('com.x', 'com.\0'), 'latin1'),
    ],
    ['that is no TLS', () => Buffer.from('GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n')],
    ['of SSH', () => Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['of TLS that is no greeting', () => Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ['of an empty record', () => Buffer.from([22, 3, 1, 0, 0])],
    ['that is longer than a greeting', () => Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])],
    ['in more records than it needs', async () => inRecords(await helloFor(HOST), 1)],
    [
      'with an extension past its end',
      async () => {
        const hello = Buffer.from(await helloFor(HOST));
        // The length of the list of extensions: it stands after the ciphers.
        const at = 5 + 4 + 34 + 1 + (hello[5 + 4 + 34] as number);
        const extensions = at + 2 + hello.readUInt16BE(at) + 2;
        hello.writeUInt16BE(hello.readUInt16BE(extensions) + 1, extensions);
        return hello;
      },
    ],
  ])('passes on nothing of a first message %s', async (_what, hello) => {
    const bytes = await hello();
    const { socket, all, closed } = opened(headOf(`${HOST}:${target}`));
    await expect.poll(() => statusOf(all())).toBe(200);
    socket.write(bytes);
    await closed;
    await expect.poll(() => outcomes).toEqual([['failed', undefined, expect.stringMatching(/TLS/)]]);
    expect(ends).toEqual([expect.objectContaining({ sent: 0, received: 0 })]);
  });

  it('whose client says nothing is cut after a time', async () => {
    const { all, closed } = opened(headOf(`${HOST}:${target}`));
    await closed;
    expect(statusOf(all())).toBe(200);
    await expect.poll(() => outcomes.map(([status]) => status)).toEqual(['failed']);
  });
});

describe('the host of a tunnel', () => {
  it('is looked up once, and the address that was looked up is dialled', async () => {
    // A second answer would lead elsewhere (X4, rebinding).
    answers = [['127.0.0.1'], ['169.254.169.254']];
    const { socket, all } = opened(headOf(`${HOST}:${target}`));
    await expect.poll(() => statusOf(all())).toBe(200);
    expect([looked, accepted]).toEqual([[HOST], 1]);
    socket.destroy();
  });

  it.each<[string, readonly string[], number, string]>([
    ['is private', ['10.0.0.1'], 403, 'egress_address'],
    ['is private beside one that is not', ['127.0.0.1', '192.168.0.1'], 403, 'egress_address'],
    ['is mapped', ['::ffff:10.0.0.1'], 403, 'egress_address'],
    ['gives out credentials', ['169.254.169.254'], 403, 'egress_address'],
    ['has a zone', ['fe80::1%lo'], 403, 'egress_address'],
    ['is no address', ['localhost'], 403, 'egress_address'],
    ['is not there', [], 502, 'egress_unreachable'],
  ])('is not dialled if an address %s', async (_what, addresses, status, code) => {
    answers = [addresses];
    const { all, closed } = opened(headOf(`${HOST}:${target}`));
    await closed;
    expect([statusOf(all()), all().toString()]).toEqual([status, expect.stringContaining(code)]);
    expect(accepted).toBe(0);
    await expect.poll(() => outcomes.map(([one]) => one)).toEqual(['not-executed']);
  });

  it('that cannot be found or reached is 502', async () => {
    for (const [found, destination] of [
      [[], target],
      [[['127.0.0.1']], 443],
    ] as const) {
      answers = [...found];
      const { all, closed } = opened(headOf(`${HOST}:${destination}`));
      await closed;
      expect(statusOf(all())).toBe(502);
    }
  });

  it('is not looked up if it is denied, or nobody decides', async () => {
    isPermitted = false;
    const denied = opened(headOf(`${HOST}:${target}`));
    await denied.closed;
    isPermitted = true;
    held = true;
    const undecided = opened(headOf(`${HOST}:${target}`));
    await undecided.closed;
    expect([statusOf(denied.all()), statusOf(undecided.all()), looked, accepted]).toEqual([403, 503, [], 0]);
  });
});

interface Row {
  readonly class: string;
  readonly why: string;
  /** `{port}` stands for a port that tunnels may have. */
  readonly raw: string;
  readonly status: number;
  readonly code?: string;
}

describe('a CONNECT with two readings', () => {
  const ROWS = rows<Row>('egress');
  it.each(ROWS.map((row, i) => [`${i} ${row.class} ${row.why}`, row] as const))('%s', async (_name, row) => {
    const { all, closed, socket } = opened(Buffer.from(row.raw.replaceAll('{port}', String(target)), 'latin1'));
    if (row.status === 200) {
      await expect.poll(() => statusOf(all())).toBe(200);
      socket.destroy();
      return;
    }
    await closed;
    const [, body = ''] = all().toString('latin1').split('\r\n\r\n');
    const code = body.startsWith('{') ? (JSON.parse(body) as { code: string }).code : undefined;
    expect({ status: statusOf(all()), code }).toEqual({ status: row.status, code: row.code });
    expect([looked, accepted]).toEqual([[], 0]);
  });
});
