import { Agent, createServer, type IncomingHttpHeaders, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The proxy of `writ start` in front of a service over HTTP: who asks, what is decided, and what reaches either side. */

interface Got {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
const got: Got[] = [];
let open: ServerResponse | undefined;
const shop = createServer(async (request, response) => {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const { method, url, headers } = request;
  got.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
  const json = (status: number, body: string) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  if (url === '/orders/stream') {
    open = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  } else if (url === '/orders/twice') json(200, '{"card":"1","card":"2"}');
  else if (url === '/orders/gone') json(404, '{"error":"no such order"}');
  else json(200, '{"id":17,"card":"4111111111111111"}');
});

const DOCUMENT = `openapi: 3.1.0
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
  /orders/{id}/card:
    get:
      operationId: getCard
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
  /orders/{id}/notes:
    post:
      operationId: addNote
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { text: { type: string } } } } } }
  /orders/{id}/refund:
    post:
      operationId: refundOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { cents: { type: integer } } } } } }
      x-authzen-mapping:
        evaluation: { action: { name: refund }, resource: { type: Order, id: $request.path_params.id } }
`;
const files = (upstream: string, more = ''): Record<string, string> => ({
  'writ.yaml': `name: shop
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } } }
http:
  services:
    shop:
      upstream: ${upstream}
      hosts: [shop.example]
      openapi: openapi/shop.yaml
      passThrough: [GET /healthz]
      credential: { Authorization: "Bearer \${env:TEST_SHOP_TOKEN}" }
`,
  'openapi/shop.yaml': DOCUMENT,
  'schema.cedarschema': `entity User; entity Agent; entity Route; entity Order;
type Request = { action: String, policies: Set<String> };
action approve appliesTo { principal: [User], resource: [Order], context: { request: Request } };
type Id = { path_params: { id: String } };
action getOrder, getCard appliesTo { principal: [User, Agent], resource: [Route], context: { input: Id } };
action addNote appliesTo { principal: [User, Agent], resource: [Route], context: { input: { path_params: { id: String }, body?: { text?: String } } } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { path_params: { id: String }, body?: { cents?: Long } } } };`,
  'policies/all.cedar': `@id("read") permit(principal, action == Action::"getOrder", resource == Route::"/orders/{id}");
@id("card") @obligation("card") permit(principal, action == Action::"getCard", resource);
@id("note") @obligation("note") permit(principal, action == Action::"addNote", resource);
@id("refund") permit(principal, action == Action::"refund", resource == Order::"17") when { context.input has body && context.input.body has cents && context.input.body.cents < 9000 };
@id("large") @requestable forbid(principal, action == Action::"refund", resource) when { !(context.input has body && context.input.body has cents && context.input.body.cents < 1000) };
@id("approver") permit(principal == User::"lena", action == Action::"approve", resource);
${more}`,
  'entities/people.json': '[{ "uid": { "type": "User", "id": "lena" }, "attrs": {}, "parents": [] }]',
  'obligations.yaml': `obligations:
  card: { type: redact, properties: { path: $.card } }
  note: { type: redact, properties: { path: $.body.text, on: input } }
`,
});

let writ: Running;
let bundle: string;
let upstream: string;

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly isReused: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

function ask(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
  agent?: Agent,
): Promise<Answer> {
  const { port } = new URL(writ.writ.httpUrl ?? '');
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = send(
      {
        ...{ host: '127.0.0.1', port, method, path, agent },
        headers: {
          host: 'shop.example',
          authorization: `Bearer ${writ.key('bot')}`,
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(text.length) }),
          ...headers,
        },
      },
      async (answer) => {
        const pieces: Buffer[] = [];
        try {
          for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
        } catch {
          // It was cut.
        }
        const said = Buffer.concat(pieces).toString();
        let json: unknown;
        try {
          json = JSON.parse(said);
        } catch {
          json = undefined;
        }
        resolve({ status: answer.statusCode, headers: answer.headers, body: said, json, isReused: asked.reusedSocket });
      },
    );
    asked.on('error', reject);
    asked.end(text);
  });
}

const outcomeOf = async (action: string) => {
  const read = await writ.writ.records.read({ seq: 0, index: -1 }, 2_000);
  const entries = read.map(({ entry }) => entry) as unknown as Record<string, unknown>[];
  return entries.filter((entry) => JSON.stringify(entry).includes(action));
};

beforeAll(async () => {
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  upstream = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  process.env.TEST_SHOP_TOKEN = 'of-the-proxy';
  bundle = bundleOf(files(upstream));
  writ = await run(bundle);
});
afterAll(async () => {
  await writ?.stop();
  shop.closeAllConnections();
  shop.close();
});

