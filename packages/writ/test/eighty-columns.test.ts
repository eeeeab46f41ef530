import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ACCESS_FILES, accessBundle } from './access-bundle.js';
import { commandHere } from './printed.js';
import { type Running, run } from './running.js';

/** Every verb that reads, on a real data folder in which every name is long. */

const COLUMNS = 80;
const AGENT = `Agent::"${'the-agent-that-answers-mail-of-customers-in-the-north-'.repeat(2)}1"`;
const AGENT_ID = AGENT.slice('Agent::"'.length, -1);
const REASON = 'the quarter is closed, and whoever changes a booking of it now has to say why, and to whom. '.repeat(3);
const POLICY = 'what-is-done-to-bookings-of-a-quarter-that-is-closed-is-for-a-lead-to-approve';
const SERVER = fileURLToPath(new URL('../../../node_modules/.bin/mcp-server-everything', import.meta.url));

let writ: Running;
let folder: string;
let bundle: string;
const inFolder = (name: string): string => join(folder, name);

beforeAll(async () => {
  vi.stubEnv('COLUMNS', undefined);
  folder = mkdtempSync(join(tmpdir(), 'writ-a-folder-whose-name-is-not-short-either-'));
  bundle = accessBundle({
    'writ.yaml': `${ACCESS_FILES['writ.yaml']}
gateway:
  servers: { a-server-with-every-tool-that-there-is: { command: ${JSON.stringify(SERVER)} } }
  clients: { bot-of-the-desk: { agent: '${AGENT}', for: 'User::"ana"' } }
`,
    'ledger.yaml':
      'accumulators: { lookedAtByTheDeskOfTheNorthInTheQuarterThatIsClosed: { key: task, set: action } }\n',
    'policies/long.cedar': `@id("${POLICY}") @requestable("lead") @reason("${REASON}")
forbid (principal is User, action == Action::"look", resource == Order::"${'north-'.repeat(12)}1") when { context.input has amount && (context.input.amount > 100 || context.input.amount < 0) };`,
    'tests/long.yaml': `tests:
  - test: ${'a look at a booking of a customer of the north in a quarter that is closed is refused '.repeat(2)}
    for: User::"ana"
    agent: Agent::"bot"
    steps: [{ call: look, input: { amount: 1 }, expect: deny }]
`,
  });
  writ = await run(bundle);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await writ.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the lines of a text that are too long although they could have been broken. */
const wide = (out: string): string[] =>
  out.split('\n').filter((line) => line.length > COLUMNS && /\S /.test(line.trimEnd().replace(/ \\$/, '')));

const asked = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'look' },
  resource: { type: 'Order', id: `${'north-'.repeat(12)}1` },
  context: { agent: { type: 'Agent', id: AGENT_ID }, task: 'a-task-of-the-desk', input: { amount: 500 } },
};

