import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run, writeBundle } from '../running.js';
import { ask, type Shop, shopFiles, shopOf } from './shop.js';

/** The proxy of `writ start` over its life: a first service, an observation, a stop. */

let shop: Shop;
beforeAll(async () => {
  shop = await shopOf();
});
afterAll(() => shop.close());
beforeEach(() => {
  shop.got.length = 0;
});

const withoutService = (): Record<string, string> => {
  const files = shopFiles(shop.url);
  return { ...files, 'writ.yaml': files['writ.yaml']?.replace(/^http:[\s\S]*/m, '') ?? '' };
};
const as = (writ: Running, name: string) => ({ headers: { authorization: `Bearer ${writ.key(name)}` } });

describe('a bundle that has its first service', () => {
  let blocking: Server;
  let writ: Running;
  let bundle: string;
  let port: number;
  beforeAll(async () => {
    blocking = createServer();
    await new Promise<void>((resolve) => blocking.listen(0, '127.0.0.1', resolve));
    ({ port } = blocking.address() as AddressInfo);
    bundle = bundleOf(withoutService());
    writ = await run(bundle, { httpPort: port });
  });
  afterAll(() => writ?.stop());

  it('is served although its port is taken, and the proxy listens with the next reload', async () => {
    expect(writ.writ.httpUrl).toBeUndefined();
    writeBundle(bundle, shopFiles(shop.url));
    await writ.writ.reload();
    expect(writ.writ.httpUrl).toBeUndefined();
    await new Promise((resolve) => blocking.close(resolve));
    await writ.writ.reload();
    expect(writ.writ.httpUrl).toBe(`http://127.0.0.1:${port}`);
    expect((await ask(writ.writ.httpUrl, '/orders/17', as(writ, 'bot'))).status).toBe(200);
    expect((await ask(writ.writ.httpUrl, '/orders/17', as(writ, 'thief'))).status).toBe(403);
    expect(shop.got.length).toBe(1);
  });

  it('is followed by one without: nothing listens', async () => {
    writeBundle(bundle, withoutService());
    const url = writ.writ.httpUrl;
    await writ.writ.reload();
    expect(writ.writ.httpUrl).toBeUndefined();
    await expect(ask(url, '/orders/17')).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a service that observes', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(bundleOf(shopFiles(shop.url)), { observeMs: 600_000 });
  });
  afterAll(() => writ?.stop());

  it('forwards what the rules would stop, and records that', async () => {
    const { status } = await ask(writ.writ.httpUrl, '/orders/17', as(writ, 'thief'));
    expect([status, shop.got.length]).toEqual([200, 1]);
    const entries = (await writ.writ.records.read({ seq: 0, index: -1 }, 500)).map(({ entry }) => entry);
    expect(entries).toContainEqual(
      expect.objectContaining({
        kind: 'decision',
        result: 'allow',
        observed: expect.objectContaining({ result: 'deny' }),
      }),
    );
  });

  it.each<[string, string, object, number]>([
    ['with two readings', '/orders/a%2fb', { host: 'shop.example' }, 400],
    ['of no operation', '/admin', {}, 404],
    ['without a credential', '/orders/17', { authorization: '' }, 401],
  ])('refuses a request %s', async (_what, path, headers, status) => {
    const { headers: own } = as(writ, 'thief');
    expect((await ask(writ.writ.httpUrl, path, { headers: { ...own, ...headers } })).status).toBe(status);
    expect(shop.got).toEqual([]);
  });

  it('enforces once that is over', async () => {
    await writ.send('POST', '/v1/observation/end', undefined, { as: 'admin' });
    expect((await ask(writ.writ.httpUrl, '/orders/17', as(writ, 'thief'))).status).toBe(403);
    expect(shop.got).toEqual([]);
  });
});

describe('a service that stops', () => {
  it('waits for a request under way, and takes no other', async () => {
    const bundle = bundleOf(shopFiles(shop.url));
    const writ = await run(bundle);
    let open: ServerResponse | undefined;
    shop.answers.set('/orders/slow', (response) => {
      open = response;
    });
    const url = writ.writ.httpUrl;
    const asked = as(writ, 'bot');
    const slow = ask(url, '/orders/slow', asked);
    await expect.poll(() => open).toBeDefined();
    const stopping = writ.writ.close();
    await expect
      .poll(() =>
        ask(url, '/orders/17', asked).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('refused');
    open?.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    expect((await slow).status).toBe(200);
    await stopping;
    const again = await run(bundle, { data: writ.data });
    const entries = (await again.writ.records.read({ seq: 0, index: -1 }, 500)).map(({ entry }) => entry);
    expect(entries.filter(({ kind }) => kind === 'outcome')).toEqual([
      expect.objectContaining({ status: 'completed' }),
    ]);
    await again.stop();
  });
});
