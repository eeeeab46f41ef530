import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, inputRequired, ProtocolError, Server } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { connectTo, refusal } from './mcp-clients.js';
import { CAN_BE_ASKED, callParams, META, PLAIN_CASES, type PlainCase, withoutIds } from './plain-calls.js';
import { bundleOf, type Running, run } from './running.js';

/** Calls that are one request and one answer go without the SDK, on either side: everything about them is as if they did not. */

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly id: string; readonly params: { readonly name: string; readonly arguments: object } };
}
const got: Got[] = [];
let closed = 0;
const result = (id: unknown, more: object = {}): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    result: { content: [{ type: 'text', text: 'x' }], resultType: 'complete', ...more },
  });
const json = (response: ServerResponse, status: number, text: string): void =>
  void response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
const events = (response: ServerResponse, ...data: string[]): void => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
  response.write(': hello\n\n');
  for (const one of data) response.write(`event: message\ndata: ${one}\n\n`);
};
const NOTICE = JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 'é' },
});

/** What an HTTP server does instead of answering, by the name of the tool. */
const RAW: Record<string, (response: ServerResponse, id: string) => void> = {
  streams: (response, id) => {
    events(response, NOTICE, result('another'), result(id, { content: [{ type: 'text', text: 'é streamed' }] }));
  },
  pieces: (response, id) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    const bytes = Buffer.from(result(id, { content: [{ type: 'text', text: 'é in pieces' }] }));
    // In the middle of a character.
    const at = bytes.indexOf('é') + 1;
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.write(bytes.subarray(0, at), () => setTimeout(() => response.end(bytes.subarray(at)), 20));
  },
  stream_ends: (response) => {
    events(response, NOTICE);
    response.end();
  },
  stream_stays: (response) => {
    response.once('close', () => {
      closed += 1;
    });
    events(response, NOTICE);
  },
  drips: (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const drop = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(drop));
  },
  page: (response) => void response.writeHead(500, { 'Content-Type': 'text/html' }).end('<h1>no</h1>'),
  no_json: (response) => json(response, 200, '{"jsonrpc":'),
  other_id: (response) => json(response, 200, result('writ-0')),
  id_of_number: (response) => json(response, 200, result(7)),
  failing_status: (response, id) => json(response, 500, result(id)),
  elsewhere: (response) => void response.writeHead(307, { Location: 'http://127.0.0.1:1/mcp' }).end(),
  no_type: (response, id) =>
    json(response, 200, JSON.stringify({ jsonrpc: '2.0', id, result: { content: [], text: 'no resultType' } })),
  other_type: (response, id) => json(response, 200, result(id, { resultType: 'task' })),
  accepted: (response) => void response.writeHead(202).end(),
  nothing: (response, id) => json(response, 200, result(id, { content: undefined, structuredContent: { a: 1 } })),
  unknown: (response, id) =>
    json(
      response,
      200,
      result(id, { content: [{ type: 'video', uri: 'x', extra: { b: null } }], custom: { keep: [true] } }),
    ),
  no_content: (response, id) => json(response, 200, result(id, { content: 'x' })),
  bad_error: (response, id) => json(response, 400, JSON.stringify({ jsonrpc: '2.0', id, error: 'no object' })),
};

const schema = { type: 'object' as const, properties: { text: { type: 'string' } } };
const TOOLS = [
  ...['say', 'fails', 'refuses', 'asks', 'forbidden', ...Object.keys(RAW)].map((name) => ({
    name,
    description: name,
    inputSchema: schema,
  })),
  {
    name: 'repeats',
    description: 'has arguments repeated in headers',
    inputSchema: {
      ...schema,
      properties: {
        text: { type: 'string', 'x-mcp-header': 'Text' },
        deep: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'Deep-N' } } },
      },
    },
  },
];

