import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWrit, type Writ } from '../src/index.js';
import { type FakeService, fakeService, type ScriptedAnswer } from './fake-service.js';
import { type Application, FRAMEWORKS } from './frameworks.js';

const permit = { headers: { 'X-Decision-Id': 'D1' }, body: { decision: true } };
const step = { id: 'D1', result: 'step_up', reasons: [], refusal: { code: 'not_permitted', message: 'ask somebody' } };
const obligated = (type: string) => ({
  decision: true,
  context: { id: 'D1', result: 'modify', obligations: [{ id: 'o', type, properties: { path: 'a' } }] },
});

describe.each(Object.keys(FRAMEWORKS))('the check on a route of %s', (name) => {
  // Nest sends what is thrown as this, whatever the header says.
  const type = name === 'nest' ? 'application/json' : 'application/problem+json';
  let service: FakeService;
  let writ: Writ;
  let app: Application;
  const ran: string[] = [];

  beforeAll(async () => {
    service = await fakeService();
    const log = { warn: () => undefined, error: () => undefined };
    writ = createWrit({ url: service.url, key: 'key', deadlineMs: 400, log });
    app = await (FRAMEWORKS[name] as (typeof FRAMEWORKS)[string])(writ, (id) => ran.push(id));
  });
  afterAll(async () => {
    await app.close();
    await writ.close();
    await service.close();
  });
  beforeEach(() => {
    service.reset();
    ran.length = 0;
  });
  afterEach(() => expect(service.outcomes.length).toBeLessThanOrEqual(1));

  const send = async (path: string, method = 'GET') => {
    const response = await fetch(app.url + path, { method });
    const text = await response.text();
    return { status: response.status, text, headers: response.headers };
  };

  it('decides on the matched route and its decoded parameters, and reports the finished response', async () => {
    service.answers = [permit];
    expect(await send('/orders/a%20b')).toMatchObject({ status: 200, text: 'done' });
    expect(service.asked.map(({ body }) => body.resource)).toEqual([{ type: 'Order', id: 'a b' }]);
    // A handler changes nothing of its request or response because a permit asks for it.
    expect(service.asked[0]?.body.context.supported_obligations).toEqual([]);
    expect(ran).toEqual(['a b']);
    await expect.poll(() => service.outcomes).toMatchObject([{ decisionId: 'D1', status: 'completed', unread: true }]);
  });

  it('reports a handler that throws as unknown: it may have done it', async () => {
    service.answers = [permit];
    expect((await send('/orders/7', 'POST')).status).toBe(500);
    expect(ran).toEqual(['7']);
    await expect.poll(() => service.outcomes).toMatchObject([{ decisionId: 'D1', status: 'unknown' }]);
  });

  it('answers a denial with 403 and the decision, and runs nothing', async () => {
    service.answers = [{ headers: { 'X-Decision-Id': 'D1' }, body: { decision: false, context: step } }];
    const { status, text, headers } = await send('/orders/7');
    expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([403, type]);
    expect(JSON.parse(text)).toMatchObject({ status: 403, decision_id: 'D1', result: 'step_up' });
    expect([ran, service.outcomes]).toEqual([[], []]);
  });

  it.each<[string, readonly ScriptedAnswer[]]>([
    ['does not answer', [{ hang: true }]],
    ['breaks the connection', [{ break: true }]],
    ['answers with junk', [{ ...permit, raw: 'decision: true' }]],
    ['answers with nothing', [{ ...permit, raw: '' }]],
    ['answers with another decision', [{ ...permit, body: { decision: true, context: { id: 'D2' } } }]],
    ['answers with 500', [{ ...permit, status: 500 }]],
  ])('answers 503 if the service %s, and runs nothing', async (_what, answers) => {
    service.answers = answers;
    const { status, headers } = await send('/orders/7');
    expect([status, headers.get('content-type')?.split(';')[0]]).toEqual([503, type]);
    expect([ran, service.outcomes]).toEqual([[], []]);
  });

  it.each(['redact', 'cap', 'encrypt'])('refuses a permit that asks for %s: nobody would do it', async (type) => {
    service.answers = [{ ...permit, body: obligated(type) }];
    expect((await send('/orders/7')).status).toBe(403);
    expect(ran).toEqual([]);
    expect(service.outcomes).toMatchObject([{ decisionId: 'D1', status: 'not-executed' }]);
  });

  it('refuses a request that its description throws on, without the words of it', async () => {
    service.answers = [permit];
    const { status, text } = await send('/orders/undescribed');
    expect([status, text.includes('secret')]).toEqual([403, false]);
    expect([ran, service.asked]).toEqual([[], []]);
  });

  it('refuses what it does not know the route of', async () => {
    service.answers = [permit];
    const { status } = await send('/front/7');
    expect(status).toBeGreaterThanOrEqual(400);
    expect([ran, service.asked]).toEqual([[], []]);
  });

  it('decides requests at the same time by themselves', async () => {
    service.answers = ({ body }) => ({
      headers: { 'X-Decision-Id': `D${body.resource.id}` },
      body: { decision: Number(body.resource.id) % 2 === 0 },
    });
    const statuses = await Promise.all(Array.from({ length: 6 }, (_, n) => send(`/orders/${n}`)));
    expect(statuses.map(({ status }) => status)).toEqual([200, 403, 200, 403, 200, 403]);
    expect([...ran].sort()).toEqual(['0', '2', '4']);
    await expect.poll(() => service.outcomes.length).toBe(3);
    service.outcomes.length = 0;
  });
});
