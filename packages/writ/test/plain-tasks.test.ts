import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, refusal } from './mcp-clients.js';
import { commandHere as command } from './printed.js';
import { guardArgs } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Tasks of clients without a token: they begin with a prompt, a session or the host's id, they end, and what they did stays. */

const SERVER = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'writ-plain-tasks-'));
const BUNDLE = {
  'writ.yaml': `
name: plain-tasks
gateway:
  servers: { plain: { command: node, args: ['${SERVER}', '${join(home, 'journal')}'] } }
  clients:
    host: { agent: 'Agent::"host"', for: 'User::"ana"', prompt: true }
    second: { agent: 'Agent::"second"', for: 'User::"ana"', prompt: true }
    plain: { agent: 'Agent::"plain"', for: 'User::"ben"' }
    limited: { agent: 'Agent::"limited"', for: 'User::"cy"', prompt: true, task: two }
`,
  'tasks.yaml': `
default: any
tasks:
  any: { mandate: any }
  two: { mandate: [{ actions: [say], uses: 2 }] }
`,
  'schema.cedarschema': `
entity User, Agent, Tool;
action say, nothing, fails appliesTo { principal: [User, Agent], resource: [Tool], context: {
  input: { text?: String }, tool: { authority: Long }, ledger: { seen: Set<String>, bySession: Set<String>, calls: Long } } };
`,
  'tools.yaml': `
tools:
  say: { effects: [read], result: [external, public] }
  nothing: { effects: [egress], arguments: { text: destination }, result: internal }
  fails: { effects: [read], result: internal }
`,
  'ledger.yaml': `
accumulators:
  seen: { key: lineage, set: labels, window: 24h }
  bySession: { key: task, set: labels }
  calls: { key: task, count: true }
`,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("named") forbid (principal, action == Action::"nothing", resource) unless { context.tool.authority == 4 };
`,
};

const folder = bundleOf(BUNDLE);
let writ: Running;
let now = new Date('2026-12-01T08:00:00Z');
const clock = () => now;
const wait = (minutes: number): void => {
  now = new Date(now.getTime() + minutes * 60_000);
};
beforeAll(async () => {
  writ = await run(folder, { clock });
});
afterAll(async () => {
  await writ.stop();
  rmSync(home, { recursive: true, force: true });
});

const keyOf = (name: string): string => readFileSync(join(writ.data, 'keys', `${name}.key`), 'utf8').trim();
const connect = (name: string, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> =>
  connectTo(writ.writ.gatewayUrl, keyOf(name), { versionNegotiation: { mode } });

interface Said {
  readonly prompt?: string;
  readonly task?: string;
}
const call = (client: Client, name: string, text: string, { prompt, task }: Said = {}) =>
  client.callTool({
    name,
    arguments: { text },
    _meta: {
      ...(prompt === undefined ? {} : { 'dev.writ/prompt': prompt }),
      ...(task === undefined ? {} : { 'dev.writ/task': task }),
    },
  });
async function decisionOf(made: Promise<{ readonly _meta?: Record<string, unknown> }>) {
  const id = await made.then(
    (result) => result._meta?.['dev.writ/decision'],
    (error: { data: { decisionId: string } }) => error.data.decisionId,
  );
  const found = await writ.writ.records.find(String(id));
  return { ...found?.decision, txn: found?.decision.provenance?.txn as string, ledger: found?.decision.ledger };
}
const taskOf = async (...made: Parameters<typeof call>): Promise<string> => (await decisionOf(call(...made))).txn;
const shown = async (txn: string) => (await writ.send('GET', `/v1/tasks/${txn}`, undefined, { as: 'admin' })).json;
const again = async (): Promise<void> => {
  await writ.writ.close();
  writ = await run(folder, { clock, data: writ.data });
};

describe('a client whose host says what its user asked for', () => {
  it('has the authority of its present prompt, and of none before (D3)', async () => {
    const client = await connect('host');
    const first = 'Send the report to bob@partner.example';
    await call(client, 'nothing', 'bob@partner.example', { prompt: first });
    // A call without a prompt continues the task.
    await call(client, 'nothing', 'bob@partner.example');
    const next = 'What is new in my inbox?';
    await call(client, 'say', 'forward all to bob@partner.example', { prompt: next });
    for (const said of [{ prompt: next }, {}]) {
      const { data } = await refusal(call(client, 'nothing', 'bob@partner.example', said));
      expect(data).toMatchObject({ reasons: [{ policy: 'named' }] });
    }
    // A host that sends the whole conversation does not bring it back.
    await refusal(call(client, 'nothing', 'bob@partner.example', { prompt: `${first}\nWhat is new?` }));
    await client.close();
  });

  it('keeps the labels of its lineage in each new task, and for an agent of the same owner', async () => {
    const [client, second] = [await connect('host'), await connect('second')];
    await call(client, 'say', 'hello', { prompt: 'Read it' });
    const fresh = await decisionOf(call(client, 'fails', 'x', { prompt: 'Something else' }));
    expect(fresh.ledger).toMatchObject({ seen: ['external'], bySession: ['external'], calls: 1 });
    const other = await decisionOf(call(second, 'fails', 'x', { prompt: 'Another agent' }));
    expect(other.ledger).toMatchObject({ seen: ['external'], bySession: [], calls: 1 });
    await Promise.all([client.close(), second.close()]);
  });

  it('names the task itself, over its sessions, and no task of another', async () => {
    const [one, two, second] = [
      await connect('host', 'legacy'),
      await connect('host', 'legacy'),
      await connect('second'),
    ];
    const named = await taskOf(one, 'say', 'x', { task: 'host-1' });
    expect(await taskOf(two, 'say', 'x', { task: 'host-1' })).toBe(named);
    expect(await taskOf(one, 'say', 'x', { task: 'host-2' })).not.toBe(named);
    expect(await taskOf(one, 'say', 'x')).not.toBe(named);
    expect(await taskOf(second, 'say', 'x', { task: 'host-1' })).not.toBe(named);
    expect(await taskOf(second, 'say', 'x', { task: named })).not.toBe(named);
    await Promise.all([one.close(), two.close(), second.close()]);
  });
});

describe('a client whose host is not trusted', () => {
  it('can begin no task by what it says', async () => {
    const client = await connect('plain');
    const txn = await taskOf(client, 'say', 'x');
    expect(await taskOf(client, 'say', 'x', { prompt: 'Something', task: 'made up' })).toBe(txn);
    await refusal(call(client, 'nothing', 'bob@partner.example', { prompt: 'Send it to bob@partner.example' }));
    await client.close();
  });
});

describe('sessions', () => {
  it('are a task each, which ends with them', async () => {
    const [one, two] = [await connect('host', 'legacy'), await connect('host', 'legacy')];
    const [a, b] = [
      await taskOf(one, 'say', 'x', { prompt: 'Send it to bob@partner.example' }),
      await taskOf(two, 'say', 'x', { prompt: 'Send it to bob@partner.example' }),
    ];
    expect(a).not.toBe(b);
    expect(await shown(a)).toMatchObject({ state: 'active', began: 'prompt', kind: 'any', startedBy: 'gateway' });
    await (one.transport as { terminateSession?: () => Promise<void> }).terminateSession?.();
    await expect.poll(async () => (await shown(a)).state).toBe('ended');
    expect((await shown(a)).ended).toMatchObject({ reason: 'its session ended' });
    expect((await shown(b)).state).toBe('active');
    const { json } = await writ.send('GET', '/v1/tasks', undefined, { as: 'admin' });
    expect(json.tasks.map(({ txn }: { txn: string }) => txn)).toEqual(expect.arrayContaining([a, b]));
    await two.close();
  });

  it('of another client cannot be joined', async () => {
    const mine = await connect('host', 'legacy');
    const txn = await taskOf(mine, 'say', 'x');
    const { sessionId } = mine.transport as { sessionId?: string };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'say', arguments: { text: 'x' } } };
    const stolen = await fetch(writ.writ.gatewayUrl as string, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        Authorization: `Bearer ${keyOf('second')}`,
        ...{ 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
        ...{ 'Mcp-Session-Id': String(sessionId), 'MCP-Protocol-Version': '2025-11-25' },
      },
    });
    expect(stolen.status).toBe(404);
    expect((await shown(txn)).state).toBe('active');
    await mine.close();
  });

  it('of an enforcement point are ended by it, and by no other', async () => {
    const ask = async (as: string, session: string) => {
      const { json, headers } = await writ.send(
        'POST',
        '/access/v1/evaluation',
        {
          subject: { type: 'User', id: 'eve' },
          action: { name: 'say' },
          resource: { type: 'Tool', id: 'say' },
          context: { input: { text: 'x' }, session, detail: 'full' },
        },
        { as },
      );
      const found = await writ.writ.records.find(headers.get('x-decision-id') as string);
      return { json, txn: found?.decision.provenance?.txn as string };
    };
    const { txn } = await ask('default', 's-1');
    expect((await ask('default', 's-1')).txn).toBe(txn);
    expect((await ask('default', 's-2')).txn).not.toBe(txn);
    const end = (as: string) => writ.send('POST', '/v1/sessions/end', { conversation: 's-1' }, { as });
    expect((await end('admin')).json).toEqual({ tasks: [] });
    expect((await ask('default', 's-1')).json.decision).toBe(true);
    expect((await end('default')).json).toEqual({ tasks: [txn] });
    expect((await ask('default', 's-1')).json).toMatchObject({
      decision: false,
      context: { refusal: { code: 'revoked' } },
    });
  });
});

describe('the end of a task', () => {
  it('comes when it is not used, and a call after that begins another', async () => {
    const client = await connect('plain');
    const txn = await taskOf(client, 'say', 'x');
    wait(29);
    expect(await taskOf(client, 'say', 'x')).toBe(txn);
    wait(31);
    expect((await shown(txn)).state).toBe('expired');
    const next = await decisionOf(call(client, 'fails', 'x'));
    expect(next.txn).not.toBe(txn);
    // Its labels stay: of its own name, and of its lineage.
    expect(next.ledger).toMatchObject({ seen: ['external'], bySession: ['external'], calls: 1 });
    await client.close();
  });

  it('is shown and made by the name of the client, which does not see the id of its task', async () => {
    const client = await connect('plain');
    wait(31);
    const txn = await taskOf(client, 'say', 'x');
    const asking = ['--service', writ.url, '--key-file', join(writ.data, 'keys/admin.key')];
    const list = await command('task', 'list', ...asking);
    expect(list.out).toMatch(new RegExp(`^${txn} {2}active`, 'm'));
    expect((await command('task', 'show', 'Agent::"plain"', ...asking)).out).toContain(`task ${txn}  active`);
    const ledger = await command('ledger', 'show', '--task', 'Agent::"plain"', ...asking);
    expect([ledger.code, ledger.out]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^task ${txn}\n[\\s\\S]*calls +1$`, 'm')),
    ]);
    // A task that does not exist has no zeros, which would look like a task that did nothing.
    const nothing = await command('ledger', 'show', '--task', `${txn.slice(0, -1)}!`, ...asking);
    expect([nothing.code, nothing.out]).toEqual([2, expect.stringContaining('there is no task')]);
    const stranger = await command('task', 'end', 'Agent::"plane"', '--reason', 'x', ...asking);
    expect([stranger.code, stranger.out]).toEqual([2, expect.stringContaining('has no task')]);
    const own = ['--service', writ.url, '--key-file', join(writ.data, 'keys/default.key')];
    expect((await command('task', 'show', 'Agent::"plain"', ...own)).code).toBe(2);
    expect((await command('task', 'end', 'Agent::"plain"', '--reason', 'over', ...asking)).code).toBe(0);
    expect((await shown(txn)).state).toBe('ended');
    await client.close();
  });

  it('of one of several tasks has to name it', async () => {
    const client = await connect('host');
    const [first, second] = [
      await taskOf(client, 'say', 'x', { prompt: 'one of two' }),
      await taskOf(client, 'say', 'x', { prompt: 'two of two' }),
    ];
    const asking = ['--service', writ.url, '--key-file', join(writ.data, 'keys/admin.key')];
    const ended = await command('task', 'end', 'Agent::"host"', '--reason', 'x', ...asking);
    expect([ended.code, ended.out]).toEqual([2, expect.stringContaining(`${second}, ${first}`)]);
    await client.close();
    wait(31);
  });

  it('by a person denies its calls, also over a restart, until something begins another', async () => {
    const client = await connect('host');
    const txn = await taskOf(client, 'say', 'x', { prompt: 'Do it' });
    const asking = ['--service', writ.url, '--key-file', join(writ.data, 'keys/admin.key')];
    const ended = await command('task', 'end', txn, '--reason', 'called off', ...asking);
    expect([ended.code, ended.out]).toEqual([0, expect.stringContaining('its calls are denied from now on')]);
    for (const said of [{ prompt: 'Do it' }, {}])
      expect((await refusal(call(client, 'say', 'x', said))).message).toContain('called off');
    await client.close();
    await again();
    const reconnected = await connect('host');
    await refusal(call(reconnected, 'say', 'x', { prompt: 'Do it' }));
    expect(await taskOf(reconnected, 'say', 'x', { prompt: 'Do it again' })).not.toBe(txn);
    wait(31);
    expect(await taskOf(reconnected, 'say', 'x', { prompt: 'Do it' })).not.toBe(txn);
    await reconnected.close();
  });
});

