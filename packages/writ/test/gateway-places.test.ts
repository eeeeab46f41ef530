import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Agent, fetch as fetchBy } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from './certificates.js';
import { freePort } from './processes.js';
import { sendRaw } from './raw.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The address, the certificate and the names of the gateway. */

const NAME = 'writ.example';
const folder = mkdtempSync(join(tmpdir(), 'writ-places-'));
const SERVER = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
const files = (resource?: string): Record<string, string> => ({
  'writ.yaml': `name: places
gateway:
  ${resource === undefined ? '' : `resource: ${resource}`}
  servers: { plain: { command: node, args: ["${SERVER}", "${join(folder, 'said.txt')}"] } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User, Agent, Tool;
    action say appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { text?: String } } };`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
});

let authority: Authority;
let tls: Awaited<ReturnType<Authority['serverFiles']>>;
let agent: Agent;
beforeAll(async () => {
  authority = await Authority.make();
  tls = await authority.serverFiles();
  // A client anywhere: it resolves the name to this machine, and accepts certificates of the authority.
  const lookup: NonNullable<import('node:net').TcpSocketConnectOpts['lookup']> = (_name, { all }, found) =>
    all === true ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);
  agent = new Agent({ connect: { ca: authority.pem, lookup } });
});
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(async () => {
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

async function started(bundle: string, options: Parameters<typeof run>[1] = {}): Promise<Running> {
  const writ = await run(bundle, options);
  stops.push(() => writ.stop());
  return writ;
}

/** Calls a tool with the official client. */
async function said(url: string, key: string): Promise<unknown> {
  const client = new Client({ name: 'bot', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const headers = { Authorization: `Bearer ${key}` };
  const fetch = (to: string | URL, init?: RequestInit): Promise<Response> =>
    fetchBy(to, { ...init, dispatcher: agent } as Parameters<typeof fetchBy>[1]) as unknown as Promise<Response>;
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers }, fetch }));
  const { content } = await client.callTool({ name: 'say', arguments: { text: 'hé' } });
  await client.close();
  return (content as { text: string }[])[0]?.text;
}

const statusAs = async (url: string, host: string, origin?: string): Promise<string | undefined> => {
  const page = origin === undefined ? '' : `Origin: ${origin}\r\n`;
  const text = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\n${page}Content-Length: 0\r\nConnection: close\r\n\r\n`;
  return (await sendRaw(url, text, 20_000))[0];
};

describe('the address of the gateway', () => {
  it('is the one that it is started with, with the certificate of the service', async () => {
    const writ = await started(bundleOf(files()), { gatewayHost: '0.0.0.0', tls });
    expect(writ.writ.gatewayUrl).toMatch(/^https:\/\/0\.0\.0\.0:\d+\/mcp$/);
    const url = (writ.writ.gatewayUrl as string).replace('0.0.0.0', '127.0.0.1');
    expect(await said(url, writ.key('bot'))).toBe('hé');
    expect(await sendRaw(url, 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')).not.toContain('401');
  });

  it('is loopback without TLS by default, whatever the service has', async () => {
    const writ = await started(bundleOf(files()), { host: '0.0.0.0', tls });
    expect(writ.writ.gatewayUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
  });

  it('has a certificate of its own where it is given one', async () => {
    const { cert, key } = await authority.issue([{ type: 'dns', value: NAME }]);
    const own = { cert: join(folder, 'own.pem'), key: join(folder, 'own.key') };
    writeFileSync(own.cert, cert);
    writeFileSync(own.key, key, { mode: 0o600 });
    const writ = await started(bundleOf(files()), { gatewayTls: own });
    const { port } = new URL(writ.writ.gatewayUrl as string);
    expect(await said(`https://${NAME}:${port}/mcp`, writ.key('bot'))).toBe('hé');
  });

  it('is refused where keys would travel in the clear', async () => {
    const refused = run(bundleOf(files()), { gatewayHost: '0.0.0.0' });
    await expect(refused).rejects.toMatchObject({ code: 'gateway_in_the_clear' });
    const resource = run(bundleOf(files(`http://${NAME}/mcp`)), { gatewayHost: '0.0.0.0' });
    await expect(resource).rejects.toMatchObject({ code: 'gateway_in_the_clear' });
  });

  it('is refused with a key that is not that of the certificate', async () => {
    const { key } = await authority.issue([{ type: 'dns', value: NAME }]);
    writeFileSync(join(folder, 'other.key'), key);
    const refused = run(bundleOf(files()), { gatewayTls: { cert: tls.cert, key: join(folder, 'other.key') } });
    await expect(refused).rejects.toMatchObject({ code: 'certificate_unusable' });
  });
});