it('every line that a verb prints fits 80 columns, or is one word', async () => {
  const [service, admin] = [
    ['--service', writ.url],
    ['--key-file', writ.writ.keyFileOf('admin')],
  ];
  const online = [...service, ...admin];
  const data = ['--data', writ.data];
  const [printed, wrong]: [string[], string[]] = [[], []];
  const said = async (codes: readonly number[], ...args: readonly string[]): Promise<string> => {
    const { code, out } = await commandHere(...args);
    const verb = args.slice(0, 3).join(' ');
    printed.push(verb);
    if (!codes.includes(code) || out.trim() === '') wrong.push(`${verb} ended with ${code}: ${out}`);
    wrong.push(...wide(out).map((line) => `${verb}: ${line}`));
    return out;
  };

  const { headers } = await writ.send('POST', '/access/v1/evaluation', asked);
  const id = headers.get('X-Decision-Id') ?? '';
  writeFileSync(inFolder('request.json'), JSON.stringify(asked));
  const request = ['request', 'add', inFolder('request.json'), '--justification', REASON, ...service];
  const [arq = ''] = (await said([0], ...request, '--key-file', writ.writ.keyFileOf('default'))).split(' ');
  await said([0], 'request', 'list', ...online);
  await said([0], 'request', 'show', arq, ...online);
  await said([0], 'request', 'approve', arq, '--as', 'User::"lena"', '--reason', REASON, '--for-task', ...online);
  await said([0], 'request', 'approval', 'list', ...online);
  await said([0], 'explain', id, '--all', ...data);
  await said([0], 'decision', 'list', ...online);
  await said([0], 'decision', 'list', '--identity', AGENT.replace('1"', '2"'), ...online);
  await said([0], 'decision', 'replay', '--policy', bundle, ...data);
  await said([0, 1], 'ledger', 'show', '--task', AGENT, ...online);
  await said([0, 1], 'ledger', 'labels', '--task', AGENT, ...online);
  const role = ['--in', 'Group::"leads"', '--for', '2h', '--purpose', REASON];
  await said([0], 'identity', 'grant', 'add', AGENT, ...role, ...online);
  await said([0], 'identity', 'grant', 'list', ...online);
  await said([0], 'identity', 'set', AGENT, '--owner', 'User::"lena"', '--purpose', REASON, ...online);
  await said([0], 'identity', 'list', ...online);
  await said([0], 'identity', 'show', AGENT, ...online);
  await said([0], 'identity', 'key', 'list', ...online);
  await said([0], 'caller', 'list', ...online);
  await said([0], 'caller', 'rotate', 'bot-of-the-desk', '--overlap', '1h', ...online);
  await said([0], 'caller', 'list', ...online);
  await said([0], 'caller', 'revoke', 'bot-of-the-desk', '--reason', REASON, ...online);
  await said([0], 'task', 'list', ...online);
  await said([0], 'tool', 'list', ...online);
  await said([0], 'revoke', 'action', 'export', '--reason', REASON, ...online);
  await said([0], 'revoke', 'list', ...online);
  await said([0], 'stop', AGENT, '--reason', REASON, ...online);
  await said([2], 'revoke', 'identity', AGENT.replace('1"', '2"'), '--reason', REASON, ...online);
  await said([0, 1], 'log', 'incident', AGENT, '--out', inFolder('incident'), ...online);
  await said([0], 'log', 'receipt', id, '--out', inFolder('receipt'), ...data);
  await said([0], 'log', 'verify', inFolder('receipt'), '--key', join(writ.data, 'keys/log.pub'));
  await said([0], 'log', 'export', inFolder('log'), ...data);
  await said([0], 'data', 'backup', inFolder('backup'), ...data);
  await said([0, 1], 'doctor', '--bundle', bundle, ...data, ...service, '--gateway', writ.writ.gatewayUrl ?? '');
  await said([0, 1], 'check', bundle);
  await said([0, 1], 'test', bundle);
  await said([0, 1], 'bundle', 'decide', bundle, inFolder('request.json'));
  const calls = [{ tool: 'look', args: { amount: 500 } }];
  const trace = { task: 'a task of the desk '.repeat(8), principal: 'User::"ana"', calls };
  writeFileSync(inFolder('trace.ndjson'), `${JSON.stringify(trace)}\n`);
  const replay = ['bundle', 'replay', '--bundle', bundle, '--trace', inFolder('trace.ndjson')];
  await said([0], ...replay, '--by-policy', '--timings');
  const description = 'Looks at a booking of a customer of the north in a quarter that is closed. '.repeat(3);
  const properties = { bookingOfTheQuarterThatIsClosed: { type: 'string', description } };
  const tools = ['look_at_a_booking_of_the_quarter_that_is_closed', 'send_it_to_a_customer'].map((name) => ({
    ...{ name, description, inputSchema: { type: 'object', properties } },
  }));
  writeFileSync(inFolder('tools.json'), JSON.stringify({ tools }));
  await said([0], 'init', inFolder('drafted'), '--tools', inFolder('tools.json'));
  const operationId = 'lookAtABookingOfTheQuarterThatIsClosedAndSendItToACustomerOfTheNorth';
  const paths = { '/bookings/of/the/quarter': { get: { operationId }, post: {} } };
  writeFileSync(inFolder('shop.json'), JSON.stringify({ openapi: '3.1.0', paths }));
  await said(
    [0],
    'init',
    inFolder('service'),
    '--openapi',
    inFolder('shop.json'),
    '--upstream',
    'http://127.0.0.1:8080',
  );
  await said([0, 1], 'check', inFolder('drafted'));
  expect(wrong).toEqual([]);
  expect(printed.length).toBeGreaterThan(35);
});
