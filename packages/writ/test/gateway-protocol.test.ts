import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, SSEClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connectTo, refusal } from './mcp-clients.js';
import { guardArgs } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** What MCP has besides plain calls, through the gateway: for clients of the current revision and of those before. */

const server = (name: string): string => fileURLToPath(new URL(`servers/${name}.mjs`, import.meta.url));
const ANY = z.looseObject({});
const folder = mkdtempSync(join(tmpdir(), 'writ-protocol-'));
const journal = join(folder, 'journal.txt');
const declared = join(folder, 'declared.json');
const done = (): string[] => (existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : []);

const object = (properties: object, mapping: object): object => ({
  inputSchema: { type: 'object', properties, 'x-authzen-mapping': mapping },
});
const SUBJECT = { type: 'identity', id: '$token.sub' };
/** Tools with mappings of their server's (COAZ-MCP, "Declaring a Mapping"). */
const DECLARED = [
  {
    name: 'get_customer',
    ...object(
      { id: { type: 'string' } },
      {
        evaluation: {
          subject: SUBJECT,
          action: { name: 'get_customer' },
          resource: { type: 'customer', id: '$params.arguments.id' },
          context: { agent: '$token.?client_id' },
        },
      },
    ),
  },
  {
    name: 'copy_object',
    ...object(
      { source: { type: 'string' }, destination: { type: 'string' } },
      {
        evaluations: {
          subject: SUBJECT,
          evaluations: [
            { action: { name: 'read' }, resource: { type: 'item', id: '$params.arguments.source' } },
            { action: { name: 'write' }, resource: { type: 'item', id: '$params.arguments.destination' } },
          ],
        },
      },
    ),
  },
  {
    name: 'smuggle',
    ...object(
      { user: { type: 'string' } },
      {
        evaluation: {
          subject: { id: '$params.arguments.user' },
          action: { name: 'get_customer' },
          resource: { type: 'customer', id: 'c-1' },
        },
      },
    ),
  },
  { name: 'broken', ...object({}, { evaluation: { resource: { type: 'customer', id: 'c-1' } } }) },
  { name: 'undeclared', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } },
];

const FILES: Record<string, string> = {
  'writ.yaml': `
name: protocol
callers: { quiet: {} }
gateway:
  servers:
    talkative: { command: node, args: ["${server('talkative')}", "${journal}"] }
    declared: { command: node, args: ["${server('changing')}", "${declared}", "${folder}/declared.txt"] }
    ours: { command: node, args: ["${server('changing')}", "${declared}", "${folder}/ours.txt"], prefix: ours_, mappings: bundle }
  clients:
    ana: { agent: 'Agent::"bot"', for: 'User::"ana"' }
    eve: { agent: 'Agent::"bot"', for: 'User::"eve"' }
    carl: { agent: 'Agent::"bot"', for: 'User::"carl"' }
    dora: { agent: 'Agent::"bot"', for: 'User::"dora"' }
`,
  'schema.cedarschema': `
entity User, Agent, Tool, tool, customer, item, resource, prompt, mcp_server;
action pay appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { amount: Long } } };
action touch appliesTo { principal: [User, Agent], resource: [Tool], context: { input: {} } };
action fetch appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { page: String } } };
action steps appliesTo { principal: [User, Agent], resource: [Tool], context: { input: {}, ledger: { seen: Set<String> } } };
action get_customer appliesTo { principal: [User, Agent], resource: [customer], context: { input: { id?: String } } };
action read, write appliesTo { principal: [User, Agent], resource: [item], context: { input: { source: String, destination: String } } };
action "tools/call" appliesTo { principal: [User, Agent], resource: [tool], context: { input: { id?: String } } };
action "tools/list", initialize, "server/discover" appliesTo { principal: [User, Agent], resource: [mcp_server], context: { protocol_version?: String } };
action "resources/read", "resources/subscribe" appliesTo { principal: [User, Agent], resource: [resource], context: { input: { uri: String } } };
action "prompts/get" appliesTo { principal: [User, Agent], resource: [prompt], context: { input: { who: String } } };
action "completion/complete" appliesTo { principal: [User, Agent], resource: [prompt, resource], context: { input: { name: String, value: String } } };
`,
  'service/quiet.cedar': '@id("quiet") forbid (principal == Caller::"quiet", action == Action::"report", resource);',
  'ledger.yaml': 'accumulators:\n  seen: { key: task, set: labels }\n',
  'tools.yaml':
    'tools:\n  fetch: { effects: [read], result: internal }\ndetect: { instructions: injected, hidden-text: hidden }\n',
  'policies/all.cedar': `
@id("agents") permit (principal is Agent, action, resource);
@id("lists") permit (principal, action in [Action::"tools/list", Action::"initialize", Action::"server/discover"], resource);
@id("no-old-eve") @reason("she comes with the current revision")
forbid (principal == User::"eve", action == Action::"initialize", resource) when { context has protocol_version && context.protocol_version like "*" };
@id("calls") permit (principal == User::"ana", action in [Action::"pay", Action::"steps", Action::"touch"], resource);
@id("carl") permit (principal == User::"carl", action in [Action::"fetch", Action::"steps"], resource);
@id("after-instructions") @reason("what it read spoke to the model")
forbid (principal, action == Action::"steps", resource) when { context.ledger.seen.contains("injected") };
@id("one-customer") permit (principal == User::"ana", action == Action::"get_customer", resource == customer::"c-1");
@id("reads") permit (principal == User::"ana", action == Action::"read", resource);
@id("writes-to-archive") permit (principal == User::"ana", action == Action::"write", resource == item::"archive");
@id("undeclared") permit (principal == User::"ana", action == Action::"tools/call", resource == tool::"undeclared");
@id("contents") permit (principal == User::"ana", action in [Action::"resources/read", Action::"prompts/get", Action::"completion/complete"], resource);
@id("note-of-dora") permit (principal == User::"dora", action == Action::"resources/subscribe", resource);
@id("note") permit (principal == User::"ana", action == Action::"resources/subscribe", resource == resource::"note://one");
`,
};

