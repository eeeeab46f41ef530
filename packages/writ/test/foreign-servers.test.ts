import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from './mcp-clients.js';
import { META } from './plain-calls.js';
import { command } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'writ-foreign-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SERVER = fileURLToPath(new URL('servers/exact.mjs', import.meta.url));

/** A gateway in front of servers, with everything permitted. */
const gatewayOf = (servers: string): Promise<Running> =>
  run(
    bundleOf({
      'writ.yaml': `name: foreign
gateway:
  servers: ${servers}
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
      'schema.cedarschema': `entity User, Agent, tool;
action "tools/call" appliesTo { principal: [User, Agent], resource: [tool], context: { input: {} } };`,
      'policies/all.cedar': '@id("all") permit (principal, action, resource);',
    }),
  );
const stdio = (name: string, tools: string, answers: Readonly<Record<string, string>> = {}): string => {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ tools, answers }));
  return `{ command: node, args: ["${SERVER}", "${file}"] }`;
};
const tool = (name: string): string => `{"name":"${name}","description":"d","inputSchema":{"type":"object"}}`;

/** The text of the answer to a call in MCP 2026-07-28, and of one in a session, whose requests the SDK handles. */
async function answersTo(writ: Running, name: string): Promise<[plain: string, session: string]> {
  const url = String(writ.writ.gatewayUrl);
  const base = {
    authorization: `Bearer ${writ.key('bot')}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const post = (message: object, headers: object): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { ...base, ...headers }, body: JSON.stringify(message) });
  const call = { jsonrpc: '2.0', id: 7, method: 'tools/call' };
  const plain = await post(
    { ...call, params: { name, arguments: {}, _meta: META } },
    { 'mcp-method': 'tools/call', 'mcp-name': name, 'mcp-protocol-version': '2026-07-28' },
  );
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const begun = await post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize }, {});
  await begun.text();
  const session = { 'mcp-session-id': String(begun.headers.get('mcp-session-id')) };
  await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  const inSession = await post({ ...call, params: { name, arguments: {} } }, session);
  return [await plain.text(), await inSession.text()];
}

const SIGN_IN =
  '"data":{"elicitations":[{"mode":"url","elicitationId":"e1","url":"https://sign.example/in","message":"sign in"}]}';
const ANSWERS: Readonly<Record<string, [answer: string, parts: string[]]>> = {
  numbers: [
    '"result":{"content":[],"structuredContent":{"id":12345678901234567890,"f":1.0,"z":-0.0,"e":1E400,"d":0.10}}',
    ['{"id":12345678901234567890,"f":1.0,"z":-0.0,"e":1E400,"d":0.10}'],
  ],
  half: ['"result":{"content":[{"type":"text","text":"the last says ok \\ud83d"}]}', ['"the last says ok \ufffd"']],
  nul: ['"result":{"content":[{"type":"text","text":"a\\u0000b"}]}', ['"a\\u0000b"']],
  members: [
    '"result":{"content":[{"type":"video","uri":"x","extra":{"b":null}}],"_meta":{"x.example/y":[1]},"custom":{"keep":1.50}}',
    ['{"type":"video","uri":"x","extra":{"b":null}}', '"x.example/y":[1]', '"custom":{"keep":1.50}'],
  ],
  empty: ['"result":{}', ['"dev.writ/decision"']],
  sign_in: [`"error":{"code":-32042,"message":"sign in first",${SIGN_IN}}`, ['"code":-32042', SIGN_IN.slice(0, -1)]],
  gone: ['"error":{"code":-32002,"message":"gone","data":{"uri":"a:b","n":1.0}}', ['-32002', '"uri":"a:b","n":1.0']],
  limited: ['"error":{"code":4001,"message":"slow down","data":{"retryAfter":5}}', ['4001', '"slow down"', '"retryAfter":5']],
  text_data: ['"error":{"code":-1,"message":"m","data":"why"}', ['"code":-1', '"data":"why"']],
}; // biome-ignore format: an answer a line

