import { once } from 'node:events';
import { mkdtempSync, readdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Attempts } from '@writ/enforce/attempts';
import { afterAll, describe, expect, it } from 'vitest';
import { LogReader } from '../src/audit/log/log-reader.js';
import { NO_CATCH_UP } from '../src/audit/log/log-tiles.js';
import { NO_KEYS } from '../src/audit/protection/person-keys.js';
import { openStoreToRead } from '../src/store/store.js';
import { BUNDLE } from './desk.js';
import { freePort, guardArgs, startedService } from './processes.js';
import { bundleOf, type Running, run } from './running.js';

/** Requests that are refused without a decision are on the record, added up (issue 11). */

type AttemptReport = NonNullable<ReturnType<Attempts['take']>>;

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const FRAGILE = path('bundles/fragile');
const READ = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };

/** The attempts on a record, by who handed them in. */
async function attemptsIn(store: string): Promise<[by: string, report: AttemptReport][]> {
  const kept = openStoreToRead(store);
  const all = await new LogReader(kept, NO_KEYS, NO_CATCH_UP).read({ seq: 0, index: -1 }, 100_000);
  await kept.destroy();
  return all.flatMap(({ entry }) =>
    entry.kind === 'change' && entry.what === 'attempts.refused'
      ? [[entry.by, entry.detail as unknown as AttemptReport] as [string, AttemptReport]]
      : [],
  );
}

const from = '127.0.0.1';

it('a stranger, a request that cannot be read, and one that is not the caller’s, at the service', async () => {
  const writ = await run(
    bundleOf({
      'writ.yaml': 'name: attempts',
      'schema.cedarschema': 'entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc] };',
      'policies/all.cedar': '@id("all") permit (principal, action, resource);',
    }),
  );
  const evaluate = (body: unknown, as?: null) =>
    writ.send('POST', '/access/v1/evaluation', body, as === null ? { as } : {});
  for (let i = 0; i < 3; i += 1) expect((await evaluate(READ, null)).status).toBe(401);
  expect((await evaluate({ ...READ, action: 'read' })).status).toBe(400);
  // Neither a decision nor a question that was answered is an attempt.
  expect((await evaluate(READ)).json.decision).toBe(true);
  expect((await writ.send('GET', '/v1/decisions/none', undefined, { as: 'admin' })).status).toBe(404);
  expect((await writ.send('GET', '/v1/log')).status).toBe(403);
  const { store } = writ;
  await writ.writ.close();
  const [[by, { attempts, others }]] = (await attemptsIn(store)) as [[string, AttemptReport]];
  expect([by, others]).toEqual(['writ', 0]);
  const some = { at: 'service', from, first: expect.any(String), last: expect.any(String) };
  expect(attempts).toEqual([
    { ...some, operation: 'evaluate', reason: 'unauthenticated', count: 3 },
    { ...some, operation: 'evaluate', reason: 'invalid', caller: 'default', count: 1 },
    { ...some, operation: 'readLog', reason: 'forbidden', caller: 'default', count: 1 },
  ]);
}, 60_000);