describe('the proxy of writ start', () => {
  it('forwards what is permitted, with the credential of the service in the place of that of the client', async () => {
    const answer = await ask('GET', '/orders/17', undefined, { cookie: 'a=b', 'x-user': 'root' });
    expect([answer.status, answer.body]).toEqual([200, '{"id":17,"card":"4111111111111111"}']);
    const { url, headers } = got.at(-1) ?? expect.fail();
    expect([url, headers.authorization, headers.cookie, headers['x-user']]).toEqual([
      '/orders/17',
      'Bearer of-the-proxy',
      undefined,
      undefined,
    ]);
  });

  it('records the decision and the outcome', async () => {
    await ask('GET', '/orders/gone');
    await expect
      .poll(async () => (await outcomeOf('HTTP 404')).map(({ kind, status }) => [kind, status]))
      .toEqual([['outcome', 'failed']]);
  });

  it('decides by the mapping of the document', async () => {
    expect((await ask('POST', '/orders/17/refund', { cents: 10 })).status).toBe(200);
    expect(got.at(-1)?.body).toBe('{"cents":10}');
    const before = got.length;
    for (const [path, cents] of [
      ['/orders/18/refund', 10],
      ['/orders/18/refund', 999],
    ] as const) {
      const { status, headers, json } = await ask('POST', path, { cents });
      expect([status, headers['content-type']]).toEqual([403, 'application/problem+json']);
      expect(json).toMatchObject({ code: 'not_permitted', result: 'deny', decision_id: expect.any(String) });
      expect((await writ.writ.findDecision(json.decision_id))?.decision.result).toBe('deny');
    }
    expect(got.length).toBe(before);
  });

  it.each<[string, string, string, Record<string, string>, number]>([
    ['no credential', 'GET', '/orders/17', { authorization: '' }, 401],
    ['a key of nobody', 'GET', '/orders/17', { authorization: 'Bearer writ_nobody' }, 401],
    ['another host', 'GET', '/orders/17', { host: 'other.example' }, 400],
    ['a path with two readings', 'GET', '/orders/a%2fb', {}, 400],
    ['no operation', 'GET', '/admin', {}, 404],
    ['another method', 'DELETE', '/orders/17', {}, 405],
    ['a token that proves nothing', 'GET', '/orders/17', { 'txn-token': 'a.b.c' }, 403],
  ])('refuses a request with %s', async (_what, method, path, headers, status) => {
    const before = got.length;
    expect((await ask(method, path, undefined, headers)).status).toBe(status);
    expect(got.length).toBe(before);
  });

  it('forwards what passes without a decision, without a credential', async () => {
    expect((await ask('GET', '/healthz', undefined, { authorization: '' })).status).toBe(200);
    expect(got.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('carries out obligations on the request and on the answer', async () => {
    expect((await ask('GET', '/orders/17/card')).json).toEqual({ id: 17, card: '[redacted]' });
    expect((await ask('POST', '/orders/17/notes', { text: 'secret' })).status).toBe(200);
    expect(JSON.parse(got.at(-1)?.body ?? '')).toEqual({ text: '[redacted]' });
  });

  it('withholds an answer that cannot be changed as it must be', async () => {
    const listener = shop.listeners('request')[0] as (...all: unknown[]) => void;
    shop.removeAllListeners('request');
    shop.once('request', (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"card":"1","card":"2"}'),
    );
    const twice = await ask('GET', '/orders/17/card');
    shop.once('request', (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('card 4111111111111111'),
    );
    const text = await ask('GET', '/orders/17/card');
    shop.on('request', listener);
    expect([twice.status, twice.json.code, text.status, text.json.code]).toEqual([502, 'withheld', 502, 'withheld']);
  });

  it('serves another bundle without dropping connections, and refuses what that does not have', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask('GET', '/orders/17', undefined, {}, agent)).status).toBe(200);
    writeBundle(bundle, { 'openapi/shop.yaml': DOCUMENT.replace('/orders/{id}/card', '/orders/{id}/other') });
    await writ.writ.reload();
    const other = await ask('GET', '/orders/17/other', undefined, {}, agent);
    expect([other.status, other.isReused]).toEqual([200, true]);
    expect((await ask('GET', '/orders/17/card')).status).toBe(404);
    writeBundle(bundle, files(upstream, '@id("none") forbid(principal, action == Action::"getCard", resource);'));
    await writ.writ.reload();
    expect((await ask('GET', '/orders/17/card')).status).toBe(403);
    agent.destroy();
  });

  it('answers a request that somebody has to approve with the request for access', async () => {
    const { status, json } = await ask('POST', '/orders/17/refund', { cents: 5_000 });
    expect([status, json.result, json.reasons]).toEqual([
      403,
      'step_up',
      [expect.objectContaining({ policy: 'large' })],
    ]);
    expect(json.access_request).toMatchObject({ id: expect.any(String), status: 'pending' });
  });

  it('cuts what is under way when its agent is revoked', async () => {
    const answer = ask('GET', '/orders/stream');
    await expect.poll(() => open).toBeDefined();
    const revoked = await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'identity', target: 'Agent::"bot"', reason: 'stolen' },
      { as: 'admin' },
    );
    expect([revoked.status, revoked.text]).toEqual([201, expect.any(String)]);
    expect((await answer).body).toBe('data: 1\n\n');
    expect((await ask('GET', '/orders/17')).status).toBe(403);
  });
});
