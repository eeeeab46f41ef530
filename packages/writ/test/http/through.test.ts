import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { TRANSFORMS } from '@writ/sdk/authzen';
import { lineLog } from '@writ/sdk/lib/log';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSidecar } from '../../src/cli/enforce-http/sidecar.js';
import { Authority } from '../certificates.js';
import { bundleOf, type Running, run } from '../running.js';
import { ask, type Shop, shopFiles, shopOf } from './shop.js';

/** Requests through the proxies: that of `writ start`, and that beside a workload. */

let shop: Shop;
let writ: Running;
let sidecar: Awaited<ReturnType<typeof startSidecar>>;
let bundle: string;
const FRONTS = ['writ start', 'writ enforce http'] as const;
const urlOf = (front: (typeof FRONTS)[number]) => (front === 'writ start' ? writ.writ.httpUrl : sidecar.url);
const bot = () => ({ authorization: `Bearer ${writ.key('bot')}` });

beforeAll(async () => {
  shop = await shopOf();
  const files = shopFiles(shop.url);
  const open = `    open:\n      { upstream: "${shop.url}", hosts: [open.example], preflight: pass, routes: ["GET /orders/{id}"] }\n`;
  bundle = bundleOf({ ...files, 'writ.yaml': `${files['writ.yaml']}${open}` });
  const callers = { default: { roles: ['enforcement-point'], obligations: [...TRANSFORMS], detail: 'none' as const } };
  writ = await run(bundle, { callers });
  sidecar = await startSidecar({
    ...{ bundle, environment: undefined, service: writ.url, key: writ.key(), ca: undefined, client: undefined },
    place: { host: '127.0.0.1', port: 0, tls: undefined, isBehindTls: false },
    ...{ data: undefined, log: lineLog(() => undefined), drainMs: 50 },
  });
});
afterAll(async () => {
  await sidecar?.close();
  await writ?.stop();
  shop.close();
});
beforeEach(() => {
  shop.got.length = 0;
});

const tokenFor = async (more: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<string> => {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    subject_token: writ.key('bot'),
    audience: 'shop.example',
    scope: 'orders',
    ...more,
  });
  const own = { authorization: `Bearer ${writ.key()}`, 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(`${writ.url}/token`, {
    method: 'POST',
    headers: { ...own, ...headers },
    body: form.toString(),
  });
  return String(((await response.json()) as { access_token: unknown }).access_token);
};
// biome-ignore lint/suspicious/noExplicitAny: it looks into entries of every kind
const lastDecision = async (): Promise<any> => {
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
  return read
    .map(({ entry }) => entry)
    .filter(({ kind }) => kind === 'decision')
    .at(-1);
};