describe('the names of the gateway', () => {
  it('are those of its resource, of the public URL and of the command line', async () => {
    const options = { publicUrl: 'https://PDP.example/base', hostNames: ['mcp.example'] };
    const bundle = bundleOf(files(`https://${NAME}/mcp`));
    const writ = await started(bundle, options);
    const url = writ.writ.gatewayUrl as string;
    const names = [NAME, `${NAME}:443`, 'pdp.example', 'mcp.example', '127.0.0.1:1', 'localhost'];
    for (const name of names) expect([name, await statusAs(url, name)]).toEqual([name, '401']);
    const foreign = ['evil.example', `${NAME}.evil.example`, '10.1.2.3', 'writ', 'writ.internal'];
    for (const name of foreign) expect([name, await statusAs(url, name)]).toEqual([name, '403']);
    expect(await statusAs(url, NAME, 'https://evil.example')).toBe('403');
    writeBundle(bundle, files('https://moved.example/mcp'));
    await writ.writ.reload();
    expect(await statusAs(url, NAME)).toBe('403');
    expect(await statusAs(url, 'moved.example')).toBe('401');
  });

  it('are those that no stranger has, where it listens on a network', async () => {
    const writ = await started(bundleOf(files()), { gatewayHost: '0.0.0.0', publicUrl: `https://${NAME}` });
    const url = (writ.writ.gatewayUrl as string).replace('0.0.0.0', '127.0.0.1');
    for (const name of [NAME, '10.1.2.3:7466', 'writ', 'writ.shop.svc.cluster.local', '[fd00::1]'])
      expect([name, await statusAs(url, name)]).toEqual([name, '401']);
    for (const name of ['evil.example', '10.1.2.3.evil.example', 'svc.evil.example'])
      expect([name, await statusAs(url, name)]).toEqual([name, '403']);
  });
});

const has = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
};

/** Proxies that end TLS and keep `Host`, each before a port. @returns where it listens */
const PROXIES: Readonly<Record<string, (target: number) => Promise<number>>> = {
  async node(target) {
    const { cert, key } = await certificate();
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      const { method, url: path, headers } = request;
      const onward = httpRequest({ port: target, host: '127.0.0.1', method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  },
  async caddy(target) {
    const [port, { cert, key }] = [await freePort(), await certificate()];
    const config = join(folder, 'Caddyfile');
    writeFileSync(
      config,
      `{\n admin off\n auto_https off\n}\nhttps://${NAME}:${port} {\n tls ${cert} ${key}\n reverse_proxy 127.0.0.1:${target}\n}\n`,
    );
    return listening('caddy', ['run', '--config', config, '--adapter', 'caddyfile'], port);
  },
  async nginx(target) {
    const [port, { cert, key }] = [await freePort(), await certificate()];
    const config = join(folder, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (of) => `${of}_temp_path ${folder}/${of};`,
    );
    writeFileSync(
      config,
      `daemon off; error_log ${folder}/error.log; pid ${folder}/nginx.pid; events {}
http { ${temporary.join(' ')} access_log off; server {
  listen 127.0.0.1:${port} ssl; server_name ${NAME}; ssl_certificate ${cert}; ssl_certificate_key ${key};
  location / { proxy_pass http://127.0.0.1:${target}; proxy_set_header Host $host; proxy_http_version 1.1; proxy_buffering off; }
} }\n`,
    );
    return listening('nginx', ['-p', folder, '-c', config], port);
  },
};

async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const pair = await authority.issue([{ type: 'dns', value: NAME }]);
  const paths = { cert: join(folder, 'proxy.pem'), key: join(folder, 'proxy.key') };
  writeFileSync(paths.cert, pair.cert);
  writeFileSync(paths.key, pair.key);
  return paths;
}

/** Runs a program until the end of the test. @returns the port, once it listens there */
async function listening(command: string, args: readonly string[], port: number): Promise<number> {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, HOME: folder } });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  stops.push(async () => {
    child.kill();
    await ended;
  });
  const answers = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  await expect.poll(answers).toBe(true);
  return port;
}

describe('behind a proxy that keeps Host', () => {
  // Caddy and nginx are tried where they are installed.
  for (const [name, proxy] of Object.entries(PROXIES))
    it.skipIf(name !== 'node' && !has(name))(`${name}: the gateway is served under its name`, async () => {
      const gatewayPort = await freePort();
      const port = await proxy(gatewayPort);
      const url = `https://${NAME}:${port}/mcp`;
      const writ = await started(bundleOf(files(url)), { gatewayPort });
      expect(await said(url, writ.key('bot'))).toBe('hé');
      const refused = await fetchBy(url, { method: 'POST', dispatcher: agent });
      expect(refused.status).toBe(401);
      const metadata = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] as string;
      const described = await fetchBy(metadata, { dispatcher: agent });
      expect(await described.json()).toMatchObject({ resource: url });
    });
});