let writ: Running;
beforeAll(async () => {
  writeFileSync(declared, JSON.stringify(DECLARED));
  writ = await run(bundleOf(FILES));
});
afterAll(async () => {
  await writ.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Mode = 'auto' | 'legacy';
async function connect(mode: Mode = 'auto', name = 'ana', capabilities: object = {}): Promise<Client> {
  const client = await connectTo(writ.writ.gatewayUrl, writ.key(name), { versionNegotiation: { mode }, capabilities });
  if ('elicitation' in capabilities)
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { yes: true } }));
  return client;
}
async function using<T>(connecting: Promise<Client>, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connecting;
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
const call = (client: Client, name: string, args: object = {}) =>
  client.callTool({ name, arguments: args as Record<string, unknown> });
const rpc = (body: object, headers: Record<string, string> = {}, who = 'ana'): Promise<Response> =>
  fetch(writ.writ.gatewayUrl as string, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      Authorization: `Bearer ${writ.key(who)}`,
      ...headers,
    },
  });
const MODES = ['auto', 'legacy'] as const;

describe('mappings that a server declares for its tools (COAZ-MCP)', () => {
  it('evaluation: the call is decided as the server says', () =>
    using(connect(), async (client) => {
      await call(client, 'get_customer', { id: 'c-1' });
      const { code, data } = await refusal(call(client, 'get_customer', { id: 'c-2' }));
      expect(code).toBe(-32_001);
      const record = await writ.writ.records.find(String(data.decisionId));
      expect(record?.decision.request).toMatchObject({
        subject: { type: 'User', id: 'ana' },
        action: { name: 'get_customer' },
        resource: { type: 'customer', id: 'c-2' },
      });
    }));

  it('evaluations: every decision has to be a permit, and what was permitted before one that is not did not happen', () =>
    using(connect(), async (client) => {
      await call(client, 'copy_object', { source: 'a', destination: 'archive' });
      const { data } = await refusal(call(client, 'copy_object', { source: 'a', destination: 'elsewhere' }));
      expect(data).toMatchObject({ reasons: [], result: 'deny' });
      const { json } = await writ.send('GET', '/v1/decisions?limit=10', undefined, { as: 'admin' });
      const outcomes: unknown[] = [];
      for (const { id } of json.decisions.slice(0, 4) as { id: string }[]) {
        const { decision, outcome } = (await writ.writ.records.find(id)) ?? {};
        outcomes.push([decision?.request.action.name, decision?.result, outcome?.status]);
      }
      expect(outcomes).toEqual([
        ['write', 'deny', undefined],
        ['read', 'allow', 'not-executed'],
        ['write', 'allow', 'completed'],
        ['read', 'allow', 'completed'],
      ]);
    }));

  it('a mapping that says who asks is a mapping error, and nothing is decided', () =>
    using(connect(), async (client) => {
      const { code, message } = await refusal(call(client, 'smuggle', { user: 'root' }));
      expect(code).toBe(-32_602);
      expect(message).toContain('`subject.id` is not who the credential is about');
    }));

  it('a malformed mapping is a mapping error, and the tool is not shown', () =>
    using(connect(), async (client) => {
      expect((await refusal(call(client, 'broken'))).code).toBe(-32_602);
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toContain('get_customer');
      expect(names).not.toContain('broken');
    }));

  it('is shown to clients in the list of tools', () =>
    using(connect(), async (client) => {
      const tool = (await client.listTools()).tools.find(({ name }) => name === 'get_customer');
      expect(tool?.inputSchema).toMatchObject({
        'x-authzen-mapping': { evaluation: { action: { name: 'get_customer' } } },
      });
    }));

  it('a tool without one, and without an action of its own, is `tools/call` on `tool::"<name>"`', () =>
    using(connect(), async (client) => {
      await call(client, 'undeclared', { id: 'x' });
    }));

  it('does not count where the bundle says `mappings: bundle`', () =>
    using(connect(), async (client) => {
      expect((await refusal(call(client, 'ours_get_customer', { id: 'c-1' }))).code).toBe(-32_001);
    }));
});

