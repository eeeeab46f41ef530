import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, ProtocolError, Server } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callParams } from './plain-calls.js';
import { bundleOf } from './running.js';

/**
 * A server, or a proxy before it, that repeats the credentials that it was configured with, in every way that it can (attack
 * F18). Neither the log, the record nor the client gets them.
 */

const BIN = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const TOKEN = 'upstream-credential/4711';
const KEY = 'key-of-the-command-0815';
const FORMS = [TOKEN, KEY].flatMap((one) => [
  one,
  encodeURIComponent(one),
  Buffer.from(one).toString('base64').replace(/=+$/, ''),
  Buffer.from(one).toString('hex'),
]);
/** The last two take the connection down. */
const TOOLS = ['honest', 'result', 'failed', 'refused', 'meta', 'status', 'broken'];

/** The authorization that the server was last sent. */
let sent = '';
const inputSchema = { type: 'object', properties: {} };
function made(): Server {
  const server = new Server({ name: 'echo', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(
    'tools/list',
    () => ({ tools: TOOLS.map((name) => ({ name, description: name, inputSchema })) }) as never,
  );
  server.setRequestHandler('tools/call', ({ params: { name } }) => {
    const half = sent.split(' ')[1] ?? '';
    const all = [
      sent,
      encodeURIComponent(half),
      Buffer.from(half).toString('base64'),
      Buffer.from(half).toString('hex'),
    ];
    const text = name === 'honest' ? 'Bearer of good news, upstream' : `you sent ${all.join(', ')}`;
    if (name === 'refused') throw new ProtocolError(-32_602, text, { headers: { [half]: text } });
    const content = [{ type: 'text' as const, text }];
    if (name === 'meta') return { content: [], structuredContent: { said: [text] }, _meta: { 'a.b/c': text } };
    return { content, isError: name === 'failed' };
  });
  return server;
}

const handle = toNodeHandler(createMcpHandler(made));
const upstream = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    const body = text === '' ? undefined : JSON.parse(text);
    sent = String(request.headers.authorization);
    const name = body?.method === 'tools/call' ? body.params.name : undefined;
    // As a proxy that shows what it was sent.
    if (name === 'status') response.writeHead(401, { 'content-type': 'text/plain' }).end(`no: ${sent}`);
    else if (name === 'broken') response.writeHead(200, { 'content-type': 'application/json' }).end(`{${sent}`);
    else void handle(request as NodeIncomingMessageLike, response, body);
  });
});

let data: string;
let child: ChildProcess;
let log = '';
let gateway = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  data = mkdtempSync(join(tmpdir(), 'writ-struck-'));
  const said = join(data, 'says-its-key.mjs');
  writeFileSync(said, SAYS_ITS_KEY);
  const bundle = bundleOf({
    'writ.yaml': `name: struck
gateway:
  servers:
    http: { url: "http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp", headers: { Authorization: "Bearer \${env:UPSTREAM}" } }
    stdio: { command: node, args: ["${said}"], env: { API_KEY: ${KEY}, MODE: production } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
    'schema.cedarschema':
      'entity User, Agent, tool; action "tools/call" appliesTo { principal: [User, Agent], resource: [tool], context: { input: { text?: String } } };',
    'policies/all.cedar': '@id("all") permit (principal, action, resource);',
  });
  const args = [
    'start',
    '--bundle',
    bundle,
    '--data',
    data,
    '--port',
    '0',
    '--gateway-port',
    '0',
    '--log-level',
    'trace',
  ];
  child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, NO_COLOR: '1', UPSTREAM: TOKEN } });
  let out = '';
  child.stderr?.on('data', (chunk) => {
    log += String(chunk);
  });
  child.stdout?.on('data', (chunk) => {
    out += String(chunk);
  });
  while (!/gateway +http.*\n/.test(out) && child.exitCode === null) await new Promise((done) => setTimeout(done, 20));
  gateway = /gateway +(\S+)/.exec(out)?.[1] ?? '';
}, 90_000);
afterAll(async () => {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  upstream.closeAllConnections();
  upstream.close();
  rmSync(data, { recursive: true, force: true });
});

async function call(name: string, meta: object = {}): Promise<string> {
  const response = await fetch(gateway, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${readFileSync(join(data, 'keys/bot.key'), 'utf8').trim()}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'tools/call',
      'Mcp-Name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: callParams(name, {}, meta) }),
  });
  return response.text();
}

it('no answer, log or record has them; an honest answer is as it was', async () => {
  const answers: string[] = [];
  for (const name of [...TOOLS, 'says', 'fails'])
    for (const meta of [{}, { progressToken: 1 }]) answers.push(await call(name, meta));
  const all = answers.join('\n');
  expect(all).toContain('[credential]');
  expect(all).toContain('Bearer of good news, upstream');
  expect(all).toContain('in the mode production');
  const files = readdirSync(data).filter((name) => /\.db|journal/.test(name));
  const kept = files.map((name) => readFileSync(join(data, name)).toString('latin1')).join('\n');
  expect(kept).toContain('[credential]');
  for (const form of FORMS) {
    expect(all, 'an answer').not.toContain(form);
    expect(log, 'the log').not.toContain(form);
    expect(kept, 'the record').not.toContain(form);
  }
}, 60_000);

const SAYS_ITS_KEY = `
import { createInterface } from 'node:readline';
const key = process.env.API_KEY;
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const tools = ['says', 'fails'].map((name) => ({ name, description: 'with ' + key, inputSchema: { type: 'object', properties: {} } }));
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  process.stderr.write('my key is ' + key + '\\n');
  if (id === undefined) return;
  const serverInfo = { name: 'says', version: '1' };
  if (method === 'initialize') return say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo } });
  if (method === 'tools/list') return say({ id, result: { tools } });
  if (method !== 'tools/call') return say({ id, error: { code: -32601, message: 'no' } });
  const text = 'my key is ' + key + ', ' + Buffer.from('k:' + key).toString('base64') + ', in the mode ' + process.env.MODE;
  if (params.name === 'fails') return say({ id, error: { code: -32000, message: text, data: { text } } });
  say({ id, result: { content: [{ type: 'text', text }] } });
});
`;
