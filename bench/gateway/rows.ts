import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Row } from '../row.js';
import { freePort, type Server, startWrit, WRIT } from '../service/server.js';

const SERVER = fileURLToPath(new URL('server.js', import.meta.url));
const TOOL = { name: 'say', arguments: { text: 'the weather is fine today' } };
/** A gateway runs for weeks: what is measured is past the first ten thousand calls, in which its code is still being compiled. */
const [WARM_UP, MEASURED, ROUNDS] = [10_000, 400, 10];
const SESSIONS = 1_000;
/** The newest revision, which has no sessions on the wire. */
const OPTIONS = { versionNegotiation: { mode: 'auto' } } as const;

const bundle = (server: object, durability = 'before-response'): Readonly<Record<string, string>> => ({
  'writ.yaml': `name: bench
record: { durability: ${durability} }
gateway:
  servers: { says: ${JSON.stringify(server)} }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User, Agent, Tool;
action say appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { text: String } } };`,
  'policies/all.cedar': '@id("say") permit (principal, action == Action::"say", resource);',
});

/** What a decision before it adds to a call of a tool: the same call in turn, directly and through Writ, by the official client. */
export async function added(notes: string[]): Promise<Row[]> {
  const port = await freePort();
  const served = spawn(process.execPath, [SERVER, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(served.stdout, 'data');
  const [url, gatewayPort] = [`http://127.0.0.1:${port}/mcp`, await freePort()];
  const writ = await startWrit({ bundle: bundle({ url }), gatewayPort });
  const asyncPort = await freePort();
  const unwaiting = await startWrit({ bundle: bundle({ url }, 'async'), gatewayPort: asyncPort });
  const besidePort = await freePort();
  const command = { command: process.execPath, args: [SERVER] };
  const beside = await startWrit({ bundle: bundle(command, 'async'), gatewayPort: besidePort });
  const peer = await startPeer();
  const clients: Client[] = [];
  try {
    clients.push(
      await overHttp(url),
      await overHttp(`http://127.0.0.1:${gatewayPort}/mcp`, writ.keyOf?.('bot')),
      await overHttp(`http://127.0.0.1:${asyncPort}/mcp`, unwaiting.keyOf?.('bot')),
      await overStdio([SERVER]),
      await overStdio(guardOf(writ)),
      await overStdio(guardOf(unwaiting)),
      await overHttp(`http://127.0.0.1:${besidePort}/mcp`, beside.keyOf?.('bot')),
      ...(peer === undefined ? [] : [await overHttp(peer.url)]),
    );
    const [http, httpSync, httpAsync, stdio, stdioSync, stdioAsync, proxied, byPeer] = await inTurn(clients);
    const [onDisk, later] = ['the decision on disk before the call', '`durability: async`'];
    if (peer === undefined) notes.push('mcp-proxy is not here (it could not be installed): no ratio to it.');
    return [
      ...(peer === undefined ? [] : [besidePeer(proxied, byPeer)]),
      row(`Streamable HTTP, ${onDisk}`, http, httpSync),
      row(`Streamable HTTP, ${later}`, http, httpAsync),
      row(`stdio with \`writ guard\`, ${onDisk}`, stdio, stdioSync),
      row(`stdio with \`writ guard\`, ${later}`, stdio, stdioAsync),
    ];
  } finally {
    for (const client of clients) await client.close();
    await writ.stop();
    await unwaiting.stop();
    await beside.stop();
    peer?.child.kill();
    served.kill();
  }
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
  const gatewayPort = await freePort();
  const writ = await startWrit({ bundle: bundle({ command: process.execPath, args: [SERVER] }), gatewayPort });
  const url = `http://127.0.0.1:${gatewayPort}/mcp`;
  const connect = (): Promise<Client> => overHttp(url, writ.keyOf?.('bot'));
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

/** The median of each, in milliseconds. */
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
  return times.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] as number);
}

function row(over: string, direct = Number.NaN, through = Number.NaN): Row {
  const ms = through - direct;
  return {
    group: 'Gateway',
    name: `a call of a tool over ${over}`,
    figures: { 'direct ms': direct, 'through Writ ms': through, 'added ms': ms },
    peer: 'direct',
    ratio: through / direct,
    target: '≤ 0.5 ms added at the median',
    met: ms <= 0.5,
  };
}

function residentKb({ pid }: Server): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