describe('an answer of a server over stdio', () => {
  let writ: Running;
  beforeAll(async () => {
    const tools = `[${Object.keys(ANSWERS).map(tool).join()}]`;
    const answers = Object.fromEntries(Object.entries(ANSWERS).map(([name, [answer]]) => [name, answer]));
    writ = await gatewayOf(`{ exact: ${stdio('answers', tools, answers)} }`);
  });
  afterAll(() => writ.stop());

  it.each(Object.entries(ANSWERS))('goes through as it is: %s', async (name, [, parts]) => {
    for (const text of await answersTo(writ, name)) for (const part of parts) expect(text).toContain(part);
  });
});

/** Tools that are not as a tool has to be, or that only look so. */
const ODD: readonly [name: string, definition: string, reason: RegExp | undefined][] = [
  ['u64', '{"name":"u64","inputSchema":{"type":"object","properties":{"n":{"maximum":18446744073709551615}}}}', undefined],
  ['i64', '{"name":"i64","inputSchema":{"type":"object","properties":{"n":{"minimum":-9223372036854775808}}}}', undefined],
  ['infinite', '{"name":"infinite","inputSchema":{"type":"object","properties":{"n":{"maximum":1e999}}}}', /inputSchema/],
  ['cases', '{"name":"cases","inputSchema":{"type":"object","properties":{"id":{},"ID":{}}}}', undefined],
  ['doubled', '{"name":"doubled","description":"a","description":"b","inputSchema":{"type":"object"}}', undefined],
  ['emoji', '{"name":"emoji","description":"half \\ud83d","inputSchema":{"type":"object"}}', undefined],
  ['more', '{"name":"more","x-more":{"n":1.0},"inputSchema":{"type":"object","x-y":1}}', undefined],
  ['untitled', '{"name":"untitled","title":null,"inputSchema":{"type":"object"}}', /title/],
  ['numbered', '{"name":"numbered","description":5,"inputSchema":{"type":"object"}}', /description/],
  ['bare', '{"name":"bare"}', /inputSchema/],
  ['nulled', '{"name":"nulled","inputSchema":null}', /inputSchema/],
  ['a_list', '{"name":"a_list","inputSchema":[]}', /inputSchema/],
  ['hinted', '{"name":"hinted","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":"yes"}}', /readOnlyHint/],
  ['twin', `{"name":"twin","inputSchema":{"type":"object"}},{"name":"twin","inputSchema":{"type":"object"}}`, /twice/],
  ['deep', `{"name":"deep","inputSchema":{"type":"object","x":${'['.repeat(200)}${']'.repeat(200)}}}`, /nests deeper/],
  ['long', `{"name":"long","description":"${'x'.repeat(300_000)}","inputSchema":{"type":"object"}}`, /longer than 256 KiB/],
]; // biome-ignore format: a tool a line
const NAMELESS = [
  '{"inputSchema":{"type":"object"}}',
  '{"name":"","inputSchema":{}}',
  '5',
  '{"name":"a\\u0000b"}',
  'null',
];

describe('a tool that cannot be used as its server describes it', () => {
  let writ: Running;
  beforeAll(async () => {
    const tools = `[${[tool('echo'), ...ODD.map(([, definition]) => definition), ...NAMELESS].join()}]`;
    const echo = { echo: '"result":{"content":[{"type":"text","text":"ok"}]}' };
    writ = await gatewayOf(`{ odd: ${stdio('odd', tools, echo)} }`);
  });
  afterAll(() => writ.stop());

  it('takes no other tool away', async () => {
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
    const { tools } = await client.listTools();
    const usable = ODD.filter(([, , reason]) => reason === undefined).map(([name]) => name);
    expect(tools.map(({ name }) => name)).toEqual(['echo', ...usable]);
    expect(await client.callTool({ name: 'echo', arguments: {} })).toMatchObject({ content: [{ text: 'ok' }] });
    await client.close();
  });

  it.each(ODD.filter(([, , reason]) => reason !== undefined))(
    'is suspended, for a reason that is said: %s',
    async (name, _d, reason) => {
      const { error } = JSON.parse((await answersTo(writ, name))[0]);
      expect(error).toMatchObject({ code: -32_001, data: { refusal: { code: 'tool_suspended' } } });
      expect(error.message).toMatch(reason as RegExp);
      const { json } = await writ.send('GET', '/v1/tools', undefined, { as: 'admin' });
      const known = json.tools.find((one: { tool: string }) => one.tool === name);
      expect([known.state, known.unusable]).toEqual(['unusable', expect.stringMatching(reason as RegExp)]);
      const approved = await writ.send(
        'POST',
        `/v1/tools/odd/${name}/approve`,
        {
          hash: known.hash,
          reason: 'because',
        },
        { as: 'admin' },
      );
      expect(approved.status).toBe(409);
    },
  );

  it('is named by its place if it has no name', async () => {
    const { code, out } = await command(
      ...['tool', 'list', '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin')],
    );
    expect([code, out.match(/tool \d+ of the list/g)?.length]).toEqual([0, NAMELESS.length]);
    expect(out).toMatch(/odd\/untitled.*unusable, suspended.*title/);
  });
});

