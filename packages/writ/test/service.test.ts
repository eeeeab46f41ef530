import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningDesk, startDesk } from './desk.js';

let desk: RunningDesk;
beforeAll(async () => {
  desk = await startDesk();
});
afterAll(() => desk.stop());

const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(desk.writ.serviceUrl + path, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${desk.key}`, ...headers },
  });
const evaluate = (request: object, headers?: Record<string, string>): Promise<Response> =>
  post('/access/v1/evaluation', JSON.stringify(request), headers);

const refund = (amount: number, context: object = {}) => ({
  subject: { type: 'User', id: 'rui' },
  action: { name: 'refund_order' },
  resource: { type: 'Order', id: 'o-1' },
  context: { input: { order_id: 'o-1', amount, reason: 'x' }, ...context },
});
const order = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'get_order' },
  resource: { type: 'Order', id: 'o-1' },
  context: { input: { order_id: 'o-1' } },
};

describe('AuthZEN access evaluation', () => {
  it('answers with the bare decision and its id in the header', async () => {
    const response = await evaluate(order, { 'X-Request-ID': 'r-1' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"decision":true}');
    expect(response.headers.get('X-Decision-Id')).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(response.headers.get('X-Request-ID')).toBe('r-1');
  });

  it('a denial is a 200', async () => {
    const response = await evaluate({ ...order, subject: { type: 'User', id: 'nobody' } });
    expect([response.status, await response.json()]).toEqual([200, { decision: false }]);
  });

  it('gives reasons to a caller that asks', async () => {
    const response = await evaluate(refund(30_000, { detail: 'reasons' }));
    const body = (await response.json()) as {
      decision: boolean;
      context: { id: string; result: string; reasons: { policy: string }[] };
    };
    expect(body).toMatchObject({
      decision: false,
      context: { result: 'deny', id: response.headers.get('X-Decision-Id') },
    });
    expect(body.context.reasons).toMatchObject([{ policy: 'refund-limit-single', effect: 'forbid' }]);
  });

  it('gives everything that was read to a caller that asks for it in full', async () => {
    const body = (await (await evaluate(refund(100, { agent: 'support-bot', detail: 'full' }))).json()) as {
      context: object;
    };
    expect(body.context).toMatchObject({
      facts: [
        { uid: { type: 'User', id: 'rui' } },
        { uid: { type: 'Agent', id: 'support-bot' } },
        { uid: { type: 'Order', id: 'o-1' } },
      ],
      ledger: { refunded: 100, seen: [] },
      provenance: { assurance: 1 },
    });
  });

  it('ignores fields that nobody knows', async () => {
    expect(await (await evaluate({ ...order, more: 1 })).json()).toEqual({ decision: true });
  });

  it('records every decision before it answers', async () => {
    const id = (await evaluate(order)).headers.get('X-Decision-Id') as string;
    const recorded = await desk.writ.records.find(id);
    expect(recorded?.decision).toMatchObject({ id, result: 'allow', enforcementPoint: 'default', request: order });
  });

  it.each([
    ['no subject', { action: order.action, resource: order.resource }],
    ['no action name', { ...order, action: {} }],
    ['an id that is a number', { ...order, resource: { type: 'Order', id: 7 } }],
    ['a list', []],
  ])('%s is a 400 that says where', async (_name, body) => {
    const response = await evaluate(body);
    expect(response.status).toBe(400);
    expect(response.headers.get('Content-Type')).toContain('application/problem+json');
  });

  it.each([
    ['malformed JSON', '{"subject":'],
    ['an empty body', ''],
    [
      'a key given twice (parser differential)',
      '{"subject":{"type":"User","id":"ana"},"subject":{"type":"User","id":"rui"}}',
    ],
    ['keys that differ in case (CVE-2026-27896)', '{"subject":{"type":"User","id":"ana","ID":"rui"}}'],
    ['a key with NUL (GHSA-q382-vc8q-7jhj)', '{"subject":{"type":"User","id\\u0000":"ana"}}'],
    ['a lone surrogate', '{"subject":{"type":"User","id":"\\ud800"}}'],
    ['2^53 + 1', '{"n":9007199254740993}'],
    ['deep nesting', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`],
    ['a __proto__ key', '{"__proto__":{"decision":true}}'],
  ])('%s is a 400', async (_name, body) => {
    expect((await post('/access/v1/evaluation', body)).status).toBe(400);
  });

  it('bytes that are not UTF-8 are a 400', async () => {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const response = await fetch(`${desk.writ.serviceUrl}/access/v1/evaluation`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${desk.key}` },
    });
    expect(response.status).toBe(400);
  });

  it('an oversized body is a 413', async () => {
    expect((await post('/access/v1/evaluation', JSON.stringify({ ...order, pad: 'x'.repeat(1_100_000) }))).status).toBe(
      413,
    );
  });

  it('an oversized chunked body, without a declared length, is a 413 too (CVE-2026-50197)', async () => {
    const { hostname, port } = new URL(desk.writ.serviceUrl);
    const socket = connect(Number(port), hostname);
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (data) => {
        text += String(data);
      });
      socket.on('close', () => resolve(text));
      socket.on('error', () => resolve(text));
    });
    socket.write(
      `POST /access/v1/evaluation HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nAuthorization: Bearer ${desk.key}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    const piece = 'x'.repeat(65_536);
    for (let i = 0; i < 20; i += 1) socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    socket.end('0\r\n\r\n');
    expect((await answer).split('\r\n')[0]).toBe('HTTP/1.1 413 Payload Too Large');
  });

  it('a wrong content type is a 400', async () => {
    expect((await evaluate(order, { 'Content-Type': 'text/plain' })).status).toBe(400);
  });

  it.each([
    ['no key', ''],
    ['a key that is not one', 'Bearer hello'],
    ['a key of nobody', `Bearer writ_${'A'.repeat(43)}`],
  ])('%s is a 401', async (_name, authorization) => {
    const response = await evaluate(order, { Authorization: authorization });
    expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer realm="writ"']);
  });

  it('the key of a gateway client is not one of an enforcement point', async () => {
    const response = await evaluate(order, { Authorization: `Bearer ${desk.clientKey('support-bot-for-ana')}` });
    expect(response.status).toBe(401);
  });
});

