import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Row } from '../row.js';
import { freePort, type Server, startWrit, WRIT } from '../service/server.js';

const SERVER = fileURLToPath(new URL('server.js', import.meta.url));
const BARE = fileURLToPath(new URL('bare.js', import.meta.url));
const TOOL = { name: 'say', arguments: { text: 'the weather is fine today' } };
/** A gateway runs for weeks: what is measured is past the first ten thousand calls, in which its code is still being compiled. */
const [WARM_UP, MEASURED, ROUNDS] = [10_000, 400, 10];
const SESSIONS = 1_000;
/** In milliseconds. */
const MOST = 0.5;
/** The newest revision, which has no sessions on the wire. */
const OPTIONS = { versionNegotiation: { mode: 'auto' } } as const;

const bundle = (server: object, durability = 'before-response'): Readonly<Record<string, string>> => ({
  'writ.yaml': `name: bench
callers: { default: {} }
record: { durability: ${durability} }
gateway:
  servers: { says: ${JSON.stringify(server)} }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User, Agent, Tool;
action say appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { text: String } } };`,
  'policies/all.cedar': '@id("say") permit (principal, action == Action::"say", resource);',
});

const ON_DISK = 'the decision on disk before the call';
const LATER = '`durability: async`';

/** What a decision before it adds to a call of a tool over Streamable HTTP: the same call in turn, directly and through Writ, by the official client. */
export async function http(): Promise<Row[]> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const server = await started(SERVER, String(port));
  const gateways = [await startGateway(bundle({ url })), await startGateway(bundle({ url }, 'async'))];
  try {
    const [direct, onDisk, later] = await inTurn([
      await overHttp(url),
      ...(await Promise.all(gateways.map((gateway) => overHttp(gateway.url, gateway.key)))),
    ]);
    return [
      row(`a call of a tool over Streamable HTTP, ${ON_DISK}`, direct, onDisk, MOST),
      row(`a call of a tool over Streamable HTTP, ${LATER}`, direct, later, MOST),
    ];
  } finally {
    for (const { writ } of gateways) await writ.stop();
    server.kill();
  }
}

