import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { CAN_BE_ASKED, callParams, META, PLAIN_CASES, type PlainCase, withoutIds } from './plain-calls.js';
import { guardArgs } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Plain calls go without the SDK through a guard too: everything about them is as if they did not. */

const SERVER = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Any = any;

let folder: string;
let journal: string;
let writ: Running;
let guard: ChildProcessByStdio<Writable, Readable, null>;
const answers = new Map<unknown, Any[]>();
let ids = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-guard-plain-'));
  journal = join(folder, 'journal.txt');
  writeFileSync(journal, '');
  writ = await run(
    bundleOf({
      'writ.yaml': 'name: plain',
      'schema.cedarschema': `entity User, Agent, Tool;
action say, fails, refuses, asks, stays, forbidden, nothing appliesTo {
  principal: [User, Agent], resource: [Tool], context: { input: { text?: String } }
};`,
      'policies/all.cedar':
        '@id("most") permit (principal, action, resource) unless { action == Action::"forbidden" };',
    }),
  );
  const args = guardArgs(writ.url, writ.writ.keyFile, '--', process.execPath, SERVER, journal);
  guard = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let rest = '';
  guard.stdout.on('data', (data) => {
    const lines = (rest + String(data)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = JSON.parse(line);
      answers.set(message.id, [...(answers.get(message.id) ?? []), message]);
    }
  });
});
afterAll(async () => {
  if (guard.exitCode === null) {
    guard.stdin.end();
    await once(guard, 'exit');
  }
  await writ.stop();
  rmSync(folder, { recursive: true, force: true });
});

const send = (message: object): void => void guard.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

async function answerTo(id: unknown): Promise<Any> {
  await expect.poll(() => answers.get(id)?.length ?? 0, { interval: 5 }).toBeGreaterThan(0);
  return answers.get(id)?.[0];
}

function begin(name: string, input: object | undefined, meta: object = {}, id: unknown = undefined): unknown {
  ids += 1;
  const of = id ?? `c-${ids}`;
  send({ id: of, method: 'tools/call', params: callParams(name, input, meta) });
  return of;
}

async function call(name: string, input: object | undefined, meta: object = {}): Promise<Any> {
  const { id: _id, ...answer } = await answerTo(begin(name, input, meta));
  return JSON.parse(withoutIds(JSON.stringify(answer)));
}

const timesDone = (what: string): number =>
  readFileSync(journal, 'utf8')
    .split('\n')
    .filter((one) => one === what).length;

describe('a plain call through writ guard', () => {
  it.each<PlainCase>([
    ...PLAIN_CASES,
    ['whose answer is of another shape', 'nothing', {}, {}, { result: { structuredContent: { a: 1 } } }],
    ['whose server asks the user', 'asks', {}, CAN_BE_ASKED, { result: { resultType: 'input_required' } }],
    ['whose server asks a user that cannot be asked', 'asks', {}, {}, { error: { code: -32_021 } }],
  ])('%s is answered as the SDK answers it, and made once', async (_what, name, input, meta, said) => {
    const before = timesDone(name);
    const plain = await call(name, input, meta);
    const once = timesDone(name) - before;
    // Whoever wants to hear how far it is, is served by the SDK.
    const other = await call(name, input, { ...meta, progressToken: 1 });
    expect(withoutState(plain)).toEqual(withoutState(other));
    expect(plain).toMatchObject(said);
    expect([once, timesDone(name) - before - once]).toEqual(once === 0 ? [0, 0] : [1, 1]);
  });

  it('that is cancelled is cancelled at its server, has no answer, and may have been done', async () => {
    const id = begin('stays', {});
    await expect.poll(() => timesDone('stays')).toBe(1);
    send({ method: 'notifications/cancelled', params: { requestId: id, reason: 'enough', _meta: META } });
    await expect.poll(() => timesDone('was cancelled')).toBe(1);
    expect((await call('say', { text: 'after' })).result.content[0].text).toBe('after');
    expect(answers.has(id)).toBe(false);
    const { decisions } = (await writ.send('GET', '/v1/decisions?limit=5', undefined, { as: 'admin' })).json as Any;
    const stayed = decisions.find(({ request }: Any) => request.action.name === 'stays');
    expect((await writ.writ.records.find(stayed.id))?.outcome?.status).toBe('unknown');
  });

  it('two at once under one id are both made, and each is answered once at most', async () => {
    const before = timesDone('say');
    for (const text of ['one', 'two']) begin('say', { text }, {}, 'same');
    await expect.poll(() => timesDone('say') - before).toBe(2);
    expect((await call('say', { text: 'three' })).result.content[0].text).toBe('three');
    expect(answers.get('same')?.length).toBeLessThanOrEqual(2);
  });

  it('the outcomes of many are reported together, and none is missing when the guard ends', async () => {
    const reports = async (): Promise<number> => {
      const { text } = await writ.send('GET', '/metrics', undefined, { as: null });
      return Number(
        /writ_http_request_duration_seconds_count\{operation="reportOutcome",status="204"\} (\d+)/.exec(text)?.[1] ?? 0,
      );
    };
    const before = await reports();
    const begun = Array.from({ length: 40 }, (_, i) => begin('say', { text: `n ${i}` }));
    const decisions: string[] = [];
    for (const id of begun) decisions.push((await answerTo(id)).result._meta[DECISION_META]);
    guard.stdin.end();
    await once(guard, 'exit');
    for (const id of decisions) expect((await writ.writ.records.find(id))?.outcome?.status).toBe('completed');
    const times = (await reports()) - before;
    expect(times).toBeGreaterThan(0);
    expect(times).toBeLessThan(20);
  });
});

/** Each question has a state of its own. */
function withoutState(answer: Any): Any {
  if (answer.result?.requestState === undefined) return answer;
  expect(answer.result.requestState).toBeTypeOf('string');
  return { ...answer, result: { ...answer.result, requestState: 'some' } };
}
