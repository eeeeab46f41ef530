import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, guardArgs } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** A real server of 2025-11-25 that asks its client things and logs to it: each client has one for itself. */

const everything = fileURLToPath(new URL('../../../node_modules/.bin/mcp-server-everything', import.meta.url));
let served: ChildProcess;
/** With a process of the server for each client, and with a connection to one that is served elsewhere. */
let [withProcesses, withConnections]: [Running, Running] = [] as never;

const bundle = (server: string): string =>
  bundleOf({
    'writ.yaml': `name: asks
gateway:
  servers: { everything: { ${server}, perClient: true } }
  clients:
    ana: { agent: 'Agent::"bot"', for: 'User::"ana"' }
    eve: { agent: 'Agent::"bot"', for: 'User::"eve"' }
`,
    'schema.cedarschema': `entity User, Agent, Tool;
action "get-roots-list", "trigger-sampling-request", "trigger-elicitation-request", "toggle-simulated-logging" appliesTo {
  principal: [User, Agent], resource: [Tool], context: { input?: { prompt?: String, maxTokens?: Long } }
};\n`,
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  });

/** Serves it over Streamable HTTP. */
async function serve(): Promise<{ readonly port: number; readonly server: ChildProcess }> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const server = spawn(process.execPath, [everything, 'streamableHttp'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((resolve) => server.stderr?.once('data', resolve));
  return { port, server };
}

beforeAll(async () => {
  const { port, server } = await serve();
  served = server;
  withProcesses = await run(bundle(`command: node, args: ["${everything}"]`));
  withConnections = await run(bundle(`url: "http://127.0.0.1:${port}/mcp"`));
});
afterAll(async () => {
  await withProcesses.stop();
  await withConnections.stop();
  served.kill();
});

interface Connected {
  readonly client: Client;
  readonly asked: string[];
  readonly logged: unknown[];
}

/** A client of 2025-11-25 that can be asked; what it was asked and told. */
async function connected(transport: Transport): Promise<Connected> {
  const capabilities = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };
  const client = new Client({ name: 'x', version: '1' }, { capabilities, versionNegotiation: { mode: 'legacy' } });
  const [asked, logged]: [string[], unknown[]] = [[], []];
  client.setRequestHandler('sampling/createMessage', ({ params }) => {
    asked.push(JSON.stringify(params.messages));
    return { role: 'assistant', content: { type: 'text', text: 'a poem' }, model: 'm' };
  });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.message);
    return { action: 'decline' };
  });
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///work', name: 'work' }] }));
  client.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params.data));
  await client.connect(transport);
  return { client, asked, logged };
}

/** Everything that the server asks and logs. */
async function tried({ client, asked, logged }: Connected) {
  const names = (await client.listTools()).tools.map(({ name }) => name).sort();
  const say = async (name: string, args: Record<string, unknown> = {}) =>
    (await client.callTool({ name, arguments: args })).content;
  const roots = await say('get-roots-list');
  const sampled = await say('trigger-sampling-request', { prompt: 'write', maxTokens: 10 });
  const elicited = await say('trigger-elicitation-request');
  await client.setLoggingLevel('debug');
  await say('toggle-simulated-logging');
  await expect.poll(() => logged.length).toBeGreaterThan(0);
  await ended(client);
  return { names, roots, sampled, elicited, asked };
}

async function ended(client: Client): Promise<void> {
  const { transport } = client;
  if (transport instanceof StreamableHTTPClientTransport) await transport.terminateSession();
  await client.close();
}

const overStdio = (args: string[]): Transport =>
  new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' });
const requestInit = (running: Running, who: string) => ({
  requestInit: { headers: { Authorization: `Bearer ${running.key(who)}` } },
});
const overHttp = (running: Running, who: string): Transport =>
  new StreamableHTTPClientTransport(new URL(running.writ.gatewayUrl as string), requestInit(running, who));
const overSse = (running: Running, who: string): Transport =>
  new SSEClientTransport(
    new URL((running.writ.gatewayUrl as string).replace('/mcp', '/sse')),
    requestInit(running, who),
  );

/** How many processes of it there are. */
const running = (): number =>
  readdirSync('/proc').filter((pid) => {
    const of = join('/proc', pid, 'cmdline');
    if (!/^\d+$/.test(pid) || !existsSync(of)) return false;
    const command = readFileSync(of, 'utf8');
    return command.includes('mcp-server-everything') && !command.includes('streamableHttp');
  }).length;

describe('a server for each client', () => {
  it('writ guard, and the gateway in any way, are as if they were not there', async () => {
    const direct = await tried(await connected(overStdio([everything])));
    expect(direct.asked).toHaveLength(2);
    expect(JSON.stringify(direct.roots)).toContain('file:///work');
    const { url, writ } = withProcesses;
    expect(
      await tried(await connected(overStdio(guardArgs(url, writ.keyFile, '--', process.execPath, everything)))),
    ).toEqual(direct);
    for (const gateway of [withProcesses, withConnections])
      for (const over of [overHttp, overSse]) {
        const { names, ...answered } = await tried(await connected(over(gateway, 'ana')));
        expect({ ...answered, names: direct.names }).toEqual(direct);
        // Its list has what the schema knows.
        expect(names).toHaveLength(4);
      }
  });

  it.each([
    ['a process', 'Streamable HTTP', () => withProcesses, overHttp],
    ['a process', 'SSE alone', () => withProcesses, overSse],
    ['a connection', 'Streamable HTTP', () => withConnections, overHttp],
    ['a connection', 'SSE alone', () => withConnections, overSse],
  ] as const)(
    'is asked for by the client that called it: %s, over %s',
    async (what, _how, of, over) => {
      // The one that says what there is.
      await expect.poll(running).toBe(1);
      const [ana, eve] = [await connected(over(of(), 'ana')), await connected(over(of(), 'eve'))];
      expect(running()).toBe(what === 'a process' ? 3 : 1);
      await Promise.all(
        [ana, eve].map(({ client }, i) =>
          client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: `for ${i}`, maxTokens: 10 } }),
        ),
      );
      expect([ana.asked, eve.asked].map((asked) => [asked.length, asked[0]?.match(/for \d/)?.[0]])).toEqual([
        [1, 'for 0'],
        [1, 'for 1'],
      ]);
      for (const { client } of [ana, eve]) await ended(client);
      await expect.poll(running).toBe(1);
    },
    30_000,
  );

  it('that is gone begins nothing, and the client hears of it', async () => {
    const { port, server } = await serve();
    const gateway = await run(bundle(`url: "http://127.0.0.1:${port}/mcp"`));
    server.kill();
    await new Promise((resolve) => server.once('exit', resolve));
    for (const over of [overHttp, overSse])
      await expect(connected(over(gateway, 'ana'))).rejects.toThrow(
        'a server of the session did not start; try again later',
      );
    await gateway.stop();
  }, 30_000);
});
