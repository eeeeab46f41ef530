import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RealFront, startFront } from '../../../enforce/test/fronts/real-fronts.js';
import { Authority } from '../certificates.js';
import { bundleOf, type Running, run } from '../running.js';
import { ask, type Shop, shopFiles, shopOf } from './shop.js';

/** Fronts take every 2xx for a permit: over TLS another program at the port of the check endpoint opens nothing. */

const FRONTS = ['nginx', 'caddy'] as const;
type Other = 'http' | 'foreign' | 'misnamed';

let [shop, writ]: [Shop, Running] = [] as never;
/** Fronts that ask Writ, and fronts that ask another program. */
const [asking, deceived] = [new Map<string, RealFront>(), new Map<string, RealFront>()];
const closers: (() => unknown)[] = [];
let other: Other = 'http';
let deceptions = 0;

/** A port with programs that permit everything, of which one is there. */
async function otherPort(authority: Authority): Promise<number> {
  const foreign = await Authority.make('CN=Another Authority');
  const permit: Parameters<typeof createServer>[1] = (_request, response) => {
    deceptions += 1;
    response.writeHead(204, { authorization: 'Bearer taken' }).end();
  };
  const servers: Readonly<Record<Other, Server>> = {
    http: createServer(permit),
    foreign: createTlsServer(await foreign.issue([{ type: 'dns', value: 'localhost' }]), permit),
    misnamed: createTlsServer(await authority.issue([{ type: 'dns', value: 'other.example' }]), permit),
  };
  for (const server of Object.values(servers)) server.on('tlsClientError', () => {});
  const listener = createTcpServer((socket) => {
    socket.on('error', () => {});
    servers[other].emit('connection', socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  closers.push(() => listener.close());
  return (listener.address() as AddressInfo).port;
}

beforeAll(async () => {
  const authority = await Authority.make();
  shop = await shopOf();
  const files = shopFiles(shop.url);
  const fronts = FRONTS.map((name) => `${name}: { profile: ${name}, services: [shop] }`).join(', ');
  const bundle = bundleOf({ ...files, 'writ.yaml': `${files['writ.yaml']}  fronts: { ${fronts} }\n` });
  writ = await run(bundle, { httpTls: await authority.serverFiles() });
  const [check, service] = [writ.writ.checkUrl, shop.url].map((url) => Number(new URL(url ?? '').port)) as [
    number,
    number,
  ];
  const there = await otherPort(authority);
  const tls = { ca: authority.pem, name: 'localhost' };
  for (const name of FRONTS) {
    const places = { service, key: writ.key(name), tls };
    for (const [list, port] of [
      [asking, check],
      [deceived, there],
    ] as const) {
      const front = await startFront(name, { ...places, check: port });
      if (front === undefined) continue;
      list.set(name, front);
      closers.push(() => front.close());
    }
  }
});
afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
  await writ?.stop();
  shop?.close();
});

const through = async (front: RealFront) => {
  shop.got.length = 0;
  const headers = { authorization: `Bearer ${writ.key('bot')}` };
  const { status } = await ask(`http://127.0.0.1:${front.port}`, '/orders/17', { headers });
  return { status, received: shop.got.length };
};

describe.each(FRONTS)('%s, with the lines for TLS of its configuration', (name) => {
  it('asks Writ, and passes on what is permitted', async ({ skip }) => {
    const front = asking.get(name) ?? skip(`${name} is not here: npm run test-programs`);
    expect(await through(front)).toEqual({ status: 200, received: 1 });
  });

  it.each<[string, Other]>([
    ['speaks without TLS', 'http'],
    ['has a certificate of another authority', 'foreign'],
    ['has a certificate of the authority, with another name', 'misnamed'],
  ])('passes nothing on if the program at that port %s, and shows it no key', async (_what, which) => {
    const front = deceived.get(name);
    if (front === undefined) return;
    [other, deceptions] = [which, 0];
    const { status, received } = await through(front);
    expect([received, deceptions]).toEqual([0, 0]);
    expect(status).toBeGreaterThanOrEqual(500);
  });
});