describe('methods (COAZ-MCP, "Default Mappings")', () => {
  it('what concerns the server as a whole is decided where the schema has it', async () => {
    const error = await connect('legacy', 'eve').then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(String(error)).toContain('she comes with the current revision');
    await using(connect('legacy'), async (client) => void (await client.listTools()));
    await using(connect('auto', 'eve'), async (client) => expect((await client.listTools()).tools).toEqual([]));
  });

  it.each(MODES)('ping is passed through (%s)', async (mode) => {
    if (mode === 'legacy') await using(connect(mode), (client) => client.ping());
    else expect((await rpc({ method: 'ping' })).status).toBe(200);
  });

  it.each(['tools/delete', 'sampling/createMessage', '__proto__', ''])(
    '%j is not known, and denied',
    async (method) => {
      const response = await rpc({ method });
      expect(await response.json()).toMatchObject({ id: 1, error: { code: -32_001 } });
    },
  );

  it('of MCP 2026-07-28, what is not known is answered as that revision says', async () => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const response = await rpc(
      { method: 'tools/delete', params: { _meta } },
      { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/delete' },
    );
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ error: expect.objectContaining({ code: -32_601 }) }),
    ]);
  });

  it.each(MODES)('completion/complete is decided, and only of what a server has (%s)', async (mode) => {
    await using(connect(mode), async (client) => {
      const ask = (ref: object, value: string) =>
        client.complete({
          ref,
          argument: { name: 'type' in ref && ref.type === 'ref/prompt' ? 'who' : 'name', value },
        } as never);
      const prompt = { type: 'ref/prompt', name: 'greet' };
      expect((await ask(prompt, 'b')).completion.values).toEqual(['ben', 'bob']);
      expect((await ask({ type: 'ref/resource', uri: 'city://{name}' }, 'p')).completion.values).toEqual([
        'paris',
        'pisa',
      ]);
      expect((await refusal(ask({ type: 'ref/prompt', name: 'none' }, 'b'))).code).toBe(-32_602);
    });
    const response = await rpc({
      method: 'completion/complete',
      params: { ref: { type: 'ref/other' }, argument: { name: 'a', value: '' } },
    });
    expect(await response.text()).toContain('"error"');
  });

  it('a completion that is not permitted tells nothing', () =>
    using(connect('auto', 'eve'), async (client) => {
      const ask = client.complete({
        ref: { type: 'ref/prompt', name: 'greet' },
        argument: { name: 'who', value: 'b' },
      });
      expect((await refusal(ask)).code).toBe(-32_001);
    }));
});

