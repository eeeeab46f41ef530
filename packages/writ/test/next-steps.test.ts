import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepServers } from '../src/cli/up/kept-servers.js';
import { connectTo, refusal } from './mcp-clients.js';
import { commandHere } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** Messages at which a stranger stopped: each says what is next. */

const SERVER = fileURLToPath(
  new URL('../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
);
/** The server, which writes its process id into a file. */
const NOTED = `require('fs').writeFileSync(process.argv[1], String(process.pid)); process.argv.splice(1); import(${JSON.stringify(SERVER)})`;

let writ: Running;
let home: string;
let config: string;
const stopping = new AbortController();
const logged: { readonly level: number; readonly msg: string }[] = [];
const logger = pino(
  { level: 'debug' },
  new Writable({
    write(line, _, done) {
      logged.push(JSON.parse(String(line)));
      done();
    },
  }),
);
const states = (): unknown[] =>
  logged.filter(({ msg }) => msg.includes('demo is')).map(({ level, msg }) => [level, msg]);
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'writ-next-'));
  config = join(home, 'mcp.json');
  const bundle = bundleOf({
    'writ.yaml': `name: next
gateway:
  servers: { demo: { command: node, args: ['-e', ${JSON.stringify(NOTED)}, ${JSON.stringify(join(home, 'pid'))}], pin: approve } }
  clients: { cursor: { agent: 'Agent::"cursor"', for: 'User::"ana"' } }
`,
    'schema.cedarschema': `entity User, Agent, Tool;
action echo, ech appliesTo { principal: [User, Agent], resource: [Tool], context: { input?: { message?: String } } };`,
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  });
  writ = await run(bundle, { stop: stopping.signal, logger });
  keepServers(writ.data, {
    ...{ variables: {}, removed: [] },
    servers: [{ server: 'demo', client: 'cursor', file: config, path: ['mcpServers'], name: 'demo' }],
  });
});
afterAll(async () => {
  await writ.stop();
  rmSync(home, { recursive: true, force: true });
});

const admin = (...args: string[]) =>
  commandHere(...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));
const backups = (): string[] => readdirSync(home).filter((name) => name.includes('writ-backup'));

describe('writ up connect', () => {
  const connect = (...args: string[]) => commandHere('up', 'connect', '--data', writ.data, ...args);
  const before = '{ "mcpServers": { "demo": { "command": "demo" } } }\n';
  const written = (): string => readFileSync(config, 'utf8');

  it('refuses a gateway that does not answer, and changes nothing', async () => {
    writeFileSync(config, before);
    const other = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    for (const [url, why] of [
      ['http://127.0.0.1:1/mcp', 'no gateway answers at http://127.0.0.1:1/mcp'],
      [`http://127.0.0.1:${port}/mcp`, 'is no gateway: it answers 200 without a credential'],
      ['localhost', 'localhost is no URL of a gateway'],
    ] as const) {
      const { code, out } = await connect('--gateway', url);
      expect([code, out]).toEqual([2, expect.stringContaining(why)]);
      expect(out).toContain('--no-check');
    }
    other.close();
    expect([written(), backups()]).toEqual([before, []]);
  });

  it('writes it in with --no-check, and one that answers without', async () => {
    expect((await connect('--gateway', 'http://127.0.0.1:1/mcp', '--no-check')).code).toBe(0);
    expect(written()).toContain('http://127.0.0.1:1/mcp');
    expect((await connect('--undo')).code).toBe(0);
    expect((await connect('--gateway', String(writ.writ.gatewayUrl))).code).toBe(0);
    expect(written()).toContain(String(writ.writ.gatewayUrl));
  });

  it('keeps no other copy of a configuration that is not changed', async () => {
    const [text, kept] = [written(), backups()];
    const again = await connect('--gateway', String(writ.writ.gatewayUrl));
    expect([again.code, again.out]).toEqual([
      0,
      expect.stringContaining('asks the gateway already; it is not changed'),
    ]);
    expect([written(), backups()]).toEqual([text, kept]);
    expect((await connect('--undo')).out).toContain('has demo again');
    const undone = [written(), backups()];
    expect((await connect('--undo')).out).toContain('nothing was changed');
    expect([written(), backups()]).toEqual(undone);
  });
});

describe('a tool', () => {
  it('that is not approved yet is refused with the commands that approve it', async () => {
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('cursor'));
    const { message } = await refusal(client.callTool({ name: 'echo', arguments: { message: 'x' } }));
    expect(message).toContain('`writ tool show demo/echo`');
    expect(message).toContain('`writ tool approve demo/echo`');
    await client.close();
  });

  it('that no server lists is refused by its name, with the command that lists them', async () => {
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('cursor'));
    const { message } = await refusal(client.callTool({ name: 'ech', arguments: {} }));
    expect(message).toContain('no server of the gateway lists a tool ech; `writ tool list` shows');
    expect(message).not.toContain('/ech');
    await client.close();
  });
});

it('a tool without its server is answered with the whole name', async () => {
  for (const name of ['echo', 'other/echo']) {
    const { code, out } = await admin('tool', 'show', name);
    expect([code, out]).toEqual([2, expect.stringContaining(`has given a tool ${name}`)]);
    expect(out).toContain('did you mean demo/echo?');
  }
  expect((await admin('tool', 'show', 'demo/nothing')).out).toContain('writ tool list shows');
});

it('a new key of a client says that its configuration is next; that of a caller, what to restart', async () => {
  const { out } = await admin('caller', 'rotate', 'cursor');
  expect(out).toContain('next: put it into the configuration of the client with `writ up connect --client cursor`');
  await admin('caller', 'add', 'sidecar', '--for', 'User::"ana"');
  expect((await admin('caller', 'rotate', 'sidecar')).out).toContain('next: restart what asks with it');
});

it('init says how to mend a server that does not start', async () => {
  const bundle = bundleOf({ 'writ.yaml': 'name: added\n', 'schema.cedarschema': 'entity User, Agent, Tool;' });
  const { code, out } = await commandHere('init', bundle, '--server', 'gone', '--', 'no-such-command-here');
  expect([code, out]).toEqual([2, expect.stringContaining('try the command by hand: no-such-command-here')]);
});

it('a server that ends while the service stops is no warning; before, it is', async () => {
  const end = (): void => void process.kill(Number(readFileSync(join(home, 'pid'), 'utf8')), 'SIGKILL');
  end();
  await expect.poll(states).toContainEqual([40, expect.stringContaining('demo is gone')]);
  await expect.poll(states).toContainEqual([40, 'demo is back']);
  logged.length = 0;
  stopping.abort();
  end();
  await expect.poll(states).toContainEqual([20, expect.stringContaining('demo is gone')]);
  expect(logged.filter(({ level }) => level >= 40)).toEqual([]);
});
