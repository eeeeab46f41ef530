import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { LoadShedder } from '../src/api/http/load.js';
import { Metrics } from '../src/api/http/metrics.js';
import { HttpService } from '../src/api/http/service.js';
import { ServingStateHolder } from '../src/api/http/serving-state.js';
import { operationRoutes } from '../src/api/operations.js';
import { LogWriter } from '../src/audit/log/log-writer.js';
import { UNPROTECTED } from '../src/audit/protection/protection.js';
import { BundleError, LastGoodError } from '../src/bundle/errors.js';
import { KnownHosts } from '../src/lib/known-hosts.js';
import type { Credentials } from '../src/provenance/credentials.js';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The states starting, ready and stale; an accepted request is answered, and load past the limit is turned away. */

const FILES = {
  'writ.yaml': 'name: states',
  'schema.cedarschema': `
entity User { level?: Long };
entity Doc;
action read, write appliesTo { principal: [User], resource: [Doc], context: { ledger: { reads: Long } } };
`,
  'ledger.yaml': 'accumulators: { reads: { key: originator, count: true } }',
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const READ = { subject: { type: 'User', id: 'ana' }, action: { name: 'read' }, resource: { type: 'Doc', id: '1' } };
const WRITE = { ...READ, action: { name: 'write' } };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
async function running(folder: string, options: Parameters<typeof run>[1] = {}): Promise<Running> {
  const writ = await run(folder, options);
  stops.push(() => writ.stop());
  return writ;
}
const decide = async (writ: Running, body: object = READ) =>
  (await writ.send('POST', '/access/v1/evaluation', body)).json;
const ready = async (writ: Running) => writ.send('GET', '/readyz', undefined, { as: null });
const reload = (writ: Running) => writ.send('POST', '/v1/policy/reload', undefined, { as: 'admin' });

describe('starting', () => {
  it('lives, is not ready, and decides nothing', async () => {
    const state = new ServingStateHolder();
    const load = new LoadShedder({ inFlight: 10, turnMs: 100, diskMs: 100 }, () => 0);
    const log = new LogWriter(
      {
        write: async () => undefined,
        readable: async () => undefined,
        close: async () => undefined,
      },
      UNPROTECTED,
    );
    const service = new HttpService({
      state,
      callers: () => {
        throw new Error('there are none yet');
      },
      hosts: new KnownHosts(() => new Set()),
      credentials: {} as Credentials,
      load,
      metrics: new Metrics(log, state, load, () => new Date()),
      logger: pino({ enabled: false }),
      attempts: { add: () => undefined },
      tracing: undefined,
      tls: undefined,
    });
    service.add(
      operationRoutes(
        state,
        () => undefined,
        () => new Date(),
      ),
    );
    service.add([
      {
        method: 'POST',
        url: '/ask',
        operationId: 'ask',
        tag: 'AuthZEN',
        summary: '',
        access: { kind: 'caller' },
        answers: {},
        handle: () => 'yes',
      },
    ]);
    const { url, close } = await service.listen('127.0.0.1', 0);
    stops.push(close);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const notReady = await fetch(`${url}/readyz`);
    expect([notReady.status, await notReady.json()]).toEqual([503, { state: 'starting' }]);
    const asked = await fetch(`${url}/ask`, { method: 'POST' });
    expect([asked.status, asked.headers.get('Retry-After')]).toEqual([503, '1']);
  });

  it('does not become ready when the self-test fails', async () => {
    const folder = bundleOf({ ...FILES, 'service/open.cedar': '@id("open") permit (principal, action, resource);' });
    await expect(run(folder)).rejects.toMatchObject({ code: 'self_test_failed' });
  });
});

describe('ready', () => {
  it('says with which policy', async () => {
    const writ = await running(bundleOf(FILES));
    expect((await ready(writ)).json).toMatchObject({
      state: 'ready',
      policyVersion: writ.writ.decider.plane.policyVersion,
    });
  });

  it('a new policy is in the next decision, and no budget is emptied by it', async () => {
    const folder = bundleOf(FILES);
    const writ = await running(folder);
    expect(await decide(writ)).toEqual({ decision: true });
    expect(await decide(writ)).toEqual({ decision: true });
    writeBundle(folder, {
      'policies/all.cedar': '@id("all") permit (principal, action, resource) when { context.ledger.reads <= 3 };',
    });
    const { status, json } = await reload(writ);
    expect([status, json.state]).toEqual([200, 'ready']);
    // Two were done before, this is the third.
    expect([await decide(writ), await decide(writ)]).toEqual([{ decision: true }, { decision: false }]);
  });

  it('a caller that a new bundle declares gets a key, and one that it no longer declares has none', async () => {
    const folder = bundleOf({ ...FILES, 'writ.yaml': 'name: states\ncallers: { old: {} }' });
    const writ = await running(folder);
    expect((await writ.send('POST', '/access/v1/evaluation', READ, { as: 'old' })).status).toBe(200);
    writeBundle(folder, { 'writ.yaml': 'name: states\ncallers: { fresh: {} }' });
    await reload(writ);
    expect((await writ.send('POST', '/access/v1/evaluation', READ, { as: 'fresh' })).status).toBe(200);
    expect((await writ.send('POST', '/access/v1/evaluation', READ, { as: 'old' })).status).toBe(401);
  });
});

describe('stale: the last good policy goes on when a newer one cannot be used', () => {
  it('at a reload', async () => {
    const folder = bundleOf(FILES);
    const writ = await running(folder);
    writeBundle(folder, {
      'policies/all.cedar': '@id("all") permit (principal, action, resource) when { principal.nothing };',
    });
    const refused = await reload(writ);
    expect(refused.status).toBe(422);
    expect(refused.json.findings[0]).toMatchObject({ file: 'policies/all.cedar', line: 1 });
    expect(await decide(writ)).toEqual({ decision: true });
    const { status, json } = await ready(writ);
    expect([status, json.state]).toEqual([200, 'stale']);
    // Why is for who may read the policy.
    expect(json.why).not.toContain('nothing');
    expect((await writ.send('GET', '/v1/policy', undefined, { as: 'admin' })).json.why).toContain('nothing');
    await expect(writ.writ.reload()).rejects.toThrow(BundleError);
    writeBundle(folder, FILES);
    await reload(writ);
    expect((await ready(writ)).json.state).toBe('ready');
  });

  it('at a reload that the stored facts do not fit', async () => {
    const folder = bundleOf(FILES);
    const writ = await running(folder);
    await writ.send('PUT', '/v1/entities', [{ uid: { type: 'User', id: 'ana' }, attrs: { level: 1 } }], {
      as: 'admin',
    });
    writeBundle(folder, {
      'schema.cedarschema': FILES['schema.cedarschema'].replace('level?: Long', 'level?: String'),
    });
    expect((await reload(writ)).status).toBe(422);
    expect(await decide(writ)).toEqual({ decision: true });
  });

  it('at a start', async () => {
    const folder = bundleOf(FILES);
    const data = mkdtempSync(join(tmpdir(), 'writ-stale-'));
    const first = await run(folder, { data });
    await first.writ.close();
    writeBundle(folder, { 'policies/all.cedar': 'permit (' });
    const second = await run(folder, { data });
    expect(await decide(second)).toEqual({ decision: true });
    expect((await ready(second)).json.state).toBe('stale');
    await second.writ.close();
    // The folder is gone altogether.
    rmSync(folder, { recursive: true });
    const third = await run(folder, { data });
    expect(await decide(third)).toEqual({ decision: true });
    await third.stop();
  });

  it('is not believed when its contents are not those of its version', async () => {
    const folder = bundleOf(FILES);
    const data = mkdtempSync(join(tmpdir(), 'writ-stale-'));
    await (await run(folder, { data })).writ.close();
    const file = join(data, 'last-good.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('permit (principal, action', 'permit (principal ,action'));
    writeBundle(folder, { 'policies/all.cedar': 'permit (' });
    await expect(run(folder, { data })).rejects.toThrow(LastGoodError);
    rmSync(data, { recursive: true });
  });
});

describe('too much', () => {
  it('is turned away at once with when to come back; what was let in is answered, and a revocation always is', async () => {
    const writ = await running(bundleOf(FILES), { limits: { inFlight: 4 } });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        i === 150
          ? writ.send('POST', '/v1/revocations', { kind: 'action', target: 'nothing', reason: 'x' }, { as: 'admin' })
          : // Of many decisions: those wait for the disk together, so that several requests are in flight.
            writ.send('POST', '/access/v1/evaluations', { ...READ, evaluations: Array(20).fill({}) }),
      ),
    );
    expect(answers[150]?.status).toBe(201);
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 201, 503]));
    for (const { status, json, headers } of answers) {
      if (status === 503) expect([headers.get('Retry-After'), json.title]).toEqual(['1', 'Service Unavailable']);
      if (status === 200) expect(json).toEqual({ evaluations: Array(20).fill({ decision: true }) });
    }
    // Nothing stays behind.
    expect(await decide(writ)).toEqual({ decision: true });
    const { text } = await writ.send('GET', '/metrics', undefined, { as: null });
    expect(text).toMatch(/writ_requests_shed_total [1-9]/);
    expect(text).toMatch(/writ_requests_in_flight 0/);
  });

  it('one turn of the event loop takes requests for a bounded time', async () => {
    const load = new LoadShedder({ inFlight: 1_000, turnMs: 5, diskMs: 100 }, () => 0);
    expect(load.refusal()).toBeUndefined();
    const until = performance.now() + 10;
    while (performance.now() < until);
    expect(load.refusal()).toMatch(/more requests arrive/);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(load.refusal()).toBeUndefined();
    expect(load.shed).toBe(1);
  });

  it('nothing is let in while the log waits for the disk', () => {
    const load = new LoadShedder({ inFlight: 1_000, turnMs: 100, diskMs: 100 }, () => 101);
    expect(load.refusal()).toMatch(/disk/);
  });

  it.each([
    ['headers', { pad: 'x'.repeat(20_000) }, '', 431],
    ['a body', {}, JSON.stringify({ ...READ, pad: 'x'.repeat(1_100_000) }), 413],
    ['a batch', {}, JSON.stringify({ ...READ, evaluations: Array(251).fill({}) }), 400],
  ])('%s that are too large', async (_what, headers, body, status) => {
    const writ = await running(bundleOf(FILES));
    expect((await writ.send('POST', '/access/v1/evaluations', body, { headers })).status).toBe(status);
  });

  it('a client that sends its headers drop by drop does not hold others up', async () => {
    const writ = await running(bundleOf(FILES));
    const { hostname, port } = new URL(writ.url);
    const sockets = Array.from({ length: 50 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write('POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\n');
      return socket;
    });
    expect(await decide(writ)).toEqual({ decision: true });
    for (const socket of sockets) socket.destroy();
  });
});

describe('stopping', () => {
  it('answers what it accepted, and takes no more', async () => {
    const writ = await run(bundleOf(FILES));
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const key = writ.key();
    const ask = () =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const sent = httpRequest(
          `${writ.url}/access/v1/evaluation`,
          { method: 'POST', agent, headers: { Authorization: key, 'Content-Type': 'application/json' } },
          (response) => {
            let text = '';
            response.on('data', (chunk) => {
              text += String(chunk);
            });
            response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          },
        );
        sent.on('error', reject);
        sent.end(JSON.stringify(WRITE));
      });
    await ask();
    const accepted = Array.from({ length: 200 }, ask);
    // In the middle of them, however slow the machine is.
    await Promise.race(accepted);
    const stopped = writ.stop();
    const settled = await Promise.allSettled(accepted);
    await stopped;
    const answered = settled.filter(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<{
      status: number;
      text: string;
    }>[];
    expect(answered.length).toBeGreaterThan(0);
    // An answer is a decision; who was not let in any more had no answer at all.
    for (const { value } of answered) expect(value).toEqual({ status: 200, text: '{"decision":true}' });
    await expect(ask()).rejects.toThrow();
    agent.destroy();
  });
});
