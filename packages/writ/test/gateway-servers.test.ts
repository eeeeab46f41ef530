import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draftBundle } from '../src/bundle/draft/draft.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { freePort } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Real servers from npm: whatever is permitted is as if the gateway were not there. */

const BIN = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'writ-servers-'));
let postgres: PostgresServer;
let database = '';
beforeAll(async () => {
  mkdirSync(join(folder, 'files/inside'), { recursive: true });
  writeFileSync(join(folder, 'files/a.txt'), 'first\nsecond\n');
  writeFileSync(join(folder, 'files/inside/b.txt'), 'ünï');
  postgres = await startPostgres();
  database = await postgres.database();
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  await client.query('create table people (id int primary key, name text)');
  await client.query("insert into people values (1, 'ana'), (2, 'ben')");
  await client.end();
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Tried {
  readonly args: () => string[];
  readonly env?: () => Record<string, string>;
  /** Tools with arguments, in order. */
  readonly calls: readonly (readonly [string, Record<string, unknown>])[];
  readonly reads?: readonly string[];
  readonly prompts?: readonly (readonly [string, Record<string, string>])[];
  /** What both cannot be the same in. */
  readonly unlike?: (text: string) => string;
}

const SERVERS: Readonly<Record<string, Tried>> = {
  'mcp-server-everything': {
    args: () => [],
    calls: [
      ['echo', { message: 'hello' }],
      ['get-sum', { a: 2, b: 40 }],
      ['get-tiny-image', {}],
      ['get-annotated-message', { messageType: 'error', includeImage: true }],
      ['get-structured-content', { location: 'New York' }],
      ['get-resource-links', { count: 3 }],
      ['get-resource-reference', { resourceType: 'Text', resourceId: 1 }],
    ],
    reads: ['demo://resource/static/document/architecture.md', 'demo://resource/dynamic/blob/2'],
    prompts: [
      ['simple-prompt', {}],
      ['args-prompt', { city: 'Bern', state: 'BE' }],
      ['resource-prompt', { resourceType: 'Text', resourceId: '1' }],
    ],
    // It says when it was asked.
    unlike: (text) =>
      text
        .replace(/\d{1,2}:\d{2}:\d{2}(?: [AP]M)?|\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'T')
        .replace(/"blob":"[^"]*"/g, '"blob":""'),
  },
  'mcp-server-memory': {
    args: () => [],
    env: () => ({ MEMORY_FILE_PATH: join(mkdtempSync(join(folder, 'memory-')), 'memory.jsonl') }),
    calls: [
      ['create_entities', { entities: [{ name: 'Ana', entityType: 'person', observations: ['likes lamps'] }] }],
      ['add_observations', { observations: [{ entityName: 'Ana', contents: ['lives in Bern'] }] }],
      ['search_nodes', { query: 'lamps' }],
      ['read_graph', {}],
      ['open_nodes', { names: ['Ana'] }],
    ],
    reads: ['memory://knowledge-graph'],
  },
  'mcp-server-sequential-thinking': {
    args: () => [],
    calls: [
      ['sequentialthinking', { thought: 'first', nextThoughtNeeded: true, thoughtNumber: 1, totalThoughts: 2 }],
      ['sequentialthinking', { thought: 'second', nextThoughtNeeded: false, thoughtNumber: 2, totalThoughts: 2 }],
    ],
  },
  'mcp-server-filesystem': {
    args: () => [join(folder, 'files')],
    calls: [
      ['list_allowed_directories', {}],
      ['list_directory', { path: join(folder, 'files') }],
      ['read_text_file', { path: join(folder, 'files/a.txt'), head: 1 }],
      ['read_multiple_files', { paths: [join(folder, 'files/a.txt'), join(folder, 'files/inside/b.txt')] }],
      ['directory_tree', { path: join(folder, 'files') }],
      ['read_text_file', { path: join(folder, 'files/none.txt') }],
      ['read_text_file', { path: '/etc/passwd' }],
    ],
  },
  'mcp-server-postgres': {
    args: () => [database],
    calls: [
      ['query', { sql: 'select id, name from people order by id' }],
      ['query', { sql: 'select nothing from nowhere' }],
    ],
    reads: ['SCHEMA'],
  },
  'mcp-hello-world': {
    args: () => [],
    calls: [
      ['echo', { message: 'x' }],
      ['debug', {}],
    ],
  },
};

const options = { versionNegotiation: { mode: 'auto' } } as const;

describe.each(Object.entries(SERVERS))(
  '%s, directly and through the gateway',
  (name, { args, env, calls, reads = [], prompts = [], unlike = (text) => text }) => {
    let direct: Client;
    let through: Client;
    let writ: Running;
    beforeAll(async () => {
      const command = join(BIN, name);
      direct = new Client({ name: 'direct', version: '1.0.0' }, options);
      const environment = { PATH: process.env.PATH ?? '' };
      await direct.connect(
        new StdioClientTransport({ command, args: args(), env: { ...environment, ...env?.() }, stderr: 'ignore' }),
      );
      const { tools } = await direct.listTools();
      const drafted = draftBundle('same', tools as never).files;
      const server = JSON.stringify({ command, args: args(), ...(env === undefined ? {} : { env: env() }) });
      writ = await run(
        bundleOf({
          'writ.yaml': `name: same\ngateway:\n  servers: { same: ${server} }\n  clients: { agent: { agent: 'Agent::"agent"', for: 'User::"user"' } }\n`,
          'schema.cedarschema': `${drafted.get('schema.cedarschema')}
entity resource, prompt;
type Arguments = { city?: String, state?: String, department?: String, name?: String, resourceType?: String, resourceId?: String };
action "resources/read" appliesTo { principal: [User, Agent], resource: [resource], context: { input: { uri: String } } };
action "prompts/get" appliesTo { principal: [User, Agent], resource: [prompt], context: { input: Arguments } };
action "completion/complete" appliesTo { principal: [User, Agent], resource: [prompt, resource], context: { input: { name: String, value: String } } };
`,
          'tools.yaml': drafted.get('tools.yaml') ?? '',
          'ledger.yaml':
            'accumulators:\n  seen: { key: task, set: labels }\n  calls: { key: task, count: true }\n  reached: { key: task, distinct: destinations }\n  paid: { key: originator, sum: amount, decimal: true }\n',
          'policies/all.cedar': '@id("all") permit (principal, action, resource);',
        }),
      );
      // What looks suspicious of them is known here.
      for (const { server: of, tool, hash } of (await writ.send('GET', '/v1/tools', undefined, { as: 'admin' })).json
        .tools)
        await writ.send('POST', `/v1/tools/${of}/${tool}/approve`, { hash, reason: 'known' }, { as: 'admin' });
      through = new Client({ name: 'through', version: '1.0.0' }, options);
      const headers = { Authorization: `Bearer ${writ.key('agent')}` };
      await through.connect(
        new StreamableHTTPClientTransport(new URL(writ.writ.gatewayUrl as string), { requestInit: { headers } }),
      );
    });
    afterAll(async () => {
      await through.close();
      await direct.close();
      await writ.stop();
    });

    /** What a request comes to, without what the gateway says of its decision. */
    const said = async (request: Promise<unknown>): Promise<unknown> => {
      const result = await request.then(
        (value) => value as Record<string, unknown>,
        (error: Error) =>
          ({ error: error.message.replace(/^MCP error -?\d+: |^\S+ failed: /g, '') }) as Record<string, unknown>,
      );
      const {
        _meta: { 'dev.writ/decision': _id, 'io.modelcontextprotocol/serverInfo': _info, ...meta } = {},
        // How long a list or a text may be kept is of the revision that only the gateway speaks.
        cacheScope: _scope,
        ttlMs: _ttl,
        ...rest
      } = result as { _meta?: Record<string, unknown>; cacheScope?: string; ttlMs?: number };
      const whole = Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
      return JSON.parse(unlike(JSON.stringify(whole)));
    };

    it('lists the same', async () => {
      // Tasks are of the revision before, which the gateway does not speak.
      const tools = (await direct.listTools()).tools.map(({ execution: _tasks, ...tool }) => tool);
      expect((await through.listTools()).tools).toEqual(tools);
      const { resources: has, prompts: hasPrompts } = direct.getServerCapabilities() ?? {};
      if (has !== undefined) {
        expect((await through.listResources()).resources).toEqual((await direct.listResources()).resources);
        const templates = await direct.listResourceTemplates().catch(() => ({ resourceTemplates: [] }));
        expect((await through.listResourceTemplates()).resourceTemplates).toEqual(templates.resourceTemplates);
      }
      if (hasPrompts !== undefined)
        expect((await through.listPrompts()).prompts).toEqual((await direct.listPrompts()).prompts);
    });

    it('answers calls the same', async () => {
      for (const [tool, input] of calls) {
        const ask = (client: Client) => said(client.callTool({ name: tool, arguments: input }));
        expect([tool, await ask(through)]).toEqual([tool, await ask(direct)]);
      }
    });

    it('completes the same', async () => {
      if (direct.getServerCapabilities()?.completions === undefined) return;
      const prompt = { type: 'ref/prompt', name: 'completable-prompt' } as const;
      const template = { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' } as const;
      expect(
        (await direct.complete({ ref: prompt, argument: { name: 'department', value: 'E' } })).completion.values,
      ).toEqual(expect.arrayContaining([expect.stringMatching(/^E/)]));
      for (const asked of [
        { ref: prompt, argument: { name: 'department', value: 'E' } },
        { ref: prompt, argument: { name: 'name', value: 'A' }, context: { arguments: { department: 'Sales' } } },
        { ref: template, argument: { name: 'resourceId', value: '7' } },
      ]) {
        const [one, other] = [await said(direct.complete(asked)), await said(through.complete(asked))];
        expect(other).toEqual(one);
        expect(one).toHaveProperty('completion.values');
      }
    });

    it('answers what is read and prompted the same', async () => {
      const uris = reads[0] === 'SCHEMA' ? (await direct.listResources()).resources.map(({ uri }) => uri) : reads;
      for (const uri of uris)
        expect([uri, await said(through.readResource({ uri }))]).toEqual([
          uri,
          await said(direct.readResource({ uri })),
        ]);
      for (const [prompt, input] of prompts)
        expect([prompt, await said(through.getPrompt({ name: prompt, arguments: input }))]).toEqual([
          prompt,
          await said(direct.getPrompt({ name: prompt, arguments: input })),
        ]);
    });
  },
);

describe('a server that speaks HTTP with SSE alone (2024-11-05)', () => {
  it('is served like the others, and connected to again when it is back', async () => {
    const port = await freePort();
    const start = async (): Promise<ChildProcess> => {
      const child = spawn(process.execPath, [join(BIN, 'mcp-server-everything'), 'sse'], {
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise((resolve) =>
        child.stderr?.on('data', (said) => /listening|running/i.test(String(said)) && resolve(said)),
      );
      return child;
    };
    let child = await start();
    const writ = await run(
      bundleOf({
        'writ.yaml': `name: sse\ngateway:\n  servers: { old: { url: 'http://127.0.0.1:${port}/sse', transport: sse } }\n  clients: { agent: { agent: 'Agent::"agent"', for: 'User::"user"' } }\n`,
        'schema.cedarschema':
          'entity User, Agent, Tool;\naction echo appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { message: String } } };\n',
        'policies/all.cedar': '@id("all") permit (principal, action, resource);',
      }),
    );
    const client = new Client({ name: 'through', version: '1.0.0' }, options);
    const headers = { Authorization: `Bearer ${writ.key('agent')}` };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(writ.writ.gatewayUrl as string), { requestInit: { headers } }),
    );
    const echo = () => client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    expect((await echo()).content).toEqual([{ type: 'text', text: 'Echo: hi' }]);
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    await expect(echo()).rejects.toThrow();
    child = await start();
    await expect
      .poll(() =>
        echo().then(
          ({ content }) => content,
          () => undefined,
        ),
      )
      .toBeDefined();
    await client.close();
    await writ.stop();
    child.kill();
  });
});
