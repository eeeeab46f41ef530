import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { freePort, guardArgs } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Calls that become tasks (MCP Tasks, the extension of 2026-07-28). */

const SERVER = fileURLToPath(new URL('servers/tasks.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'writ-tasks-'));
const journal = join(folder, 'did.txt');
const done = (): string[] => (existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : []);
const TOOLS = ['slow', 'fails', 'breaks', 'asks', 'stays', 'liar', 'deep', 'quick', 'needs', 'unasked', 'noid'];
const TASKS = 'io.modelcontextprotocol/tasks';
const WITH_TASKS = { extensions: { [TASKS]: {} } };

const files = (port: number, more = '', policies = ''): Record<string, string> => ({
  'writ.yaml': `name: tasks
gateway:
  servers:
    here: { command: node, args: ["${SERVER}", "${journal}"] }
    there: { url: "http://127.0.0.1:${port}/mcp", prefix: far_ }
  clients:
    ana: { agent: 'Agent::"bot"', for: 'User::"ana"' }
    eve: { agent: 'Agent::"bot"', for: 'User::"eve"' }
`,
  'schema.cedarschema': `entity User, Agent, Tool, task;
action ${TOOLS.flatMap((name) => [name, `far_${name}`]).join(', ')} appliesTo {
  principal: [User, Agent], resource: [Tool], context: { input: { text?: String }, ledger: { seen: Set<String> } }
};
${more}`,
  'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }',
  'tools.yaml': 'tools: { slow: { effects: [read], result: { $: external } } }\ndetect: { instructions: injected }\n',
  'policies/all.cedar': `@id("all") permit (principal, action, resource);\n${policies}`,
});

let writ: Running;
let there: ChildProcess;
let port: number;
beforeAll(async () => {
  port = await freePort();
  there = spawn(process.execPath, [SERVER, journal, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => there.stdout?.once('data', resolve));
  writ = await run(bundleOf(files(port)));
});
afterAll(async () => {
  await writ.stop();
  there.kill();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Any = any;
const metaOf = (capabilities: object): object => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
});

interface Asking {
  readonly as?: string;
  readonly capabilities?: object;
  readonly on?: Running;
  readonly headers?: Record<string, string>;
}
async function ask(method: string, params: Record<string, unknown>, asking: Asking = {}): Promise<Any> {
  const { as = 'ana', capabilities = WITH_TASKS, on = writ, headers = {} } = asking;
  const response = await fetch(on.writ.gatewayUrl as string, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${on.key(as)}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': method,
      ...(params.taskId === undefined && params.name === undefined
        ? {}
        : { 'Mcp-Name': String(params.taskId ?? params.name) }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: metaOf(capabilities) } }),
  });
  return response.json();
}
const call = (name: string, asking: Asking = {}, text = 'x'): Promise<Any> =>
  ask('tools/call', { name, arguments: { text } }, asking);
const begun = async (name: string, asking: Asking = {}): Promise<string> => (await call(name, asking)).result.taskId;
const get = (taskId: string, asking: Asking = {}): Promise<Any> => ask('tasks/get', { taskId }, asking);
const outcomeOf = async (handle: string, on = writ): Promise<Any> => {
  const [, , , decisionId] = JSON.parse(Buffer.from(handle.split('.')[1] as string, 'base64url').toString());
  return (await on.writ.records.find(decisionId))?.outcome;
};