describe('a server with 3,000 tools', () => {
  it('is listed and pinned in reasonable time', async () => {
    const tools = `[${Array.from({ length: 3_000 }, (_one, i) => tool(`tool_${i}`)).join()}]`;
    const begun = process.cpuUsage();
    const writ = await gatewayOf(`{ many: ${stdio('many', tools)} }`);
    const { user, system } = process.cpuUsage(begun);
    const { json } = await writ.send('GET', '/v1/tools', undefined, { as: 'admin' });
    expect(json.tools).toHaveLength(3_000);
    // It was 29 s.
    expect((user + system) / 1_000_000).toBeLessThan(15);
    await writ.stop();
  });
});

type Hostile = (response: ServerResponse, id: unknown, method: string) => void;
const json = (response: ServerResponse, value: object): void => {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
};
const initialized = (response: ServerResponse, id: unknown): void =>
  json(response, {
    ...{ jsonrpc: '2.0', id },
    result: {
      ...{ protocolVersion: '2025-06-18', capabilities: { tools: {} } },
      serverInfo: { name: 'hostile', version: '1' },
    },
  });
const MIB = 'x'.repeat(1024 * 1024);
/** Writes until the client is gone. */
function forever(response: ServerResponse, piece: string): void {
  const write = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}
const HOSTILE: Readonly<Record<string, Hostile>> = {
  'initialize without an end': (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    forever(response, MIB);
  },
  'a stream of one event': (response, id, method) => {
    if (method === 'initialize') return initialized(response, id);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    forever(response, `data: ${MIB}\n`);
  },
  'a bomb': (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
    const zip = createGzip();
    zip.pipe(response);
    response.once('close', () => zip.destroy());
    const write = (): void => {
      while (!zip.destroyed && zip.write(MIB));
      if (!zip.destroyed) zip.once('drain', write);
    };
    write();
  },
  'pages without an end': (response, id, method) => {
    if (method === 'initialize') return initialized(response, id);
    const tools = Array.from({ length: 50 }, () => JSON.parse(tool(`t${Math.random()}`)));
    json(response, { jsonrpc: '2.0', id, result: { tools, nextCursor: String(Math.random()) } });
  },
  'large pages': (response, id, method) => {
    if (method === 'initialize') return initialized(response, id);
    const tools = [{ ...JSON.parse(tool(`t${Math.random()}`)), description: MIB.repeat(5) }];
    json(response, { jsonrpc: '2.0', id, result: { tools, nextCursor: String(Math.random()) } });
  },
};

describe('a server over HTTP that is hostile at the start', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  });

  it.each(Object.entries(HOSTILE))('is one broken server, in bounded memory: %s', async (_what, answer) => {
    const server = createServer((request, response) => {
      response.on('error', () => undefined);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { id, method } = JSON.parse(String(Buffer.concat(chunks)) || '{}');
        if (request.method !== 'POST') response.writeHead(405).end();
        else if (id === undefined) response.writeHead(202).end();
        else if (method === 'server/discover')
          json(response, { jsonrpc: '2.0', id, error: { code: -32_601, message: 'no' } });
        else answer(response, id, method);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    let most = 0;
    const before = process.memoryUsage().rss;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 20);
    const echo = { echo: '"result":{"content":[{"type":"text","text":"ok"}]}' };
    const good = stdio('good', `[${tool('echo')}]`, echo);
    const writ = await gatewayOf(`{ good: ${good}, hostile: { url: "http://127.0.0.1:${port}/mcp" } }`);
    const [text] = await answersTo(writ, 'echo');
    clearInterval(watch);
    expect(text).toContain('"text":"ok"');
    expect(most).toBeLessThan(400 * 1024 * 1024);
    await writ.stop();
    server.closeAllConnections();
  });
});