describe.each(FRONTS)('through the proxy of %s', (front) => {
  it('a transaction token says in which task, and is not forwarded', async () => {
    const token = await tokenFor();
    const { status } = await ask(urlOf(front), '/orders/17', { headers: { ...bot(), 'txn-token': token } });
    expect([status, shop.got[0]?.headers['txn-token'], shop.got[0]?.headers.authorization]).toEqual([
      200,
      undefined,
      undefined,
    ]);
    const { txn } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect((await lastDecision()).provenance.txn).toBe(txn);
    const without = await ask(urlOf(front), '/orders/17', { headers: bot() });
    expect([without.status, (await lastDecision()).provenance.txn]).toEqual([200, expect.not.stringMatching(txn)]);
  });

  it('a token that is bound to a key needs a proof for this request, once', async () => {
    const keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(keys.publicKey);
    let count = 0;
    const proof = (htm: string, htu: string, token?: string): Promise<string> => {
      const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
      return new SignJWT({ htm, htu, jti: `${front}${count++}`, iat: Math.floor(Date.now() / 1_000), ...ath })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(keys.privateKey);
    };
    const token = await tokenFor({}, { dpop: await proof('POST', `${writ.url}/token`) });
    const asked = async (dpop: string | undefined) =>
      (await ask(urlOf(front), '/orders/17', { headers: { ...bot(), 'txn-token': token, ...(dpop && { dpop }) } }))
        .status;
    const good = await proof('GET', 'http://shop.example/orders/17', token);
    expect([await asked(undefined), await asked(good), await asked(good)]).toEqual([403, 200, 403]);
    expect(await asked(await proof('GET', 'http://shop.example/orders/18', token))).toBe(403);
    expect(await asked(await proof('POST', 'http://shop.example/orders/17', token))).toBe(403);
    expect(shop.got.length).toBe(1);
  });

  it('a preflight passes without a decision where its service says that, for a method that there is', async () => {
    const preflight = async (host: string, method: string) => {
      const asks = { host, origin: 'https://app.example', 'access-control-request-method': method, cookie: 'a=b' };
      return (await ask(urlOf(front), '/orders/17', { method: 'OPTIONS', headers: asks })).status;
    };
    const { id } = await lastDecision();
    expect(await preflight('open.example', 'GET')).toBe(200);
    expect(shop.got).toMatchObject([{ method: 'OPTIONS', headers: { origin: 'https://app.example' } }]);
    expect(shop.got[0]?.headers.cookie).toBeUndefined();
    expect([await preflight('open.example', 'DELETE'), await preflight('shop.example', 'GET')]).toEqual([405, 403]);
    expect([shop.got.length, (await lastDecision()).id]).toEqual([1, id]);
    // The request that it is for is decided on.
    const { status } = await ask(urlOf(front), '/orders/17', { headers: { host: 'open.example' } });
    expect([status, shop.got.length]).toEqual([401, 1]);
  });

  it('a form of many parts passes as it is, and policies see its size and type', async () => {
    const body = '--x\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n';
    const headers = { ...bot(), 'content-type': 'multipart/form-data; boundary=x' };
    expect((await ask(urlOf(front), '/orders/17/files', { method: 'POST', body, headers })).status).toBe(200);
    expect(shop.got[0]).toMatchObject({ body, headers: { 'content-type': 'multipart/form-data; boundary=x' } });
    expect((await lastDecision()).request.context.input.opaque).toMatchObject({ size: body.length });
    const json = await ask(urlOf(front), '/orders/17/notes', { method: 'POST', body, headers });
    expect([json.status, shop.got.length]).toEqual([415, 1]);
  });

  it('a request that its client sends again is decided on again, and the proxy sends none again by itself', async () => {
    shop.answers.set('/orders/17/notes', (response) => response.destroy());
    const asked = () =>
      ask(urlOf(front), '/orders/17/notes', {
        method: 'POST',
        body: { text: 'a' },
        headers: { ...bot(), 'idempotency-key': 'k1' },
      });
    const first = await asked();
    const { id } = await lastDecision();
    expect([first.status, shop.got.length]).toEqual([502, 1]);
    shop.answers.delete('/orders/17/notes');
    expect((await asked()).status).toBe(200);
    expect(shop.got.map(({ headers }) => headers['idempotency-key'])).toEqual(['k1', 'k1']);
    expect((await lastDecision()).id).not.toBe(id);
    await expect.poll(async () => (await writ.writ.findDecision(id))?.outcome).toBe('unknown');
  });

  it('a WebSocket is one operation, and is cut when its agent is revoked', async () => {
    const opened: Duplex[] = [];
    shop.onUpgrade((socket) => {
      opened.push(socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.on('data', (piece: Buffer) => socket.write(`echo ${piece}`));
    });
    const upgrade = (path: string, key: string) => {
      const state = { received: '', isClosed: false };
      const socket = connect(Number(new URL(urlOf(front) ?? '').port), '127.0.0.1', () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer ${key}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
        ),
      );
      socket.on('error', () => undefined);
      socket.on('close', () => {
        state.isClosed = true;
      });
      socket.on('data', (piece) => {
        state.received += piece.toString();
      });
      return { socket, state };
    };
    const other = upgrade('/orders/17', writ.key('bot'));
    await expect.poll(() => other.state.received).toMatch(/^HTTP\/1\.1 400 /);
    const thief = upgrade('/live', writ.key('thief'));
    await expect.poll(() => thief.state.received).toMatch(/^HTTP\/1\.1 403 /);
    expect(opened.length).toBe(0);
    const { socket, state } = upgrade('/live', writ.key('bot'));
    await expect.poll(() => state.received).toMatch(/^HTTP\/1\.1 101 /);
    socket.write('hello');
    await expect.poll(() => state.received).toContain('echo hello');
    const body = { kind: 'action', target: 'live', reason: 'too loud' };
    const made = await writ.send('POST', '/v1/revocations', body, { as: 'admin' });
    await expect.poll(() => state.isClosed, { timeout: 5_000 }).toBe(true);
    await writ.send('DELETE', `/v1/revocations/${made.json.id}?reason=over`, undefined, { as: 'admin' });
  });
});

describe('writ enforce http, as a process', () => {
  it('stands before a service over TLS of an authority of its own, is there at once, and ends at a signal', async () => {
    const authority = await Authority.make();
    const pair = await authority.issue([{ type: 'ip', value: '127.0.0.1' }]);
    const secure = createTlsServer(pair, (_request, response) => response.end('secure'));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const upstream = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const folder = mkdtempSync(join(tmpdir(), 'writ-sidecar-'));
    const [ca, key] = [join(folder, 'ca.pem'), join(folder, 'key')];
    writeFileSync(ca, authority.pem);
    writeFileSync(key, writ.key());
    const args = ['bin/writ.js', 'enforce', 'http', '--bundle', bundleOf(shopFiles(upstream)), '--service', writ.url];
    const cwd = new URL('../..', import.meta.url);
    const started = async (env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; url: string }> => {
      const child = spawn(process.execPath, [...args, '--key-file', key, '--port', '0'], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let said = '';
      child.stdout?.on('data', (piece) => {
        said += piece;
      });
      await expect.poll(() => said, { timeout: 20_000 }).toMatch(/http:\/\/127/);
      return { child, url: /http:\S+:\d+/.exec(said)?.[0] ?? '' };
    };
    const ended = (child: ChildProcess): Promise<number | null> => {
      const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      return exit;
    };
    const [trusting, wary] = await Promise.all([
      started({ ...process.env, NODE_EXTRA_CA_CERTS: ca }),
      started({ ...process.env, NODE_EXTRA_CA_CERTS: undefined }),
    ]);
    expect(await ask(trusting.url, '/orders/17', { headers: bot() })).toMatchObject({ status: 200, body: 'secure' });
    expect(await ask(wary.url, '/orders/17', { headers: bot() })).toMatchObject({
      status: 502,
      json: { code: 'no_answer' },
    });
    expect(await Promise.all([trusting, wary].map(({ child }) => ended(child)))).toEqual([0, 0]);
    secure.closeAllConnections();
    secure.close();
  });
});
