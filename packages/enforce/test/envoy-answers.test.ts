import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Decide } from '../src/http/proxy/index.js';
import type { EnvoyFace } from './envoy.js';
import { CREDENTIAL, ENVOY, ENVOY_FACES, type EnvoyRig, envoyRig } from './envoy-rig.js';
import { type Answer, bytesOf, exchange } from './wire.js';

/** The end of permits behind a real Envoy, and a decision point that fails. */

const get = (target = '/orders/17') => bytesOf('GET', target, [['Host', 'shop.example'], CREDENTIAL], Buffer.alloc(0));
const json = { 'content-type': 'application/json' };

describe.skipIf(ENVOY === undefined)('behind Envoy', () => {
  let rig: EnvoyRig;
  beforeAll(async () => {
    rig = await envoyRig();
  }, 30_000);
  afterAll(() => rig?.close());
  afterEach(() => {
    rig.set();
    for (const list of [rig.received, rig.decided, rig.ends]) list.splice(0);
  });
  const ask = async (face: EnvoyFace, bytes = get()): Promise<Answer> => {
    const [answer] = await exchange(rig.envoy.port(face, 'seen'), bytes);
    return answer ?? { status: 0, body: '' };
  };
  /** Begins a request, and collects its answer until the connection closes. */
  const begin = (face: EnvoyFace) => {
    const seen = { text: '', isClosed: false };
    const socket = connect(rig.envoy.port(face, 'seen'), '127.0.0.1', () => socket.write(get()));
    socket.on('data', (piece) => {
      seen.text += piece.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      seen.isClosed = true;
    });
    return { seen, socket };
  };
  const permitting =
    (more: object): Decide =>
    async () => ({ permitted: true, done: (end) => void rig.ends.push(end), ...more });

  it.each([
    [200, 'completed'],
    [404, 'failed'],
  ] as const)('a JSON answer of %i is read, and is the end of its permit: %s', async (status, result) => {
    rig.set({ answer: (_request, response) => response.writeHead(status, json).end('{"card":"4111"}') });
    expect(await ask('ext-proc')).toEqual({ status, body: '{"card":"4111"}' });
    expect(rig.ends).toEqual([{ result, status, read: '{"card":"4111"}' }]);
  });

  it('an answer of ext_authz is not seen: its permit ends at once, as not known', async () => {
    expect(await ask('ext-authz')).toMatchObject({ status: 200 });
    expect(rig.ends).toEqual([{ result: 'unknown', status: undefined }]);
  });

  it('an answer is handed on as it was changed, without what is about its bytes', async () => {
    rig.set({
      decide: permitting({ mustRead: true, accept: async () => Buffer.from('{"card":"…"}') }),
      answer: (_request, response) => response.writeHead(200, { ...json, etag: '"1"' }).end('{"card":"4111"}'),
    });
    expect(await ask('ext-proc')).toEqual({ status: 200, body: '{"card":"…"}' });
  });

  it('an answer that may not be handed on is withheld', async () => {
    rig.set({ decide: permitting({ mustRead: true, accept: async () => undefined }) });
    const withheld = await ask('ext-proc');
    expect(withheld.status).toBe(502);
    expect(JSON.parse(withheld.body)).toMatchObject({ code: 'withheld' });
  });

  it('an answer that cannot be read is withheld if it has to be changed', async () => {
    rig.set({
      decide: permitting({ mustRead: true, accept: async () => Buffer.from('never') }),
      answer: (_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('4111'),
    });
    expect((await ask('ext-proc')).status).toBe(502);
    expect(rig.ends).toEqual([{ result: 'completed', status: 200 }]);
  });

  it('an answer with a length that is no JSON passes unread', async () => {
    rig.set({
      answer: (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '2' }).end('hi'),
    });
    expect(await ask('ext-proc')).toEqual({ status: 200, body: 'hi' });
    expect(rig.ends).toEqual([{ result: 'completed', status: 200 }]);
  });

  it('a stream passes piece by piece, and is over with its last', async () => {
    let next = (): void => {};
    rig.set({
      answer: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
        next = () => response.end('data: 2\n\n');
      },
    });
    const { seen, socket } = begin('ext-proc');
    await expect.poll(() => seen.text).toContain('data: 1');
    expect(rig.ends).toEqual([]);
    next();
    await expect.poll(() => seen.text).toContain('data: 2');
    await expect.poll(() => rig.ends).toEqual([{ result: 'completed', status: 200 }]);
    socket.destroy();
  });

  it('a stream is cut when what permits it is revoked', async () => {
    const revocation = new AbortController();
    rig.set({
      decide: permitting({ revoked: revocation.signal, accept: async () => undefined }),
      answer: (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
    });
    const { seen } = begin('ext-proc');
    await expect.poll(() => seen.text).toContain('data: 1');
    revocation.abort();
    await expect.poll(() => seen.isClosed).toBe(true);
    expect(rig.ends).toEqual([{ result: 'unknown', status: 200 }]);
  });

  it('a request that waits for its answer is cut too', async () => {
    const revocation = new AbortController();
    rig.set({ decide: permitting({ revoked: revocation.signal }), answer: () => {} });
    const { seen } = begin('ext-proc');
    await expect.poll(() => rig.received.length).toBe(1);
    revocation.abort();
    await expect.poll(() => seen.text).toContain('revoked');
    expect(rig.ends).toEqual([{ result: 'unknown', status: undefined }]);
  });

  it('a caller that leaves, and a service that breaks off, leave an outcome that is not known', async () => {
    rig.set({ answer: () => {} });
    const { socket } = begin('ext-proc');
    await expect.poll(() => rig.received.length).toBe(1);
    socket.destroy();
    await expect.poll(() => rig.ends).toEqual([{ result: 'unknown', status: undefined }]);
    rig.set({ answer: (request) => request.socket.destroy() });
    expect((await ask('ext-proc')).status).toBe(503);
    expect(rig.ends[1]).toMatchObject({ status: 503 });
  });

  const FAILURES: readonly (readonly [string, Decide])[] = [
    ['throws', () => Promise.reject(new Error('down'))],
    [
      'throws at once',
      () =>
        void (() => {
          throw new Error('down');
        })() as never,
    ],
    ['is late', () => new Promise(() => {})],
    ['answers nothing', async () => undefined as never],
    ['answers junk', async () => ({ permitted: 'yes', done: () => {} }) as never],
    ['answers true', async () => true as never],
    ['permits without an end', async () => ({ permitted: true }) as never],
    ['denies without a status', async () => ({ permitted: false }) as never],
  ];
  it.each(ENVOY_FACES.flatMap((face) => FAILURES.map(([name, decide]) => [face, name, decide] as const)))(
    '%s: nothing passes when the decision point %s',
    async (face, _name, decide) => {
      rig.set({ decide });
      expect((await ask(face)).status).toBeGreaterThanOrEqual(500);
      expect(rig.received).toEqual([]);
    },
  );

  it.each(ENVOY_FACES)(
    '%s: nothing passes when the decision point is gone, and it does when it is back',
    async (face) => {
      await rig.stopDeciding();
      try {
        expect((await ask(face)).status).toBeGreaterThanOrEqual(400);
        expect((await ask(face, get('/healthz'))).status).toBeGreaterThanOrEqual(400);
        expect(rig.received).toEqual([]);
      } finally {
        await rig.startDeciding();
      }
      await expect.poll(async () => (await ask(face)).status, { timeout: 10_000 }).toBe(200);
    },
  );
});