describe('in front of MCP servers', () => {
  const running: Running[] = [];
  afterAll(() => Promise.all(running.map((one) => one.stop())));

  it('a stranger, and a call that cannot be decided on, at the gateway', async () => {
    const writ = await run(BUNDLE);
    const url = writ.writ.gatewayUrl as string;
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(401);
    const client = new Client({ name: 'tester', version: '1.0.0' });
    const requestInit = { headers: { Authorization: `Bearer ${writ.key('support-bot-for-ana')}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    await expect(client.callTool({ name: 'get_order', arguments: { order_id: 1 } })).rejects.toThrow('do not fit');
    await client.close();
    const { store } = writ;
    await writ.writ.close();
    const [[, { attempts }]] = (await attemptsIn(store)) as [[string, AttemptReport]];
    expect(attempts).toMatchObject([
      { at: 'gateway', operation: 'mcp', reason: 'unauthenticated', from, count: 1 },
      {
        at: 'gateway',
        operation: 'tools/call get_order',
        reason: 'invalid',
        caller: 'Agent::"support-bot" for User::"ana"',
        count: 1,
      },
    ]);
  }, 60_000);

  /** A client of a guard in front of a server, and the process of the guard. */
  async function guarded(port: number, keyFile: string, data: string): Promise<[client: Client, pid: number]> {
    const command = [process.execPath, path('servers/fragile.mjs'), join(data, 'guarded.txt')];
    const args = guardArgs(`http://127.0.0.1:${port}`, keyFile, '--', ...command);
    const client = new Client({ name: 'tester', version: '1.0.0' });
    const transport = new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' });
    await client.connect(transport);
    return [client, transport.pid as number];
  }
  const call = (client: Client) => client.callTool({ name: 'echo', arguments: { text: 'hello' } });
  const refused = {
    at: 'enforcement-point',
    operation: 'echo',
    reason: 'unavailable',
    caller: 'Agent::"bot" for User::"ana"',
  };

  it.each([
    ['keeps what it refused in an outage, and hands it in when the service is back', false],
    ['that is killed in an outage leaves what it refused to the next one', true],
  ])(
    'a guard %s',
    async (_what, isKilled) => {
      const port = await freePort();
      // The key is there before the service that accepts it.
      const first = await run(FRAGILE, { port });
      const { data, store } = first;
      const keyFile = first.writ.keyFile;
      await first.writ.close();
      let [client, pid] = await guarded(port, keyFile, data);
      for (let i = 0; i < 4; i += 1) {
        await expect(call(client)).rejects.toThrow('did not answer');
        // Each is on the disk before the next, also the last one before the kill.
        if (isKilled) await new Promise((resolve) => setTimeout(resolve, 300));
      }
      const folder = join(data, 'attempts');
      if (isKilled) {
        process.kill(pid, 'SIGKILL');
        await client.close();
        for (const name of readdirSync(folder)) utimesSync(join(folder, name), 0, 0);
      }
      const again = await run(FRAGILE, { port, data });
      running.push(again);
      if (isKilled) [client, pid] = await guarded(port, keyFile, data);
      const found = async () => (await attemptsIn(store)).filter(([by]) => by === 'default');
      await expect.poll(found, { timeout: 20_000, interval: 500 }).toHaveLength(1);
      const [[, { attempts }]] = (await found()) as [[string, AttemptReport]];
      expect(attempts).toMatchObject([{ ...refused, count: 4 }]);
      await expect.poll(() => readdirSync(folder), { timeout: 5_000 }).toEqual([]);
      await client.close();
    },
    90_000,
  );
});

it('a batch that is handed in again counts once, also after a restart', async () => {
  const writ = await run(FRAGILE);
  const { data, store } = writ;
  const [first, last] = ['2026-11-30T09:00:00Z', '2026-11-30T09:00:01Z'];
  const one = { operation: 'echo', reason: 'unavailable', count: 3, first, last };
  const hand = (to: Running, batch?: string): Promise<{ status: number }> =>
    to.send('POST', '/v1/attempts', { ...(batch && { batch }), attempts: [one], others: 0 });
  const [id, other] = ['01KBCDEFGHJKMNPQRSTVWXYZ01', '01KBCDEFGHJKMNPQRSTVWXYZ02'];
  const answers = await Promise.all([hand(writ, id), hand(writ, id), hand(writ, id), hand(writ, other), hand(writ)]);
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204]);
  expect((await hand(writ, 'none')).status).toBe(400);
  await writ.writ.close();
  const again = await run(FRAGILE, { data });
  expect((await hand(again, id)).status).toBe(204);
  expect((await attemptsIn(store)).filter(([by]) => by === 'default').length).toBe(3);
  await again.stop();
}, 60_000);

it('a service that is killed leaves what it refused to the next start', async () => {
  const data = mkdtempSync(join(tmpdir(), 'writ-attempts-'));
  const { child, url } = await startedService(FRAGILE, data);
  expect((await fetch(`${url}/access/v1/evaluation`, { method: 'POST', body: '{}' })).status).toBe(401);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const folder = join(data, 'attempts');
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), 0, 0);
  const again = await run(FRAGILE, { data, store: join(data, 'writ.db') });
  const found = () => attemptsIn(again.store);
  await expect.poll(found, { timeout: 90_000, interval: 1_000 }).toHaveLength(1);
  expect((await found())[0]?.[1].attempts).toMatchObject([{ at: 'service', reason: 'unauthenticated', count: 1 }]);
  await again.stop();
}, 120_000);
