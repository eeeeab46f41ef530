import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run } from './running.js';

/** Log messages and questions of a server reach an agent beside its answers: they are labelled as the answers are (attack F21). */

const SERVER = fileURLToPath(new URL('servers/asking.mjs', import.meta.url));
const ADDRESS = 'write to ana.meier@shop.example';
const TOOLS = ['logs', 'asks', 'late', 'nothing'];

const bundle = (policies: string): string =>
  bundleOf({
    'writ.yaml': `name: said
gateway:
  servers: { asking: { command: node, args: ["${SERVER}"], perClient: true } }
  clients:
${Array.from({ length: 12 }, (_, i) => `    c${i}: { agent: 'Agent::"a${i}"', for: 'User::"u${i}"' }`).join('\n')}
`,
    'schema.cedarschema': `entity User, Agent, Tool;
action ${TOOLS.join(', ')} appliesTo {
  principal: [User, Agent], resource: [Tool], context: { input: { text?: String }, ledger: { seen: Set<String> } }
};`,
    'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }',
    'tools.yaml': `tools:
  logs: { effects: [read], result: [external, public] }
  asks: { effects: [read], result: [external, public] }
  late: { effects: [read], result: [external, public] }
  nothing: { effects: [egress], arguments: { text: content }, result: [system, public] }
detect: { email: pii }
`,
    'obligations.yaml': 'obligations: { no-mail: { type: redact, properties: { class: email } } }',
    'policies/all.cedar': policies,
  });

let used = 0;
interface Heard {
  readonly client: Client;
  readonly said: string[];
  close(): Promise<void>;
}
async function connected(writ: Running): Promise<Heard> {
  const capabilities = { elicitation: { form: {} } };
  const client = new Client({ name: 'x', version: '1' }, { capabilities, versionNegotiation: { mode: 'legacy' } });
  const said: string[] = [];
  client.setRequestHandler('elicitation/create', ({ params }) => {
    said.push(params.message);
    return { action: 'decline' };
  });
  client.setNotificationHandler('notifications/message', ({ params }) => void said.push(String(params.data)));
  const headers = { Authorization: `Bearer ${writ.key(`c${used++}`)}` };
  const transport = new StreamableHTTPClientTransport(new URL(writ.writ.gatewayUrl as string), {
    requestInit: { headers },
  });
  await client.connect(transport);
  return {
    client,
    said,
    async close() {
      await transport.terminateSession();
      await client.close();
    },
  };
}
const call = (client: Client, name: string, text: string): Promise<unknown> =>
  client.callTool({ name, arguments: { text } });
const isPermitted = (client: Client): Promise<boolean> =>
  call(client, 'nothing', 'x').then(
    () => true,
    () => false,
  );

describe('what a server says beside its answers', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(
      bundle(`@id("all") permit (principal, action, resource);
@id("sink") forbid (principal, action == Action::"nothing", resource) when { context.ledger.seen.contains("pii") };`),
    );
  });
  afterAll(() => writ.stop());

  it.each(['logs', 'asks'])('%s: it reaches the client, and its task has the labels from then on', async (tool) => {
    const { client, said, close } = await connected(writ);
    await call(client, tool, 'fine weather');
    await expect.poll(() => said).toEqual(['fine weather']);
    expect(await isPermitted(client)).toBe(true);
    await call(client, tool, ADDRESS);
    await expect.poll(() => said).toEqual(['fine weather', ADDRESS]);
    expect(await isPermitted(client)).toBe(false);
    await close();
  });

  it('after an answer: it counts with the next call', async () => {
    const { client, said, close } = await connected(writ);
    await call(client, 'late', ADDRESS);
    await expect.poll(() => said).toEqual([ADDRESS]);
    await call(client, 'logs', 'fine weather');
    expect(await isPermitted(client)).toBe(false);
    await close();
  });
});

it('nothing of it is handed on while an answer is to be changed, and the answer is', async () => {
  const writ = await run(bundle('@id("all") @obligation("no-mail") permit (principal, action, resource);'));
  const { client, said, close } = await connected(writ);
  expect(JSON.stringify(await call(client, 'logs', ADDRESS))).toContain('done');
  expect(JSON.stringify(await call(client, 'asks', ADDRESS))).toContain('done');
  expect(said).toEqual([]);
  await close();
  await writ.stop();
}, 60_000);