describe('a call that becomes a task', () => {
  it('the gateway says that it has the extension', async () => {
    const { result } = await ask('server/discover', {});
    expect(result.capabilities.extensions).toEqual({ [TASKS]: {} });
  });

  it.each(['slow', 'far_slow'])('%s: is begun, asked about, and what it came to is its outcome', async (name) => {
    const { result } = await call(name);
    expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 60_000 });
    expect(result._meta[DECISION_META]).toBeTypeOf('string');
    expect(await outcomeOf(result.taskId)).toBeUndefined();
    expect((await get(result.taskId)).result).toMatchObject({ status: 'working', taskId: result.taskId });
    const { result: last } = await get(result.taskId);
    expect(last).toMatchObject({ resultType: 'complete', status: 'completed', taskId: result.taskId });
    expect(last.result.content[0].text).toBe('did slow x');
    expect(last.result._meta[DECISION_META]).toBe(result._meta[DECISION_META]);
    expect(await outcomeOf(result.taskId)).toMatchObject({ status: 'completed' });
    // Whoever asks again hears it again, and it counts once.
    expect((await get(result.taskId)).result.result).toEqual(last.result);
  });

  it('its result has the labels that its tool gives', async () => {
    const handle = await begun('slow');
    await get(handle);
    await get(handle);
    expect(await outcomeOf(handle)).toMatchObject({ labels: ['confidential', 'external'] });
  });

  it.each([
    ['fails', 'completed', 'failed'],
    ['breaks', 'failed', 'failed'],
  ])('%s: is recorded as failed', async (name, status, outcome) => {
    const handle = await begun(name);
    await get(handle);
    expect((await get(handle)).result.status).toBe(status);
    expect(await outcomeOf(handle)).toMatchObject({ status: outcome });
  });

  it('is cancelled by who began it, and it may have been done', async () => {
    const handle = await begun('stays');
    expect((await ask('tasks/cancel', { taskId: handle })).result.resultType).toBe('complete');
    expect(done()).toContain('cancelled stays');
    expect((await get(handle)).result.status).toBe('cancelled');
    expect(await outcomeOf(handle)).toMatchObject({ status: 'unknown', error: 'it was cancelled' });
  });

  it('asks the user of a client that can be asked, and of no other', async () => {
    const capabilities = { ...WITH_TASKS, elicitation: {} };
    const handle = await begun('asks', { capabilities });
    await get(handle, { capabilities });
    const { error } = await get(handle);
    expect([error.code, error.data.requiredCapabilities]).toEqual([-32_021, { elicitation: {} }]);
    expect((await get(handle, { capabilities })).result).toMatchObject({
      status: 'input_required',
      inputRequests: { sure: { method: 'elicitation/create' } },
    });
    const inputResponses = { sure: { action: 'accept', content: {} } };
    await ask('tasks/update', { taskId: handle, inputResponses }, { capabilities });
    const { result } = await get(handle, { capabilities });
    expect(result.result.content[0].text).toBe(JSON.stringify(inputResponses));
  });

  it('goes on after a restart, and its outcome is recorded then', async () => {
    const handle = await begun('far_slow');
    await get(handle);
    const { data } = writ;
    await writ.writ.close();
    writ = await run(bundleOf(files(port)), { data });
    expect((await get(handle)).result).toMatchObject({ status: 'completed', taskId: handle });
    expect(await outcomeOf(handle)).toMatchObject({ status: 'completed' });
    expect((await get(handle, { as: 'eve' })).error.code).toBe(-32_602);
  });

  it('one that is answered at once is answered at once', async () => {
    expect((await call('quick')).result.content[0].text).toBe('did quick at once');
  });
});

describe('a client without the extension', () => {
  it('is answered without a task, or told that it needs it', async () => {
    expect((await call('slow', { capabilities: {} })).result.content[0].text).toBe('did slow at once');
    const { error } = await call('needs', { capabilities: {} });
    expect([error.code, error.data.requiredCapabilities]).toEqual([-32_021, WITH_TASKS]);
  });

  it('is handed no task that it did not ask for, and may ask about none', async () => {
    const { error } = await call('unasked', { capabilities: {} });
    expect([error.code, error.message]).toEqual([-32_603, expect.stringContaining('it may have been done')]);
    const handle = await begun('slow');
    expect((await get(handle, { capabilities: {} })).error.code).toBe(-32_021);
    const listening = { notifications: { taskIds: [handle] } };
    const { error: unheard } = await ask('subscriptions/listen', listening, { capabilities: {} });
    expect([unheard.code, unheard.data.requiredCapabilities]).toEqual([-32_021, WITH_TASKS]);
  });
});

describe('a task of somebody else (state-handle hijack)', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('%s: is not there', async (method) => {
    const handle = await begun('stays');
    const { error } = await ask(method, { taskId: handle, inputResponses: {} }, { as: 'eve' });
    expect([error.code, error.message]).toEqual([-32_602, 'you have no such task']);
    expect((await get(handle)).result.status).toBe('working');
  });

  it('a handle that is changed, or is the server’s own, is none', async () => {
    const handle = await begun('stays');
    const [mac, text] = handle.split('.') as [string, string];
    const parts = JSON.parse(Buffer.from(text, 'base64url').toString());
    const other = Buffer.from(JSON.stringify(['there', ...parts.slice(1)])).toString('base64url');
    for (const made of [`${mac}.${other}`, `${mac}.`, text, parts[2], `${handle}x`, '.'])
      expect((await get(made)).error.code).toBe(-32_602);
  });

  it('Mcp-Name has to name it', async () => {
    const handle = await begun('stays');
    expect((await get(handle, { headers: { 'Mcp-Name': 'another' } })).error.code).toBe(-32_020);
  });
});