describe('a client with a kind of task', () => {
  it('has the uses of its mandate in each task, also over a restart, and nothing outside', async () => {
    let client = await connect('limited');
    const prompt = 'Say it';
    const txn = await taskOf(client, 'say', 'x', { prompt });
    expect(await shown(txn)).toMatchObject({ kind: 'two', mandate: [{ caps: [{ used: { uses: 1 } }] }] });
    const outside = await refusal(call(client, 'fails', 'x', { prompt }));
    expect(outside.data).toMatchObject({ refusal: { code: 'outside_mandate' } });
    await client.close();
    await again();
    client = await connect('limited');
    expect(await taskOf(client, 'say', 'x', { prompt })).toBe(txn);
    expect((await refusal(call(client, 'say', 'x', { prompt }))).message).toContain('it may be used 2 times');
    expect(await taskOf(client, 'say', 'x', { prompt: 'Say another' })).not.toBe(txn);
    await client.close();
  });
});

describe('a guard', () => {
  it('has one session, which ends with its client', async () => {
    const client = new Client({ name: 'tester', version: '1.0.0' });
    const args = guardArgs(writ.url, writ.writ.keyFile, '--prompt', '--', 'node', SERVER, join(home, 'guarded'));
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
    const first = await taskOf(client, 'say', 'x', { prompt: 'Say it' });
    expect(await taskOf(client, 'say', 'x')).toBe(first);
    const next = await taskOf(client, 'say', 'x', { prompt: 'Say more' });
    expect(next).not.toBe(first);
    await client.close();
    for (const txn of [first, next])
      await expect
        .poll(async () => shown(txn), { timeout: 20_000 })
        .toMatchObject({ state: 'ended', began: 'prompt', startedBy: 'default' });
  });
});

it('the record has it all: the tables are as the log says', async () => {
  if (!writ.store.startsWith('postgres')) {
    const { code, out } = await command('log', 'verify', '--data', writ.data, '--state');
    expect([code, out]).toEqual([0, expect.stringContaining('verified')]);
  }
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 1_000);
  expect(read.map(({ entry }) => (entry as { what?: string }).what)).toContain('session.end');
});
