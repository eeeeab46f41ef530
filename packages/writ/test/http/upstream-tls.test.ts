import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { lineLog } from '@writ/sdk/lib/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSidecar } from '../../src/cli/enforce-http/sidecar.js';
import { Authority, type Pair } from '../certificates.js';
import { bundleOf, type Running, run, writeBundle } from '../running.js';
import { ask, shopFiles } from './shop.js';

/** A service over TLS, with an authority of its own, that demands a certificate of the proxy. */

let [shop, writ, bundle, authority]: [Server, Running, string, Authority] = [] as never;
let sidecar: Awaited<ReturnType<typeof startSidecar>>;
let shown: (string | undefined)[] = [];

/** One origin, by the name of the service: each has other certificates. */
const TLS = {
  shop: '{ ca: tls/ca.pem, cert: tls/proxy.pem, key: tls/proxy-key.pem }',
  unproved: '{ ca: tls/ca.pem }',
  foreign: '{ ca: tls/ca.pem, cert: tls/foreign.pem, key: tls/foreign-key.pem }',
  wary: '{ ca: tls/other-ca.pem, cert: tls/proxy.pem, key: tls/proxy-key.pem }',
};
const filesFor = (upstream: string, tls: Readonly<Record<string, string>> = TLS) => {
  const services = Object.entries(tls).map(
    ([name, files]) =>
      `    ${name}: { upstream: "${upstream}", hosts: [${name}.example], routes: ["GET /orders/{id}"], tls: ${files} }\n`,
  );
  const files = shopFiles(upstream);
  const [before = ''] = (files['writ.yaml'] ?? '').split('    shop:\n');
  return { ...files, 'writ.yaml': `${before}${services.join('')}` };
};
const askFor = (url: string | undefined, service: string) =>
  ask(url, '/orders/17', { headers: { host: `${service}.example`, authorization: `Bearer ${writ.key('bot')}` } });

let upstream: string;
beforeAll(async () => {
  authority = await Authority.make();
  const other = await Authority.make('CN=Another Authority');
  const spiffe = (of: Authority): Promise<Pair> => of.issue([{ type: 'url', value: 'spiffe://shop.example/proxy' }]);
  const [own, proxy, foreign] = await Promise.all([
    authority.issue([{ type: 'ip', value: '127.0.0.1' }]),
    spiffe(authority),
    spiffe(other),
  ]);
  const options = { ...own, ca: authority.pem, requestCert: true, rejectUnauthorized: true };
  shop = createServer(options, (request, response) => {
    shown.push((request.socket as TLSSocket).getPeerX509Certificate()?.subjectAltName);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  upstream = `https://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  bundle = bundleOf(filesFor(upstream));
  mkdirSync(join(bundle, 'tls'));
  const contents = {
    'ca.pem': authority.pem,
    'other-ca.pem': other.pem,
    'proxy.pem': proxy.cert,
    'proxy-key.pem': proxy.key,
    'foreign.pem': foreign.cert,
    'foreign-key.pem': foreign.key,
  };
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(bundle, 'tls', name), text);
  writ = await run(bundle);
  sidecar = await startSidecar({
    ...{ bundle, environment: undefined, service: writ.url, key: writ.key(), ca: undefined, client: undefined },
    place: { host: '127.0.0.1', port: 0, tls: undefined, isBehindTls: false },
    ...{ data: undefined, log: lineLog(() => undefined), drainMs: 50 },
  });
});
afterAll(async () => {
  await sidecar?.close();
  await writ?.stop();
  shop.closeAllConnections();
  shop.close();
});

describe.each(['writ start', 'writ enforce http'])('%s', (face) => {
  const url = () => (face === 'writ start' ? writ.writ.httpUrl : sidecar.url);

  it('reaches the service with its certificate, and over that connection no other service', async () => {
    shown = [];
    expect((await askFor(url(), 'shop')).status).toBe(200);
    expect(shown).toEqual(['URI:spiffe://shop.example/proxy']);
    const refused = await Promise.all(['unproved', 'foreign', 'wary'].map((name) => askFor(url(), name)));
    expect(refused.map(({ status, json }) => [status, json.code])).toEqual(Array(3).fill([502, 'no_answer']));
    expect((await askFor(url(), 'shop')).status).toBe(200);
    expect(shown).toHaveLength(2);
  });
});

it.each([
  ['a file that is not there', '{ ca: tls/none.pem }', /none\.pem cannot be read/],
  ['an absolute path that is not there', '{ ca: /none/ca.pem }', /none\/ca\.pem cannot be read/],
  ['a key of another certificate', '{ cert: tls/proxy.pem, key: tls/foreign-key.pem }', /cannot be used/],
  ['a certificate without its key', '{ cert: tls/proxy.pem }', /its `key`/],
  ['nothing', '{}', /`tls` has/],
])('a bundle is refused whose service has %s, and the one before goes on', async (_what, tls, why) => {
  writeBundle(bundle, filesFor(upstream, { ...TLS, shop: tls }));
  await expect(writ.writ.reload()).rejects.toThrow(why);
  await expect(sidecar.reload()).rejects.toThrow(why);
  for (const url of [writ.writ.httpUrl, sidecar.url]) expect((await askFor(url, 'shop')).status).toBe(200);
  writeBundle(bundle, filesFor(upstream));
  await writ.writ.reload();
  await sidecar.reload();
});

it('a bundle is refused that has certificates for a service over http', async () => {
  writeBundle(bundle, filesFor(upstream.replace('https', 'http')));
  await expect(writ.writ.reload()).rejects.toThrow(/certificates are for an upstream with https/);
});
