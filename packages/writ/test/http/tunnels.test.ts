import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, connect as tlsOver } from 'node:tls';
import { lineLog } from '@writ/sdk/lib/log';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSidecar } from '../../src/cli/enforce-http/sidecar.js';
import { Authority } from '../certificates.js';
import { bundleOf, type Running, run } from '../running.js';

/** Tunnels to a host outside, over TLS to its end, through the proxy of `writ start` and that beside a workload. */

const HOST = 'api.example.com';
let [outside, writ, authority]: [Server, Running, Authority] = [] as never;
let sidecar: Awaited<ReturnType<typeof startSidecar>>;
let port: number;
const sockets: Socket[] = [];
const said: string[] = [];

beforeAll(async () => {
  authority = await Authority.make();
  const pair = await authority.issue([{ type: 'dns', value: HOST }]);
  outside = createServer({ ...pair, allowHalfOpen: false }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  port = (outside.address() as AddressInfo).port;
  const bundle = bundleOf({
    'writ.yaml': `name: shop
tokens: { trustDomain: shop.example }
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [out] } } }
http: { egress: { ports: [${port}], private: [127.0.0.1] } }
`,
    'schema.cedarschema': `entity User; entity Agent; entity Host { port?: Long };
action connect appliesTo { principal: [User, Agent], resource: [Host], context: {} };`,
    'policies/all.cedar': `@id("host") permit(principal, action == Action::"connect", resource == Host::"${HOST}")
when { resource has port && resource.port == ${port} };`,
  });
  writ = await run(bundle);
  sidecar = await startSidecar({
    ...{ bundle, environment: undefined, service: writ.url, key: writ.key(), ca: undefined, client: undefined },
    place: { host: '127.0.0.1', port: 0, tls: undefined, isBehindTls: false },
    ...{ data: undefined, log: lineLog((line) => said.push(line)), drainMs: 50 },
  });
  vi.spyOn(dns, 'lookup').mockResolvedValue([{ address: '127.0.0.1', family: 4 }] as never);
});
afterAll(async () => {
  vi.restoreAllMocks();
  for (const socket of sockets) socket.destroy();
  await sidecar?.close();
  await writ?.stop();
  outside.close();
});
beforeEach(() => {
  said.length = 0;
});

interface Opened {
  readonly answer: string;
  /** The connection to the host, inside of the tunnel. */
  inside(): Promise<TLSSocket>;
}

async function opened(url: string | undefined, host = HOST, more = ''): Promise<Opened> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url ?? '').port) });
  sockets.push(socket);
  socket.on('error', () => {});
  const proof = `Proxy-Authorization: Bearer ${writ.key('bot')}\r\n`;
  socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n${proof}${more}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return {
    answer: answer.toString(),
    inside: async () => {
      const secure = tlsOver({ socket, servername: HOST, ca: authority.pem });
      secure.on('error', () => {});
      await once(secure, 'secureConnect');
      return secure;
    },
  };
}

/** The outcomes on the record, the last first. */
async function outcomes(): Promise<Record<string, unknown>[]> {
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
  const entries = read.map(({ entry }) => entry as unknown as Record<string, unknown>);
  return entries.filter(({ kind }) => kind === 'outcome').reverse();
}

describe.each(['writ start', 'writ enforce http'])('%s', (face) => {
  const url = () => (face === 'writ start' ? writ.writ.httpUrl : sidecar.url);

  it('passes bytes on inside of TLS, and the outcome has how many, each way', async () => {
    const before = (await outcomes()).length;
    const { answer, inside } = await opened(url());
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const secure = await inside();
    secure.write('hello');
    const [echoed] = (await once(secure, 'data')) as [Buffer];
    expect(echoed.toString()).toBe('hello');
    secure.end();
    await expect.poll(async () => (await outcomes()).length, { timeout: 10_000 }).toBe(before + 1);
    const [outcome = {}] = await outcomes();
    expect(outcome).toMatchObject({
      status: expect.stringMatching(/^(?:completed|unknown)$/),
      bytes: { sent: expect.any(Number), received: expect.any(Number) },
    });
    const { sent, received } = outcome.bytes as { sent: number; received: number };
    // The greeting and the certificate, each way.
    expect(Math.min(sent, received)).toBeGreaterThan(100);
    if (face === 'writ enforce http') expect(said.join('\n')).toContain(`a tunnel to ${HOST}:${port} ended`);
  });

  it('makes none that is denied, nor one with a proof of possession', async () => {
    expect((await opened(url(), 'other.example.com')).answer).toMatch(/^HTTP\/1\.1 403 .*not permitted/s);
    expect((await opened(url(), HOST, 'DPoP: e30.e30.e30\r\n')).answer).toMatch(/^HTTP\/1\.1 400 .*egress_proof/s);
  });

  it('cuts one when what permits it is revoked', async () => {
    const { inside } = await opened(url());
    const secure = await inside();
    const closed = once(secure, 'close');
    const body = { kind: 'upstream', target: 'egress', reason: 'enough' };
    const made = await writ.send('POST', '/v1/revocations', body, { as: 'admin' });
    expect(made.status).toBe(201);
    await closed;
    await expect
      .poll(async () => (await outcomes())[0]?.error, { timeout: 10_000 })
      .toBe('what permits it was revoked');
    await writ.send('DELETE', `/v1/revocations/${made.json.id}?reason=over`, undefined, { as: 'admin' });
  });
});