describe('what a caller cannot do', () => {
  const decisionOf = async (request: object): Promise<unknown> =>
    ((await (await evaluate(request)).json()) as { decision: unknown }).decision;

  it('properties of a request never override a fact', async () => {
    const file = { type: 'File', id: '/finance/payroll.csv', properties: { within: ['/', '/finance'] } };
    const read = {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'read_text_file' },
      resource: file,
      context: { input: { path: '/finance/payroll.csv' }, agent: 'support-bot' },
    };
    expect(await decisionOf(read)).toBe(false);
    const asBot = {
      ...read,
      subject: { type: 'Agent', id: 'support-bot', properties: { workFolder: '/finance' } },
      context: { input: read.context.input },
    };
    expect(await decisionOf(asBot)).toBe(false);
  });

  it('what Writ provides cannot be sent', async () => {
    expect(await decisionOf(refund(100, { ledger: { refunded: 0, seen: [] } }))).toBe(false);
    const forged = {
      ...order,
      context: {
        ...order.context,
        provenance: { assurance: 4 },
        ledger: { refunded: 0, seen: [] },
        tool: { effects: [] },
      },
    };
    expect(await decisionOf(forged)).toBe(true);
  });

  it('agent:bob is not user:bob', async () => {
    expect(await decisionOf({ ...order, subject: { type: 'Agent', id: 'ana' } })).toBe(false);
  });

  it('a type of subject that the schema does not let act is denied', async () => {
    expect(await decisionOf({ ...order, subject: { type: 'Team', id: 'support' } })).toBe(false);
  });

  it('a new task does not empty a budget', async () => {
    const of = (task: string) => ({ ...refund(20_000, { task }), subject: { type: 'User', id: 'ana' } });
    const decisions = [];
    for (const task of ['t1', 't2', 't3', 't4']) decisions.push(await decisionOf(of(task)));
    expect(decisions).toEqual([true, true, false, false]);
  });

  it('refunds at once are never together over the limit', async () => {
    const of = { ...refund(10_000), subject: { type: 'User', id: 'ben' } };
    const decisions = await Promise.all(Array.from({ length: 40 }, () => decisionOf(of)));
    expect(decisions.filter((decision) => decision === true)).toHaveLength(5);
  });
});

