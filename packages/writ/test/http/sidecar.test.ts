import { execFileSync } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { TRANSFORMS } from '@writ/sdk/authzen';
import { lineLog } from '@writ/sdk/lib/log';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSidecar } from '../../src/cli/enforce-http/sidecar.js';
import { Authority } from '../certificates.js';
import { bundleOf, type Running, run, writeBundle } from '../running.js';
import { ask, type Shop, shopFiles, shopOf } from './shop.js';

/** The proxy beside a workload: the decisions are those of a service elsewhere. */

type Sidecar = Awaited<ReturnType<typeof startSidecar>>;

const CALLERS = { default: { roles: ['enforcement-point'], obligations: [...TRANSFORMS], detail: 'none' as const } };
let shop: Shop;
let writ: Running;
let bundle: string;
let sidecar: Sidecar;
const lines: string[] = [];
const ANA = { originator: { type: 'User', id: 'ana' }, agent: { type: 'Agent', id: 'bot' }, task: 'bot' };

const sidecarOf = (more: Partial<Parameters<typeof startSidecar>[0]> = {}): Promise<Sidecar> =>
  startSidecar({
    ...{ bundle, environment: undefined, service: writ.url, key: writ.key(), ca: undefined, client: undefined },
    place: { host: '127.0.0.1', port: 0, tls: undefined, isBehindTls: false },
    ...{ data: undefined, log: lineLog((line) => lines.push(line)), drainMs: 50, ...more },
  });
const as = (name: string, more: object = {}) => ({ headers: { authorization: `Bearer ${writ.key(name)}`, ...more } });
const decisions = async (): Promise<Record<string, unknown>[]> => {
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
  return read.map(({ entry }) => entry) as unknown as Record<string, unknown>[];
};

beforeAll(async () => {
  shop = await shopOf();
  bundle = bundleOf(shopFiles(shop.url));
  writ = await run(bundle, { callers: CALLERS });
  sidecar = await sidecarOf();
});
afterAll(async () => {
  await sidecar?.close();
  await writ?.stop();
  shop.close();
});
beforeEach(() => {
  lines.length = 0;
  shop.got.length = 0;
});