function made(): Server {
  const server = new Server({ name: 'plain', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools: TOOLS }) as never);
  server.setRequestHandler('tools/call', ({ params: { name, arguments: input } }) => {
    const text = { type: 'text' as const, text: String(input?.text) };
    if (name === 'fails') return { content: [text], isError: true };
    if (name === 'refuses') throw new ProtocolError(-32_602, 'it has no such thing', { what: 'text' });
    if (name === 'asks')
      return inputRequired({
        inputRequests: {
          sure: inputRequired.elicit({ message: 'sure?', requestedSchema: { type: 'object', properties: {} } }),
        },
      }) as never;
    return { content: [text], _meta: { 'com.example/more': 1 } };
  });
  return server;
}

const BUNDLE = (url: string): string =>
  bundleOf({
    'writ.yaml': `name: plain
gateway:
  servers: { plain: { url: "${url}", timeout: 1s } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
    'schema.cedarschema': `entity User, Agent, tool;
action "tools/call" appliesTo { principal: [User, Agent], resource: [tool], context: { input: { text?: String, deep?: { n?: Long } } } };`,
    'policies/all.cedar': '@id("most") permit (principal, action, resource) unless { resource == tool::"forbidden" };',
  });

let writ: Running;
const handle = toNodeHandler(createMcpHandler(made));
const upstream = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    const body = text === '' ? undefined : JSON.parse(text);
    const raw = body?.method === 'tools/call' ? RAW[body.params.name as string] : undefined;
    if (body?.method === 'tools/call') got.push({ headers: request.headers, body });
    if (raw === undefined) void handle(request as NodeIncomingMessageLike, response, body);
    else raw(response, body.id);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  writ = await run(BUNDLE(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp`));
});
afterAll(async () => {
  await writ.stop();
  upstream.closeAllConnections();
  upstream.close();
});

interface Answered {
  readonly status: number;
  readonly isPlain: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly body: any;
}

/** A call as it is on the wire. The SDK sends no length of what it answers. */
async function call(name: string, input: object | undefined, meta: object = {}, more: object = {}): Promise<Answered> {
  const params = { ...callParams(name, input, meta), ...more };
  const response = await fetch(writ.writ.gatewayUrl as string, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${writ.key('bot')}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'tools/call',
      'Mcp-Name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 'c-1', method: 'tools/call', params }),
  });
  const body = JSON.parse(withoutIds(await response.text()));
  return { status: response.status, isPlain: response.headers.get('content-length') !== null, body };
}

