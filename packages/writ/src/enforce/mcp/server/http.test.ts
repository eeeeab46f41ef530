import { request as httpRequest } from 'node:http';
import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import type { CallingClient } from '@writ/enforce';
import { CallQueue } from '@writ/enforce';
import type { Decision, DecisionPoint } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { afterEach, describe, expect, it } from 'vitest';
import type { DecisionId } from '../../../lib/ids.js';
import { KnownHosts } from '../../../lib/known-hosts.js';
import { isLoopback } from '../../../lib/loopback.js';
import type { Upstream } from '../client/upstream.js';
import { Gateway } from '../gateway/gateway.js';
import { CallMapper } from '../gateway/map-call.js';
import { APPROVED } from '../protocol/tool-states.js';
import { serveGateway } from './http.js';

const NOTHING = { resources: [], templates: [], prompts: [], completes: false, notifies: false, logs: false };
const NAMES = new Set(['writ.example']);
const HOLD = { stepUp: 'reference', waitMs: 0, justify: false, deferMs: 0, deferred: 0 } as const;

/** A server with one tool, which answers with its argument. */
const upstream = {
  ...{ name: 'says', prefix: '', isAlive: true, contents: { ...NOTHING, tasks: false } },
  tools: [{ name: 'say', inputSchema: { type: 'object' } }],
  schemaError: () => undefined,
  call: async (_tool: string, { text }: { text: string }) => {
    if (text === 'fail') throw new Error('the server is on fire');
    return { content: [{ type: 'text', text }] };
  },
} as unknown as Upstream;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A gateway that permits everything but to say `no`. */
async function served(resource?: string) {
  const reported: string[] = [];
  const logged: string[] = [];
  const log: Log = { warn: (line) => logged.push(line), error: (error, line) => logged.push(`${line}: ${error}`) };
  const point: DecisionPoint = {
    couldPermit: undefined,
    onRevoked: undefined,
    denyFinally: undefined,
    decide: async ({ context }, { proof }): Promise<Decision> => {
      if (proof !== undefined) reported.push(`proof for ${proof.url}`);
      const { text } = (context?.input ?? {}) as { text?: string };
      return { id: 'd1' as DecisionId, result: text === 'no' ? 'deny' : 'allow', reasons: [], policyVersion: 'v' };
    },
    report: async (id, status) => void reported.push(`${id} ${status}`),
  };
  const gateway = new Gateway({
    attempts: { add: () => undefined },
    ...{ upstreams: [upstream], startPerClient: undefined, point, log, hash: (text: string) => `h${text.length}` },
    mapper: () => new CallMapper([], {}, 'no-schema'),
    queue: new CallQueue(point, () => HOLD, {
      ask: async () => undefined,
      settled: () => expect.fail('nobody is asked'),
    }),
    toolStates: { stateOf: () => APPROVED },
  });
  const client: CallingClient = { originator: { type: 'User', id: 'ana' }, agent: undefined, task: 't' };
  const other: CallingClient = { ...client, task: 'other' };
  const clients: Readonly<Record<string, CallingClient>> = { 'Bearer ana': client, 'Bearer other': other };
  const server = await serveGateway({
    attempts: { add: () => undefined },
    ...{ gateway, log, host: '127.0.0.1', port: 0, certificate: undefined },
    hosts: new KnownHosts(() => NAMES, isLoopback),
    identify: async (authorization) => {
      if (authorization === 'Bearer down') throw new Error('the issuer does not answer');
      const known = clients[authorization ?? ''];
      return known && { client: known, txnToken: undefined };
    },
    protectedResource: () => ({ resource, name: 'test', authorizationServers: [], scopes: [], proofs: ['ES256'] }),
  });
  closers.push(() => server.close());
  return { url: server.url, reported, logged, listsChanged: () => server.listsChanged() };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as it is, with headers that `fetch` would not let through. */
async function send(url: string, { method = 'POST', path = '/mcp', headers = {}, body }: Sent) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const { port } = new URL(url);
    const common = { authorization: 'Bearer ana', 'content-type': 'application/json' };
    const accept = 'application/json, text/event-stream';
    const sent = httpRequest({ port, host: '127.0.0.1', method, path, headers: { ...common, accept, ...headers } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += String(piece);
      });
      const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      response.once('end', done);
      // A stream has no end of its own.
      if (String(response.headers['content-type']).startsWith('text/event-stream') && method === 'GET')
        response.once('data', () => {
          done();
          sent.destroy();
        });
    });
    sent.end(body);
  });
}

const message = (method: string, params: object, id = 1) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const INITIALIZE = message('initialize', {
  ...{ protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
});
const MODERN = { [PROTOCOL_VERSION_META_KEY]: '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const modern = (text: string) => ({
  headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'say' },
  body: message('tools/call', { name: 'say', arguments: { text }, _meta: MODERN }),
});