describe('what a server asks of the user behind a client', () => {
  it.each(MODES)('goes to the client and back, and each round is a decision of its own (%s)', async (mode) => {
    const before = done().length;
    await using(connect(mode, 'ana', { elicitation: { form: {} } }), async (client) => {
      const answer = await call(client, 'pay', { amount: 5 });
      expect(answer.content).toEqual([{ type: 'text', text: 'paid 5' }]);
    });
    expect(done().slice(before)).toEqual(['paid 5']);
    const { json } = await writ.send('GET', '/v1/decisions?limit=2', undefined, { as: 'admin' });
    const statuses = [];
    for (const { id } of json.decisions as { id: string }[])
      statuses.push((await writ.writ.records.find(id))?.outcome?.status);
    expect(statuses).toEqual(['completed', 'failed']);
  });

  it('is not asked of a client that cannot be asked', () =>
    using(connect(), async (client) => {
      const before = done().length;
      const answer = await call(client, 'pay', { amount: 5 }).catch((error: unknown) => error);
      expect(answer instanceof Error || (answer as { isError?: boolean }).isError).toBe(true);
      expect(done()).toHaveLength(before);
    }));

  const modern = (extra: object, who = 'ana', amount = 5): Promise<Response> =>
    rpc(
      {
        method: 'tools/call',
        params: {
          name: 'pay',
          arguments: { amount },
          ...extra,
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
            'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
          },
        },
      },
      { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': 'pay' },
      who,
    );
  const YES = { inputResponses: { sure: { action: 'accept', content: { yes: true } } } };

  it('a state that was given for another call, or to somebody else, or that was made up, is refused (state-handle hijack)', async () => {
    const before = done().length;
    const first = (await (await modern({})).json()) as { result: { requestState: string; resultType: string } };
    expect(first.result.resultType).toBe('input_required');
    const { requestState } = first.result;
    const bare = requestState.slice(requestState.indexOf('.') + 1);
    for (const [state, who, amount] of [
      [requestState, 'eve', 5],
      [requestState, 'ana', 5_000],
      [bare, 'ana', 5],
      [`x.${bare}`, 'ana', 5],
      [requestState.replace(/.$/, '#'), 'ana', 5],
    ] as const) {
      const answer = (await (await modern({ ...YES, requestState: state }, who, amount)).json()) as {
        error?: { code: number };
      };
      expect(answer.error?.code).toBe(-32_602);
    }
    expect(done()).toHaveLength(before);
    const answer = await (await modern({ ...YES, requestState })).json();
    expect(answer).toMatchObject({ result: { content: [{ text: 'paid 5' }] } });
  });
});

describe('what a tool answers', () => {
  it('is looked through for text that speaks to the model, and policies know of it from then on', () =>
    using(connect('auto', 'carl'), async (client) => {
      await call(client, 'fetch', { page: 'good' });
      await call(client, 'steps');
      await call(client, 'fetch', { page: 'evil' });
      const { message } = await refusal(call(client, 'steps'));
      expect(message).toContain('what it read spoke to the model');
      const { json } = await writ.send('GET', '/v1/decisions?limit=2', undefined, { as: 'admin' });
      const fetched = await writ.writ.records.find(json.decisions[1].id);
      expect(fetched?.outcome?.labels).toEqual(expect.arrayContaining(['hidden', 'injected']));
    }));
});

describe('while a call is going on', () => {
  it.each(MODES)('its server says how far it is (%s)', async (mode) => {
    const heard: unknown[] = [];
    await using(connect(mode), (client) =>
      client.callTool(
        { name: 'steps', arguments: {} },
        { onprogress: ({ progress, total, message }) => heard.push([progress, total, message]) },
      ),
    );
    expect(heard).toEqual([1, 2, 3].map((n) => [n, 3, `step ${n}`]));
  });
});

describe('resources that change', () => {
  const heardBy = async (client: Client, subscribe: () => Promise<unknown>): Promise<string[]> => {
    const heard: string[] = [];
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri));
    await subscribe();
    await call(client, 'touch');
    await expect.poll(() => heard).toEqual(['note://one']);
    return heard;
  };

  it('are told to a client that listens (2026-07-28)', () =>
    using(
      connect(),
      async (client) => void (await heardBy(client, () => client.listen({ resourceSubscriptions: ['note://one'] }))),
    ));

  it('are told in a session (2025-11-25), until it does not want to hear of them', () =>
    using(connect('legacy'), async (client) => {
      const heard = await heardBy(client, () => client.subscribeResource({ uri: 'note://one' }));
      await client.unsubscribeResource({ uri: 'note://one' });
      await call(client, 'touch');
      await call(client, 'touch');
      expect(heard).toHaveLength(1);
    }));

  it('are not told any more to who is revoked, whatever is still open', () =>
    using(connect(), (client) =>
      using(connect('auto', 'dora'), async (dora) => {
        const heard: string[] = [];
        dora.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri));
        await dora.listen({ resourceSubscriptions: ['note://one'] });
        await call(client, 'touch');
        await expect.poll(() => heard).toHaveLength(1);
        const revoked = { kind: 'identity', target: 'User::"dora"', reason: 'gone' };
        expect((await writ.send('POST', '/v1/revocations', revoked, { as: 'admin' })).status).toBe(201);
        await call(client, 'touch');
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(heard).toHaveLength(1);
      }),
    ));

  it('are told to nobody who may not hear of them', async () => {
    await using(connect('auto', 'eve'), async (client) => {
      await expect(client.listen({ resourceSubscriptions: ['note://one'] })).rejects.toThrow(/not permitted/);
    });
    await using(connect('legacy'), async (client) => {
      expect((await refusal(client.subscribeResource({ uri: 'city://paris' }))).code).toBe(-32_001);
    });
  });
});