describe('the proxy beside a workload', () => {
  it('forwards what the service permits, and reports the outcome', async () => {
    expect((await ask(sidecar.url, '/orders/17', as('bot'))).json).toEqual({ id: 17 });
    shop.answers.set('/orders/gone', (response) => void response.writeHead(404).end());
    expect((await ask(sidecar.url, '/orders/gone', as('bot'))).status).toBe(404);
    await expect
      .poll(async () => (await decisions()).filter(({ kind }) => kind === 'outcome').map(({ status }) => status))
      .toEqual(['completed', 'failed']);
    const decided = (await decisions()).find(({ kind }) => kind === 'decision');
    expect(decided).toMatchObject({
      enforcementPoint: 'default',
      provenance: { path: [{ id: 'ana' }, { id: 'bot' }], assurance: 1 },
    });
  });

  it.each<[string, () => object, number]>([
    ['what is denied', () => as('thief'), 403],
    ['a request without a credential', () => ({}), 401],
    ['a key of nobody', () => ({ headers: { authorization: 'Bearer writ_nobody' } }), 401],
    ['a credential that is not one', () => ({ headers: { authorization: 'Basic abc' } }), 401],
    ['the key of a caller', () => as('default'), 401],
    ['a token of nobody', () => as('bot', { 'txn-token': 'a.b.c' }), 403],
    ['another host', () => as('bot', { host: 'other.example' }), 400],
  ])('does not forward %s', async (_what, asked, status) => {
    expect((await ask(sidecar.url, '/orders/17', asked())).status).toBe(status);
    expect(shop.got).toEqual([]);
  });

  it('asks for a client once', async () => {
    for (let i = 0; i < 3; i += 1) await ask(sidecar.url, '/orders/17', as('bot'));
    const issued = (await decisions()).filter(({ what }) => what === 'token.issue');
    // That of the thief, and that of the bot.
    expect(issued.length).toBe(2);
  });

  it('is one client by itself, where it is started for one', async () => {
    const client = { originator: { type: 'User', id: 'ana' }, agent: { type: 'Agent', id: 'bot' }, task: 'bot' };
    const fixed = await sidecarOf({ client });
    expect((await ask(fixed.url, '/orders/17')).status).toBe(200);
    const other = { ...client, agent: { type: 'Agent', id: 'thief' } };
    await fixed.close();
    const thief = await sidecarOf({ client: other });
    expect((await ask(thief.url, '/orders/17')).status).toBe(403);
    await thief.close();
    expect(shop.got.length).toBe(1);
  });

  it('cuts a stream when its agent is revoked', async () => {
    let open: ServerResponse | undefined;
    shop.answers.set('/orders/stream', (response) => {
      open = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    const answer = ask(sidecar.url, '/orders/stream', as('bot'));
    await expect.poll(() => open).toBeDefined();
    const body = { kind: 'identity', target: 'Agent::"bot"', reason: 'stolen' };
    const made = await writ.send('POST', '/v1/revocations', body, { as: 'admin' });
    expect(made.status).toBe(201);
    expect(await answer).toMatchObject({ body: 'data: 1\n\n', isCut: true });
    expect((await ask(sidecar.url, '/orders/17', as('bot'))).status).toBe(403);
    const lifted = await writ.send('DELETE', `/v1/revocations/${made.json.id}?reason=found`, undefined, {
      as: 'admin',
    });
    expect(lifted.status).toBeLessThan(300);
  });

  it('reads the bundle again, and keeps the one before if that cannot be used', async () => {
    writeBundle(bundle, { 'policies/all.cedar': 'permit(' });
    await expect(sidecar.reload()).rejects.toThrow();
    expect((await ask(sidecar.url, '/orders/17', as('bot'))).status).toBe(200);
    const files = shopFiles(shop.url);
    writeBundle(bundle, {
      ...files,
      'writ.yaml': files['writ.yaml']?.replace('- GET /orders/{id}', '- GET /other/{id}') ?? '',
    });
    await sidecar.reload();
    expect((await ask(sidecar.url, '/orders/17', as('bot'))).status).toBe(404);
    writeBundle(bundle, files);
    await sidecar.reload();
    expect((await ask(sidecar.url, '/orders/17', as('bot'))).status).toBe(200);
  });

  it('is not started without what proves who asks', async () => {
    const files = shopFiles(shop.url);
    const plain = bundleOf({ ...files, 'writ.yaml': files['writ.yaml']?.replace(/tokens:.*\n/, '') ?? '' });
    await expect(sidecarOf({ bundle: plain })).rejects.toThrow('nothing could prove who asks');
    const none = bundleOf({ ...files, 'writ.yaml': 'name: none\ntokens: { trustDomain: shop.example }\n' });
    await expect(sidecarOf({ bundle: none })).rejects.toThrow('has no service for HTTP');
  });
});

describe('a service over TLS', () => {
  it('is asked if its certificate is of the authority that is named', async () => {
    const authority = await Authority.make();
    const { cert, key } = await authority.serverFiles();
    const secure = await run(bundle, { callers: CALLERS, tls: { cert, key } });
    const of = { service: secure.url, key: secure.key(), client: ANA };
    const trusting = await sidecarOf({ ...of, ca: authority.pem });
    expect((await ask(trusting.url, '/orders/17')).status).toBe(200);
    const wary = await sidecarOf(of);
    expect((await ask(wary.url, '/orders/17')).status).toBe(503);
    expect(shop.got.length).toBe(1);
    await Promise.all([trusting.close(), wary.close()]);
    await secure.writ.close();
  });
});

describe('strangers', () => {
  it('do not fill the record of the service', async () => {
    const flood = await sidecarOf();
    const before = (await decisions()).filter(({ what }) => what === 'token.refuse').length;
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 40; i += 1)
      statuses.push((await ask(flood.url, '/orders/17', { headers: { authorization: `Bearer writ_${i}` } })).status);
    expect(statuses.filter((status) => status === 401).length).toBe(30);
    expect(statuses.slice(30)).toEqual(Array(10).fill(503));
    const after = (await decisions()).filter(({ what }) => what === 'token.refuse').length;
    expect(after - before).toBe(30);
    await flood.close();
    expect(shop.got).toEqual([]);
  });
});

describe('a service that is not there', () => {
  it('lets no request pass, and the proxy recovers by itself; outcomes are reported then', async () => {
    const data = writ.data;
    let release: (() => void) | undefined;
    shop.answers.set('/orders/slow', (response) => {
      release = () => void response.writeHead(200, { 'content-type': 'text/plain' }).end('done');
    });
    const slow = ask(sidecar.url, '/orders/slow', as('bot'));
    await expect.poll(() => release).toBeDefined();
    const { port } = new URL(writ.url);
    const before = (await decisions()).filter(({ kind }) => kind === 'outcome').length;
    const keys = as('bot');
    await writ.writ.close();
    shop.got.length = 0;
    expect((await ask(sidecar.url, '/orders/17', keys)).status).toBe(503);
    expect(shop.got).toEqual([]);
    release?.();
    expect((await slow).body).toBe('done');
    writ = await run(bundle, { callers: CALLERS, data, port: Number(port) });
    expect((await ask(sidecar.url, '/orders/17', keys)).status).toBe(200);
    await expect
      .poll(async () => (await decisions()).filter(({ kind }) => kind === 'outcome').length, { timeout: 10_000 })
      .toBe(before + 2);
  });
});

describe('writ enforce http', () => {
  const said = (...args: string[]): string => {
    try {
      return execFileSync(process.execPath, ['bin/writ.js', 'enforce', 'http', '--bundle', bundle, ...args], {
        cwd: new URL('../..', import.meta.url),
        encoding: 'utf8',
        stdio: 'pipe',
      });
    } catch (error) {
      return String((error as { stderr: unknown }).stderr).replaceAll(/\s+/g, ' ');
    }
  };
  it.each([
    ['a service that a key would travel to in the clear', ['--service', 'http://writ.example'], 'in the clear'],
    [
      'an identity on every address',
      ['--for', 'User::"ana"', '--host', '0.0.0.0', '--behind-tls'],
      'everybody who reaches the proxy',
    ],
    ['a URL with a path', ['--service', 'https://writ.example/writ'], 'is not the URL of a service'],
    ['credentials in the clear', ['--host', '0.0.0.0'], 'travel in the clear'],
    ['a key that is not there', [], 'there is no file nowhere.key'],
  ])('refuses %s', (_what, args, message) => {
    expect(said('--key-file', 'nowhere.key', ...args)).toContain(message);
  });
});