/** The least that anything between a client and a server costs on this machine. */
export async function least(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bare-'));
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const [url, bareUrl, syncedUrl] = ports.map((port) => `http://127.0.0.1:${port}/mcp`) as [string, string, string];
  const [port, barePort, syncedPort] = ports.map(String) as [string, string, string];
  const children = [
    await started(SERVER, port),
    await started(BARE, barePort, url),
    await started(BARE, syncedPort, url, join(folder, 'synced')),
  ];
  try {
    const clients = [await overHttp(url), await overHttp(bareUrl), await overHttp(syncedUrl)];
    const [direct, bare, synced] = await inTurn(clients);
    return [
      row('the least of it over HTTP: a process of Node on the way that passes on and decides nothing', direct, bare),
      row('the same, with 2 KiB synced to the disk before each request', direct, synced),
    ];
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
}

/** A process that says when it is there. */
async function started(...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

/** The same over stdio, through a guard. */
export async function stdio(): Promise<Row[]> {
  const command = { command: process.execPath, args: [SERVER] };
  const gateways = [await startGateway(bundle(command)), await startGateway(bundle(command, 'async'))];
  try {
    const [direct, onDisk, later] = await inTurn([
      await overStdio([SERVER]),
      ...(await Promise.all(gateways.map(({ writ }) => overStdio(guardOf(writ))))),
    ]);
    return [
      row(`a call of a tool over stdio with \`writ guard\`, ${ON_DISK}`, direct, onDisk, MOST),
      row(`a call of a tool over stdio with \`writ guard\`, ${LATER}`, direct, later, MOST),
    ];
  } finally {
    for (const { writ } of gateways) await writ.stop();
  }
}

/** Beside a gateway that decides nothing, both in front of the same server over stdio. */
export async function proxied(notes: string[]): Promise<Row[]> {
  const peer = await startPeer();
  if (peer === undefined) {
    notes.push('mcp-proxy is not here (it could not be installed): no ratio to it.');
    return [];
  }
  const gateway = await startGateway(bundle({ command: process.execPath, args: [SERVER] }, 'async'));
  try {
    const [writ, proxy] = await inTurn([await overHttp(gateway.url, gateway.key), await overHttp(peer.url)]);
    return [besidePeer(writ, proxy)];
  } finally {
    await gateway.writ.stop();
    peer.child.kill();
  }
}

async function startGateway(files: Readonly<Record<string, string>>) {
  const gatewayPort = await freePort();
  const writ = await startWrit({ bundle: files, gatewayPort });
  return { writ, url: `http://127.0.0.1:${gatewayPort}/mcp`, key: writ.keyOf?.('bot') };
}

const PEER = fileURLToPath(new URL('../../gateway/peer', import.meta.url));

/** mcp-proxy in front of the same server over stdio: it passes on what it gets, and decides nothing. Undefined where it cannot be had. */
async function startPeer(): Promise<{ readonly child: ChildProcess; readonly url: string } | undefined> {
  const script = join(PEER, 'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs');
  if (!existsSync(script)) {
    const install = ['ci', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund'];
    const { status } = spawnSync('npm', install, { cwd: PEER, stdio: ['ignore', 2, 2] });
    if (status !== 0 || !existsSync(script)) return undefined;
  }
  const port = await freePort();
  const flags = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--no-eventStore'];
  const child = spawn(process.execPath, [script, ...flags, '--', process.execPath, SERVER], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/mcp`;
  for (let i = 0; i < 100; i += 1) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return { child, url };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  return undefined;
}

function besidePeer(writ = Number.NaN, peer = Number.NaN): Row {
  return {
    group: 'Gateway',
    name: 'a call over Streamable HTTP to a server over stdio: Writ with `durability: async`, and mcp-proxy 6.7.19, which decides nothing',
    figures: { 'through Writ ms': writ, 'through mcp-proxy ms': peer },
    peer: 'mcp-proxy',
    ratio: writ / peer,
  };
}

/** A thousand clients at once: what each costs in memory while it is connected, and that all get their answers. */
export async function thousand(): Promise<Row[]> {
  const { writ, url, key } = await startGateway(bundle({ command: process.execPath, args: [SERVER] }));
  const connect = (): Promise<Client> => overHttp(url, key);
  try {
    const first = await connect();
    for (let i = 0; i < WARM_UP; i += 1) await first.callTool(TOOL);
    const before = residentKb(writ);
    const clients: Client[] = [];
    for (let i = 0; i < SESSIONS; i += 50) clients.push(...(await Promise.all(Array.from({ length: 50 }, connect))));
    const began = performance.now();
    const answers = await Promise.all(clients.map((client) => client.callTool(TOOL).catch(() => undefined)));
    const seconds = (performance.now() - began) / 1_000;
    const answered = answers.filter((answer) => answer !== undefined).length;
    const kb = Math.max(0, residentKb(writ) - before) / SESSIONS;
    for (const client of [first, ...clients]) await client.close();
    return [
      {
        group: 'Gateway',
        name: `${SESSIONS} clients that call at once, one process, a server over stdio`,
        figures: { answered, 'calls/s': answered / seconds, 'KiB a client': kb },
        target: 'all answered',
        met: answered === SESSIONS,
      },
    ];
  } finally {
    await writ.stop();
  }
}

async function overHttp(url: string, key?: string): Promise<Client> {
  const client = new Client({ name: 'bench', version: '1.0.0' }, OPTIONS);
  const headers: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

async function overStdio(args: string[]): Promise<Client> {
  const client = new Client({ name: 'bench', version: '1.0.0' }, OPTIONS);
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }));
  return client;
}

function guardOf({ port, keyFileOf }: Server): string[] {
  const service = ['--service', `http://127.0.0.1:${port}`, '--key-file', keyFileOf?.('default') ?? ''];
  const who = ['--for', 'User::"ana"', '--agent', 'Agent::"bot"'];
  return [WRIT, 'guard', ...service, ...who, '--', process.execPath, SERVER];
}

/** The median of each, in milliseconds; the clients are closed then. */
async function inTurn(clients: readonly Client[]): Promise<number[]> {
  const times = clients.map((): number[] => []);
  for (const client of clients) for (let i = 0; i < WARM_UP; i += 1) await client.callTool(TOOL);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [k, client] of clients.entries()) {
      for (let i = 0; i < MEASURED; i += 1) {
        const began = performance.now();
        await client.callTool(TOOL);
        times[k]?.push(performance.now() - began);
      }
    }
  }
  for (const client of clients) await client.close();
  return times.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] as number);
}

/** @param most that it may add, in milliseconds */
function row(name: string, direct = Number.NaN, through = Number.NaN, most?: number): Row {
  const ms = through - direct;
  return {
    group: 'Gateway',
    name,
    figures: { 'direct ms': direct, 'through it ms': through, 'added ms': ms },
    peer: 'direct',
    ratio: through / direct,
    ...(most === undefined ? {} : { target: `≤ ${most} ms added at the median`, met: ms <= most }),
  };
}

function residentKb({ pid }: Server): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