describe('a plain call', () => {
  it.each<PlainCase>([
    ...PLAIN_CASES,
    ['whose server answers in pieces', 'pieces', {}, {}, { result: { content: [{ text: 'é in pieces' }] } }],
    ['whose server streams', 'streams', {}, {}, { result: { content: [{ text: 'é streamed' }] } }],
    ['whose answer has no content', 'nothing', {}, {}, { result: { resultType: 'complete' } }],
    ['whose content is a text', 'no_content', {}, {}, { result: { content: 'x' } }],
    [
      'whose answer has contents and members that nobody knows',
      'unknown',
      {},
      {},
      { result: { content: [{ type: 'video', uri: 'x', extra: { b: null } }], custom: { keep: [true] } } },
    ],
  ])('%s is answered as the SDK answers it', async (_what, name, input, meta, said) => {
    const plain = await call(name, input, meta);
    // Whoever wants to hear how far it is, is served by the SDK.
    const other = await call(name, input, { ...meta, progressToken: 1 });
    expect([plain.isPlain, other.isPlain]).toEqual([true, false]);
    expect({ ...plain, isPlain: false }).toEqual(other);
    expect(plain.body).toMatchObject(said);
  });

  it.each([
    ['whose server asks the user', 'asks', CAN_BE_ASKED, {}],
    ['whose server asks a user that cannot be asked', 'asks', {}, {}],
    ['without the capabilities of its client', 'say', { 'io.modelcontextprotocol/clientCapabilities': undefined }, {}],
    [
      'with capabilities that are none',
      'say',
      { 'io.modelcontextprotocol/clientCapabilities': { elicitation: 1 } },
      {},
    ],
    ['of another revision', 'say', { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' }, {}],
    ['with a log level', 'say', { 'io.modelcontextprotocol/logLevel': 'debug' }, {}],
    ['that says more than a call does', 'say', {}, { task: { ttl: 1 } }],
  ])('%s is left to the SDK', async (_what, name, meta, more) => {
    const before = got.length;
    const { isPlain } = await call(name, {}, meta, more);
    expect(isPlain).toBe(false);
    // Whoever answers: it is made once.
    expect(got.length - before).toBeLessThanOrEqual(1);
  });

  it('has what its server asks of the user, as the SDK has it', async () => {
    const { status, body } = await call('asks', {}, CAN_BE_ASKED);
    expect([status, body.result.resultType, Object.keys(body.result.inputRequests)]).toEqual([
      200,
      'input_required',
      ['sure'],
    ]);
  });
});

describe('a server over HTTP', () => {
  it('gets the call and nothing of the caller, with what it names in the headers', async () => {
    await call('say', { text: 'a' }, { 'com.example/secret': 's', ...CAN_BE_ASKED });
    const { headers, body } = got.at(-1) as Got;
    expect(headers).toMatchObject({
      'mcp-method': 'tools/call',
      'mcp-name': 'say',
      'mcp-protocol-version': '2026-07-28',
      'content-type': 'application/json',
    });
    expect(headers.authorization).toBeUndefined();
    expect(body.params).toEqual({
      name: 'say',
      arguments: { text: 'a' },
      _meta: {
        ...META,
        'io.modelcontextprotocol/clientInfo': { name: 'writ-gateway', version: expect.any(String) },
        'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
      },
    });
  });

  it.each([
    ['plainly', {}],
    ['through the SDK', { onprogress: () => undefined }],
  ])('that has arguments repeated in headers gets them, called %s', async (_how, options) => {
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
    const input = { text: 'hé', deep: { n: 3 } };
    await client.callTool({ name: 'repeats', arguments: input }, options);
    const { headers, body } = got.at(-1) as Got;
    expect(body.params.arguments).toEqual(input);
    expect(headers).toMatchObject({
      'mcp-param-text': `=?base64?${Buffer.from('hé').toString('base64')}?=`,
      'mcp-param-deep-n': '3',
    });
    await client.close();
  });

  it('whose error is of the protocol is heard, with its code and data', async () => {
    const { body } = await call('refuses', {});
    expect(body.error).toMatchObject({ code: -32_602, message: expect.stringContaining('it has no such thing') });
  });

  it.each([
    ['that ends its stream', 'stream_ends'],
    ['that keeps its stream open', 'stream_stays'],
    ['that answers for ever', 'drips'],
    ['that answers a page', 'page'],
    ['that answers no JSON', 'no_json'],
    ['that answers something else', 'other_id'],
    ['that answers another id', 'id_of_number'],
    ['that answers with a status that fails', 'failing_status'],
    ['that sends elsewhere', 'elsewhere'],
    ['whose answer has no type', 'no_type'],
    ['whose answer is of a type that nobody asked for', 'other_type'],
    ['that answers nothing', 'accepted'],
    ['whose error is none', 'bad_error'],
  ])(
    '%s has answered nothing: it may have been done',
    async (_what, name) => {
      const client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
      const { code, message, data } = await refusal<{ decisionId: string }>(client.callTool({ name, arguments: {} }));
      expect([code, message]).toEqual([-32_603, expect.stringContaining('it may have been done')]);
      const { outcome } = (await writ.writ.records.find(data.decisionId)) ?? {};
      expect(outcome?.status).toBe('unknown');
      // It is connected to again by itself.
      for (let i = 0; i < 100; i += 1) {
        const said = await client.callTool({ name: 'say', arguments: { text: 'b' } }).catch(() => undefined);
        if (said !== undefined) {
          expect(said._meta?.[DECISION_META]).toBeTypeOf('string');
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(i).toBeLessThan(99);
      }
      await client.close();
    },
    20_000,
  );

  it('is not waited for by a client that is gone', async () => {
    const [before, gone] = [closed, new AbortController()];
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
    const asked = client.callTool({ name: 'stream_stays', arguments: {} }, { signal: gone.signal });
    for (let i = 0; got.at(-1)?.body.params.name !== 'stream_stays' && i < 100; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    gone.abort();
    await expect(asked).rejects.toThrow();
    for (let i = 0; closed === before && i < 50; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(closed).toBe(before + 1);
    await client.close();
  });
});