describe('a server that is not to be trusted with tasks', () => {
  it('answers for another task: nothing of that is heard', async () => {
    const handle = await begun('liar');
    expect((await get(handle)).error.message).toContain('answered for another task');
  });

  it('gives a task without an id: it may have been done', async () => {
    expect((await call('noid')).error.message).toContain('it may have been done');
  });

  it('comes to what is nested too deep: it is withheld', async () => {
    const handle = await begun('deep');
    await get(handle);
    expect((await get(handle)).error.message).toContain('withheld');
  });

  it('does not know it any more: the client hears that', async () => {
    const handle = await begun('far_stays');
    there.kill();
    await new Promise((resolve) => there.once('exit', resolve));
    expect((await get(handle)).error.code).toBe(-32_603);
    there = spawn(process.execPath, [SERVER, journal, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => there.stdout?.once('data', resolve));
    await expect
      .poll(async () => (await get(handle)).error)
      .toMatchObject({ code: -32_602, message: expect.stringContaining('Task not found') });
  });
});

describe('a task whose caller may not any more', () => {
  it('is cancelled at its server when it is revoked, and tells nothing', async () => {
    const handle = await begun('stays');
    const revocation = { kind: 'identity', target: 'User::"ana"', reason: 'she left' };
    const before = done().filter((one) => one === 'cancelled stays').length;
    const revoked = await writ.send('POST', '/v1/revocations', revocation, { as: 'admin' });
    await expect.poll(() => done().filter((one) => one === 'cancelled stays').length).toBeGreaterThan(before);
    expect((await get(handle)).error.code).toBe(-32_001);
    await expect.poll(async () => (await outcomeOf(handle))?.status).toBe('unknown');
    await writ.send('DELETE', `/v1/revocations/${revoked.json.id}?reason=back`, undefined, { as: 'admin' });
    expect((await get(handle)).result.status).toBe('cancelled');
  });

  it('is none where its permit asks for something to be done with the answer', async () => {
    const on = await run(
      bundleOf({
        ...files(
          port,
          '',
          `@id("masked") @obligation("no-text") permit (principal, action == Action::"slow", resource) when { context.input has text && context.input.text == "card" };`,
        ),
        'obligations.yaml': 'obligations: { no-text: { type: watermark, properties: { text: for internal use } } }',
      }),
    );
    expect((await call('slow', { on })).result.resultType).toBe('task');
    expect(JSON.stringify((await call('slow', { on }, 'card')).result)).toContain('did slow at once');
    expect(done().at(-1)).toBe('slow is no task');
    await on.stop();
  });

  it('is decided by its method, where the schema has that', async () => {
    const context = '{ upstream?: { server?: String, tool?: String } }';
    const on = await run(
      bundleOf(
        files(
          port,
          `action "tasks/get", "tasks/cancel" appliesTo { principal: [User, Agent], resource: [task], context: ${context} };`,
          '@id("no-cancel") @reason("once begun, it is done") forbid (principal, action == Action::"tasks/cancel", resource);',
        ),
      ),
    );
    const handle = await begun('stays', { on });
    expect((await get(handle, { on })).result.status).toBe('working');
    const { error } = await ask('tasks/cancel', { taskId: handle }, { on });
    expect([error.code, error.message]).toEqual([-32_001, expect.stringContaining('once begun, it is done')]);
    await on.stop();
  });
});

describe('through writ guard', () => {
  it('has the same, where the schema has the methods', async () => {
    const declared = 'action "tasks/get" appliesTo { principal: [User, Agent], resource: [task], context: {} };';
    const on = await run(bundleOf(files(port, declared)));
    const args = guardArgs(on.url, on.writ.keyFile, '--server', 'tasks', '--', process.execPath, SERVER, journal);
    const guard = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: guard.stdout })[Symbol.asyncIterator]();
    const said = async (method: string, params: object): Promise<Any> => {
      const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: metaOf(WITH_TASKS) } };
      guard.stdin.write(`${JSON.stringify(message)}\n`);
      return JSON.parse((await lines.next()).value);
    };
    const { result } = await said('tools/call', { name: 'slow', arguments: { text: 'y' } });
    expect(result).toMatchObject({ resultType: 'task', status: 'working' });
    expect((await said('tasks/get', { taskId: result.taskId })).result.status).toBe('working');
    const last = (await said('tasks/get', { taskId: result.taskId })).result;
    expect(last).toMatchObject({ status: 'completed', result: { content: [{ text: 'did slow y' }] } });
    expect(await outcomeOf(result.taskId, on)).toMatchObject({ status: 'completed' });
    // The schema has no action for it.
    expect((await said('tasks/cancel', { taskId: result.taskId })).error.code).toBe(-32_001);
    guard.stdin.end();
    await new Promise((resolve) => guard.once('exit', resolve));
    await on.stop();
  });
});