describe('sessions of clients of 2025-11-25', () => {
  const begin = async (who = 'ana'): Promise<string> => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const response = await rpc({ method: 'initialize', params }, {}, who);
    expect(response.status).toBe(200);
    await response.text();
    return response.headers.get('mcp-session-id') as string;
  };
  const inSession = (session: string, body: object, who = 'ana', headers: Record<string, string> = {}) =>
    rpc(body, { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25', ...headers }, who);

  it('a session is of whoever began it: for anybody else it is not there, and it ends when it is ended', async () => {
    const session = await begin();
    expect((await inSession(session, { method: 'tools/list' })).status).toBe(200);
    expect((await inSession(session, { method: 'tools/list' }, 'eve')).status).toBe(404);
    const headers = { Authorization: `Bearer ${writ.key('ana')}`, 'Mcp-Session-Id': session };
    const as = (who: string) => ({ ...headers, Authorization: `Bearer ${writ.key(who)}` });
    const url = writ.writ.gatewayUrl as string;
    expect((await fetch(url, { method: 'DELETE', headers: as('eve') })).status).toBe(404);
    expect((await fetch(url, { headers: { ...as('eve'), Accept: 'text/event-stream' } })).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(200);
    expect((await inSession(session, { method: 'tools/list' })).status).toBe(404);
  });

  it('a client is told when its lists may be others', () =>
    using(connect('legacy'), async (client) => {
      let told = 0;
      client.setNotificationHandler('notifications/tools/list_changed', () => void told++);
      await client.listTools();
      await writ.send(
        'POST',
        '/v1/revocations',
        { kind: 'identity', target: 'User::"nobody"', reason: 'gone' },
        { as: 'admin' },
      );
      await expect.poll(() => told).toBeGreaterThan(0);
    }));

  it('a stream that broke is taken up again where it was (resumption)', async () => {
    const session = await begin();
    const sent = await inSession(session, {
      id: 7,
      method: 'tools/call',
      params: { name: 'steps', arguments: {}, _meta: { progressToken: 1 } },
    });
    const text = await sent.text();
    const ids = [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id as string);
    expect(ids.length).toBeGreaterThanOrEqual(4);
    const again = await fetch(writ.writ.gatewayUrl as string, {
      headers: {
        Accept: 'text/event-stream',
        Authorization: `Bearer ${writ.key('ana')}`,
        'Mcp-Session-Id': session,
        'MCP-Protocol-Version': '2025-11-25',
        'Last-Event-ID': ids[1] as string,
      },
    });
    expect(again.status).toBe(200);
    const reader = (again.body as ReadableStream<Uint8Array>).getReader();
    let replayed = '';
    while (!replayed.includes('"id":7')) {
      const { value, done: over } = await reader.read();
      if (over) break;
      replayed += new TextDecoder().decode(value);
    }
    await reader.cancel();
    expect(replayed).toContain('done');
    expect(replayed).not.toContain(`id: ${ids[1]}\n`);
  });
});

describe('a client that has HTTP with SSE alone (2024-11-05)', () => {
  const overSse = async (name = 'ana'): Promise<Client> => {
    const client = new Client({ name, version: '1' }, { versionNegotiation: { mode: 'legacy' } });
    const headers = { Authorization: `Bearer ${writ.key(name)}` };
    const url = new URL((writ.writ.gatewayUrl as string).replace('/mcp', '/sse'));
    await client.connect(
      new SSEClientTransport(url, {
        requestInit: { headers },
        eventSourceInit: { fetch: (to, init) => fetch(to, { ...init, headers: { ...init?.headers, ...headers } }) },
      }),
    );
    return client;
  };

  it('is served like the others: calls, denials, progress, resources that change', () =>
    using(overSse(), async (client) => {
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('get_customer');
      await call(client, 'get_customer', { id: 'c-1' });
      expect((await refusal(call(client, 'get_customer', { id: 'c-2' }))).code).toBe(-32_001);
      expect((await refusal(client.request({ method: 'tools/delete' } as never, ANY))).code).toBe(-32_001);
      const heard: unknown[] = [];
      await client.callTool({ name: 'steps', arguments: {} }, { onprogress: ({ progress }) => heard.push(progress) });
      expect(heard).toEqual([1, 2, 3]);
      const updated: string[] = [];
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
      await client.subscribeResource({ uri: 'note://one' });
      await call(client, 'touch');
      await expect.poll(() => updated).toEqual(['note://one']);
    }));

  it('has a stream of its own, in which nobody else sends', async () => {
    const url = (writ.writ.gatewayUrl as string).replace('/mcp', '/sse');
    expect((await fetch(url)).status).toBe(401);
    const stream = await fetch(url, { headers: { Authorization: `Bearer ${writ.key('ana')}` } });
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    const endpoint = /data: (\S+)/.exec(new TextDecoder().decode((await reader.read()).value))?.[1] as string;
    const send = (who: string, path: string) =>
      fetch(new URL(path, url), {
        method: 'POST',
        body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${writ.key(who)}` },
      });
    expect((await send('eve', endpoint)).status).toBe(404);
    expect((await send('ana', '/messages?sessionId=1')).status).toBe(404);
    expect((await send('ana', endpoint)).status).toBe(202);
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"result":{}');
    await reader.cancel();
    await expect.poll(async () => (await send('ana', endpoint)).status).toBe(404);
  });
});

describe('a client without a credential', () => {
  it('is told where the metadata of the resource is, and they say what it needs (RFC 9728)', async () => {
    const url = writ.writ.gatewayUrl as string;
    const refused = await rpc({ method: 'ping' }, { Authorization: '' });
    expect(refused.status).toBe(401);
    const [, where] = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
    expect(where).toBe(url.replace('/mcp', '/.well-known/oauth-protected-resource/mcp'));
    expect(
      (await rpc({ method: 'ping' }, { Authorization: 'Bearer wrong' })).headers.get('www-authenticate'),
    ).toContain('error="invalid_token"');
    const metadata = await (await fetch(where as string)).json();
    expect(metadata).toMatchObject({ resource: url, bearer_methods_supported: ['header'] });
    expect((await fetch(where as string, { method: 'POST' })).status).toBe(405);
  });
});

describe('through writ guard', () => {
  it('has the same: progress, what is asked of the user, completions, resources that change', async () => {
    const client = new Client(
      { name: 'x', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: 'auto' } },
    );
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { yes: true } }));
    const rest = ['--server', 'talkative', '--', 'node', server('talkative'), journal];
    const args = guardArgs(writ.url, writ.writ.keyFile, ...rest);
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }));
    await using(Promise.resolve(client), async () => {
      const heard: unknown[] = [];
      await client.callTool({ name: 'steps', arguments: {} }, { onprogress: ({ progress }) => heard.push(progress) });
      expect(heard).toEqual([1, 2, 3]);
      expect((await call(client, 'pay', { amount: 7 })).content).toEqual([{ type: 'text', text: 'paid 7' }]);
      const ref = { type: 'ref/prompt', name: 'greet' } as const;
      expect((await client.complete({ ref, argument: { name: 'who', value: 'a' } })).completion.values).toEqual([
        'ana',
      ]);
      const updated: string[] = [];
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
      await client.listen({ resourceSubscriptions: ['note://one'] });
      await call(client, 'touch');
      await expect.poll(() => updated).toEqual(['note://one']);
    });
  });

  it('believes a server how it is to be decided where the service keeps its tools, or when it is told to', async () => {
    const guarded = async (key: string, ...flags: string[]): Promise<unknown> => {
      const client = new Client({ name: 'x', version: '1' });
      const rest = [...flags, '--', 'node', server('changing'), declared, join(folder, 'guarded.txt')];
      const args = guardArgs(writ.url, writ.writ.keyFileOf(key), ...rest);
      await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
      return using(Promise.resolve(client), () => call(client, 'get_customer', { id: 'c-1' }).catch((e: unknown) => e));
    };
    expect(await guarded('default')).toHaveProperty('content');
    expect(await guarded('default', '--bundle', bundleOf(FILES), '--server', 'unnamed')).toBeInstanceOf(Error);
    expect(String(await guarded('quiet'))).toContain('get_customer was not made');
    // Who may report no outcomes either reads nothing.
    expect(String(await guarded('quiet', '--declared-mappings'))).toContain('get_customer was done');
  });
});