describe('the front of the gateway', () => {
  it.each<[string, Sent, number, string]>([
    ['a host that is not this machine', { headers: { host: 'evil.example' } }, 403, 'Invalid Host'],
    ['a host under a name of this machine', { headers: { host: 'localhost.evil.example' } }, 403, 'Invalid Host'],
    ['a host of this network', { headers: { host: '10.1.2.3:7466' } }, 403, 'Invalid Host'],
    ['a host with more than a name', { headers: { host: 'writ.example/@evil.example' } }, 403, 'Invalid Host'],
    [
      'a page of another site that calls it by its name',
      { headers: { host: 'writ.example', origin: 'https://evil.example' } },
      403,
      'Invalid Origin',
    ],
    ['a page without an origin', { headers: { origin: 'null' } }, 403, 'Invalid Origin'],
    ['a page of another site', { headers: { origin: 'https://evil.example' } }, 403, 'Invalid Origin'],
    ['another path', { path: '/other' }, 404, 'MCP is served at /mcp'],
    ['no credential', { headers: { authorization: '' } }, 401, 'send the client key'],
    ['a credential that proves nothing', { headers: { authorization: 'Bearer x' } }, 401, 'send the client key'],
    ['a credential that cannot be verified', { headers: { authorization: 'Bearer down' } }, 503, 'cannot be verified'],
    ['another content type', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'application/json'],
    ['a body that is too large', { body: `"${'x'.repeat(1024 * 1024)}"` }, 413, 'larger than 1048576 bytes'],
    ['a body that is no JSON', { body: '{' }, 400, 'line 1'],
    ['two readings', { body: '{"jsonrpc":"2.0","jsonrpc":"2.0"}' }, 400, 'twice'],
    ['a header that says another method', { ...modern('x'), body: message('tools/list', {}) }, 400, 'Mcp-Method'],
    ['a method that nobody knows', { body: message('tools/rename', {}) }, 200, 'does not know it'],
    ['the same of 2026-07-28', { body: message('tools/rename', { _meta: MODERN }) }, 404, 'does not know it'],
    ['a session that there is not', { headers: { 'mcp-session-id': 'x' }, body: INITIALIZE }, 404, 'no session'],
    ['a stream that there is not', { path: '/messages?sessionId=x', body: INITIALIZE }, 404, 'no stream'],
    ['a stream that is posted', { path: '/sse', body: '{}' }, 405, 'opened by GET'],
    ['a message that is got', { method: 'GET', path: '/messages' }, 405, 'sent by POST'],
  ])('refuses %s', async (_what, sent, status, text) => {
    const { url, reported } = await served();
    const answer = await send(url, sent);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(text)]);
    expect(reported).toEqual([]);
  });

  it.each(['writ.example', 'WRIT.example:8443', 'writ.example.', 'localhost:1', '[::1]'])(
    'answers as %s, also to a page of that name',
    async (host) => {
      const { url } = await served();
      const { headers, body } = modern('hello');
      for (const origin of [{}, { origin: `https://${host}` }])
        expect((await send(url, { headers: { ...headers, host, ...origin }, body })).status).toBe(200);
    },
  );

  it('says who is trusted, to anybody', async () => {
    const { url } = await served();
    const sent = { method: 'GET', path: '/.well-known/oauth-protected-resource', headers: { authorization: '' } };
    const { status, text } = await send(url, sent);
    expect([status, JSON.parse(text)]).toMatchObject([200, { resource: url, resource_name: 'test' }]);
    const refused = await send(url, { headers: { authorization: 'Bearer x' } });
    expect(refused.headers['www-authenticate']).toMatch(/resource_metadata="http:.*\/mcp", error="invalid_token"$/);
  });

  it.each(['https://writ.example/mcp', undefined])('a proof of possession is for %s', async (resource) => {
    const { url, reported } = await served(resource);
    const { headers, body } = modern('no');
    await send(url, { headers: { ...headers, dpop: 'x' }, body });
    expect(reported).toEqual([`proof for ${resource ?? url}`]);
  });

  it('logs why nobody could be identified', async () => {
    const { url, logged } = await served();
    const broken = { ...modern('x'), headers: { ...modern('x').headers, authorization: 'Bearer down' } };
    await send(url, broken);
    expect(logged).toEqual(['no identity: Error: the issuer does not answer']);
  });
});

describe('the transports of the gateway', () => {
  const said = { content: [{ type: 'text', text: 'hello' }] };

  it('a request of 2026-07-28 is answered by itself', async () => {
    const { url, reported } = await served();
    const { status, text } = await send(url, modern('hello'));
    expect([status, JSON.parse(text)]).toMatchObject([200, { id: 1, result: said }]);
    const denied = await send(url, modern('no'));
    expect(JSON.parse(denied.text).error).toMatchObject({ code: -32_001, data: { decisionId: 'd1' } });
    const failed = await send(url, modern('fail'));
    expect(JSON.parse(failed.text).error.message).toMatch(/begun and its server stopped answering/);
    expect(reported).toEqual(['d1 completed', 'd1 unknown']);
  });

  it('a call with a progress token goes through the SDK, and is answered the same', async () => {
    const { url } = await served();
    const plain = modern('hello');
    const params = { name: 'say', arguments: { text: 'hello' }, _meta: { ...MODERN, progressToken: 7 } };
    const { status, text } = await send(url, { ...plain, body: message('tools/call', params) });
    expect([status, text]).toEqual([200, expect.stringContaining('"hello"')]);
  });

  it('a session is of the client that began it', async () => {
    const { url } = await served();
    const begun = await send(url, { body: INITIALIZE });
    const session = String(begun.headers['mcp-session-id']);
    expect([begun.status, session]).toEqual([200, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
    const call = { headers, body: message('tools/call', { name: 'say', arguments: { text: 'hello' } }, 2) };
    expect((await send(url, call)).text).toContain('"hello"');
    const others = { ...call, headers: { ...headers, authorization: 'Bearer other' } };
    expect((await send(url, others)).status).toBe(404);
    expect((await send(url, { method: 'DELETE', headers })).status).toBe(200);
    expect((await send(url, call)).status).toBe(404);
  });

  it('a stream says where its messages go', async () => {
    const { url } = await served();
    const { status, text } = await send(url, { method: 'GET', path: '/sse' });
    expect([status, text]).toEqual([200, expect.stringMatching(/^event: endpoint\ndata: \/messages\?sessionId=/)]);
  });
});
