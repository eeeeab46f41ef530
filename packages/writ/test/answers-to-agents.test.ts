import { fileURLToPath } from 'node:url';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from './mcp-clients.js';
import { bundleOf, type Running, run } from './running.js';

/**
 * Everything in an answer that reaches an agent, through the gateway and from a real server: it is labelled, and an
 * obligation is carried out on it or it is withheld.
 */

const SERVER = fileURLToPath(new URL('servers/leaky.mjs', import.meta.url));
const LABELLED = [
  ...['says', 'fails', 'structure', 'error', 'refuses', 'data', 'meta', 'block_meta', 'annotation', 'member', 'image'],
  ...['audio', 'blob', 'embedded', 'link', 'link_name', 'data_url', 'progress', 'progress_fails', 'progress_number'],
];
const TOOLS = [...LABELLED, 'nothing'];
const ADDRESS = 'ana.meier@shop.example';
const CARD = '4111 1111 1111 1111';

const files = (policies: string): Record<string, string> => ({
  'writ.yaml': `name: answers
gateway:
  servers: { leaky: { command: node, args: ["${SERVER}"] } }
  clients:
${Array.from({ length: 60 }, (_, i) => `    c${i}: { agent: 'Agent::"a${i}"', for: 'User::"u${i}"' }`).join('\n')}
`,
  'schema.cedarschema': `entity User, Agent, Tool, resource, prompt, mcp_server;
type Seen = { seen: Set<String> };
action ${TOOLS.join(', ')} appliesTo {
  principal: [User, Agent], resource: [Tool], context: { input: { text?: String }, ledger: Seen }
};
action "resources/read" appliesTo { principal: [User, Agent], resource: [resource], context: { input: { uri: String } } };
action "prompts/get" appliesTo { principal: [User, Agent], resource: [prompt], context: { input: {} } };
action "tools/list", "resources/list", "prompts/list" appliesTo { principal: [User, Agent], resource: [mcp_server] };
`,
  'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }',
  'tools.yaml': `tools:
${LABELLED.map((name) => `  ${name}: { effects: [read], result: [external, public, hr] }`).join('\n')}
  nothing: { effects: [egress], arguments: { text: content }, result: [system, public] }
  tools/list: { effects: [read], result: [external, public] }
  resources/list: { effects: [read], result: [external, public] }
  prompts/list: { effects: [read], result: [external, public] }
  resources/read: { effects: [read], result: [external, public] }
  prompts/get: { effects: [read], result: [external, public] }
detect: { email: pii }
`,
  'obligations.yaml':
    'obligations: { no-mail: { type: redact, properties: { class: email } }, no-card: { type: redact, properties: { class: card } } }',
  'policies/all.cedar': policies,
});

const SINK =
  '@id("sink") forbid (principal, action == Action::"nothing", resource) when { context.ledger.seen.contains("hr") || context.ledger.seen.contains("pii") };';
const clients: Client[] = [];
let used = 0;
async function newClient(writ: Running): Promise<Client> {
  const client = await connectTo(writ.writ.gatewayUrl, writ.key(`c${used++}`));
  clients.push(client);
  return client;
}
/** Everything that a client gets of a call: the answer or the error, and progress. */
async function call(client: Client, name: string, text: string): Promise<string> {
  const got: unknown[] = [];
  const onprogress = name.startsWith('progress') ? (progress: unknown) => got.push(progress) : undefined;
  try {
    got.push(await client.callTool({ name, arguments: { text } }, { ...(onprogress && { onprogress }) }));
  } catch (error) {
    const { code, message, data } = error as { code: number; message: string; data: unknown };
    got.push({ code, message, data });
  }
  return JSON.stringify(got);
}
const isPermitted = async (client: Client): Promise<boolean> => {
  const answered = await client
    .callTool({ name: 'nothing', arguments: { text: 'x' } })
    .catch((error: unknown) => error);
  return !(answered instanceof Error);
};

describe('what reaches an agent is labelled', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(bundleOf(files(`@id("all") permit (principal, action, resource);\n${SINK}`)));
    // Until the process that reads answers has started, an answer counts as unread.
    for (;;) {
      const client = await newClient(writ);
      await call(client, 'nothing', 'x');
      if (await isPermitted(client)) break;
    }
  }, 60_000);
  afterAll(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await writ.stop();
  });

  it.each(LABELLED)('as its tool is described, by every way: %s', async (name) => {
    const client = await newClient(writ);
    expect(await isPermitted(client)).toBe(true);
    await call(client, name, 'no such customer');
    expect(await isPermitted(client)).toBe(false);
  });

  it('and an answer without content brings nothing', async () => {
    const client = await newClient(writ);
    await call(client, 'nothing', 'x');
    expect(await isPermitted(client)).toBe(true);
  });

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['the names and descriptions of tools', (client) => client.listTools()],
    ['the names of resources', (client) => client.listResources()],
    ['the descriptions of prompts', (client) => client.listPrompts()],
    ['the file of a resource', (client) => client.readResource({ uri: 'note:one' })],
    ['the image of a prompt', (client) => client.getPrompt({ name: 'greet' })],
  ])('also of %s', async (_what, read) => {
    const client = await newClient(writ);
    expect(await isPermitted(client)).toBe(true);
    await read(client).catch(() => undefined);
    expect(await isPermitted(client)).toBe(false);
  });

  it('and an error goes on with its code and data', async () => {
    const client = await newClient(writ);
    expect(await call(client, 'data', ADDRESS)).toContain(
      `"code":4001,"message":"no","data":{"rows":[{"said":"${ADDRESS}"}]`,
    );
  });
});

describe('an obligation is carried out on all that reaches an agent, or it is withheld', () => {
  let writ: Running;
  beforeAll(async () => {
    const policies = '@id("all") @obligation("no-mail no-card") permit (principal, action, resource is Tool);';
    writ = await run(bundleOf(files(policies)));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await writ.stop();
  });

  it.each(LABELLED)('%s', async (name) => {
    const client = await newClient(writ);
    const got = await call(client, name, `write to ${ADDRESS}, card ${CARD}`);
    expect(got).not.toContain(ADDRESS);
    expect(got).not.toContain('4111');
    expect(got).not.toContain(Buffer.from(ADDRESS).toString('base64').slice(4, 20));
    expect(got).not.toContain('AAAA');
  });

  it.each([
    ['error', -32_000],
    ['refuses', -32_602],
    ['data', 4_001],
  ])('an error keeps its code and says nothing else: %s', async (name, code) => {
    const got = await call(await newClient(writ), name, ADDRESS);
    expect(JSON.parse(got)).toEqual([
      {
        code,
        message: expect.stringContaining(`${name} failed; what its server said is withheld`),
        data: { decisionId: expect.any(String) },
      },
    ]);
  });

  it('a text without it goes on as it is, and progress says that there is some', async () => {
    const client = await newClient(writ);
    expect(await call(client, 'says', 'fine weather')).toContain('"text":"fine weather"');
    const [progress] = JSON.parse(await call(client, 'progress', 'fine weather'));
    expect(progress).toEqual({ progress: 1 });
  });
});