describe('outcomes', () => {
  it('a failed action gives its share of a budget back, once, and only for who was told', async () => {
    const id = (await evaluate(order)).headers.get('X-Decision-Id') as string;
    const report = (body: object) => post('/v1/outcomes', JSON.stringify(body));
    expect((await report({ decisionId: id, status: 'completed' })).status).toBe(204);
    expect((await report({ decisionId: id, status: 'failed' })).status).toBe(409);
    expect((await report({ decisionId: id, status: 'completed' })).status).toBe(204);
    expect((await desk.writ.records.find(id))?.outcome?.status).toBe('completed');
    expect((await report({ decisionId: id, status: 'never-mind' })).status).toBe(400);
  });
});

describe('outcomes at once', () => {
  it('of several decisions in one report, each counts; one that is wrong makes all of it wrong', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.push((await evaluate(order)).headers.get('X-Decision-Id') as string);
    const report = (outcomes: object[]) => post('/v1/outcomes', JSON.stringify({ outcomes }));
    const [first, second, third] = ids;
    const wrong = [
      { decisionId: third, status: 'completed' },
      { decisionId: third, status: 'never-mind' },
    ];
    expect((await report(wrong)).status).toBe(400);
    expect((await report([])).status).toBe(400);
    expect((await report(Array(101).fill({ decisionId: third, status: 'completed' }))).status).toBe(400);
    const sent = [
      { decisionId: first, status: 'failed', error: 'no' },
      { decisionId: 'nobody knows it', status: 'completed' },
      { decisionId: second, status: 'completed' },
      { decisionId: second, status: 'failed' },
    ];
    // The two that count are accepted; the answer names those that are not.
    expect((await report(sent)).status).toBe(404);
    const found = await Promise.all(ids.map((id) => desk.writ.records.find(id)));
    expect(found.map((one) => one?.outcome?.status)).toEqual(['failed', 'completed', undefined]);
  });

  it('go on the record together: each does not wait for a commit of its own', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 60; i += 1) ids.push((await evaluate(order)).headers.get('X-Decision-Id') as string);
    const commits = async (): Promise<number> => {
      const key = readFileSync(desk.writ.keyFileOf('admin'), 'utf8').trim();
      const headers = { Authorization: `Bearer ${key}` };
      const text = await (await fetch(`${desk.writ.serviceUrl}/metrics`, { headers })).text();
      return Number(/^writ_log_commit_duration_seconds_count (\d+)$/m.exec(text)?.[1]);
    };
    const before = await commits();
    const outcomes = ids.map((decisionId) => ({ decisionId, status: 'completed' }));
    expect((await post('/v1/outcomes', JSON.stringify({ outcomes }))).status).toBe(204);
    expect(await commits()).toBeLessThan(before + 20);
    const found = await Promise.all(ids.map((id) => desk.writ.records.find(id)));
    expect(new Set(found.map((one) => one?.outcome?.status))).toEqual(new Set(['completed']));
  });

  it('of many reports of one decision, one counts and none fails', async () => {
    const id = (await evaluate(order)).headers.get('X-Decision-Id') as string;
    const body = JSON.stringify({ decisionId: id, status: 'completed' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post('/v1/outcomes', body)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(204));
  });
});

describe('operations', () => {
  it('tells that it is ready', async () => {
    expect((await fetch(`${desk.writ.serviceUrl}/readyz`)).status).toBe(200);
    expect((await fetch(`${desk.writ.serviceUrl}/livez`)).status).toBe(200);
  });

  it('an unknown path is a 404 as problem details', async () => {
    const response = await fetch(`${desk.writ.serviceUrl}/nope`);
    expect(response.status).toBe(404);
    expect(response.headers.get('Content-Type')).toContain('application/problem+json');
  });

  it('only the owner can read the keys', () => {
    expect(statSync(desk.writ.keyFile).mode & 0o777).toBe(0o600);
  });
});
