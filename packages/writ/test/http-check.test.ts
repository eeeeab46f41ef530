import { type IncomingHttpHeaders, request as send } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Running, run, writeBundle } from './running.js';

/** The check endpoint of `writ start`: who asks, what is decided, and what a front is answered. */

const DOCUMENT = `openapi: 3.1.0
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
    delete:
      operationId: deleteOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
  /orders/{id}/card:
    get:
      operationId: getCard
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
  /orders/{id}/refund:
    post:
      operationId: refundOrder
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { cents: { type: integer } } } } } }
      x-authzen-mapping:
        evaluation: { action: { name: refund }, resource: { type: Order, id: $request.path_params.id } }
`;
const files = (fronts: string): Record<string, string> => ({
  'writ.yaml': `name: shop
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } } }
http:
  services:
    shop:
      upstream: http://127.0.0.1:1
      hosts: [shop.example]
      openapi: openapi/shop.yaml
      passThrough: [GET /healthz]
      credential: { Authorization: "Bearer \${env:TEST_CHECK_TOKEN}" }
    other: { upstream: "http://127.0.0.1:1", hosts: [other.example], routes: ["GET /orders/{id}"] }
  fronts: ${fronts}
`,
  'openapi/shop.yaml': DOCUMENT,
  'schema.cedarschema': `entity User; entity Agent; entity Route; entity Order;
type Id = { path_params: { id: String } };
action getOrder, getCard, deleteOrder, "GET /orders/{id}" appliesTo { principal: [User, Agent], resource: [Route], context: { input: Id } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { path_params: { id: String }, body?: { cents?: Long } } } };
type Request = { action: String, policies: Set<String> };
action approve appliesTo { principal: [User], resource: [Order, Route], context: { request: Request } };`,
  'policies/all.cedar': `@id("read") permit(principal, action in [Action::"getOrder", Action::"GET /orders/{id}"], resource);
@id("card") @obligation("card") permit(principal, action == Action::"getCard", resource);
@id("refund") permit(principal, action == Action::"refund", resource == Order::"17");
@id("delete") permit(principal, action == Action::"deleteOrder", resource);
@id("asked") @requestable forbid(principal, action == Action::"deleteOrder", resource);
@id("approver") permit(principal == User::"lena", action == Action::"approve", resource);
`,
  'entities/people.json': '[{ "uid": { "type": "User", "id": "lena" }, "attrs": {}, "parents": [] }]',
  'obligations.yaml': 'obligations: { card: { type: redact, properties: { path: $.card } } }\n',
});
const FRONTS =
  '{ edge: { profile: nginx, services: [shop] }, mesh: { profile: traefik, services: [shop], body: carried } }';

let writ: Running;
let bundle: string;
beforeAll(async () => {
  process.env.TEST_CHECK_TOKEN = 'of-the-service';
  bundle = bundleOf(files(FRONTS));
  writ = await run(bundle);
});
afterAll(async () => {
  await writ.stop();
  delete process.env.TEST_CHECK_TOKEN;
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

type Headers = Record<string, string | undefined>;

function check(headers: Headers, body = ''): Promise<Answer> {
  const { port } = new URL(writ.writ.checkUrl ?? '');
  const set = Object.fromEntries(
    Object.entries(headers).filter(([, value]) => value !== undefined),
  ) as IncomingHttpHeaders;
  return new Promise((resolve, reject) => {
    const asked = send({ host: '127.0.0.1', port, path: '/v1/check', headers: set }, async (response) => {
      let text = '';
      for await (const piece of response) text += piece;
      resolve({
        status: response.statusCode,
        headers: response.headers,
        json: text === '' ? undefined : JSON.parse(text),
      });
    });
    asked.on('error', reject).end(body);
  });
}

/** As nginx asks with the configuration of `deploy/fronts`. */
const asked = (target: string, more: Headers = {}): Headers => ({
  'writ-front': `Bearer ${writ.key('edge')}`,
  'writ-method': 'GET',
  'writ-target': target,
  'writ-host': 'shop.example',
  'writ-scheme': 'https',
  'writ-version': 'HTTP/1.1',
  authorization: `Bearer ${writ.key('bot')}`,
  ...more,
});
/** As Traefik asks. */
const told = (method: string, target: string, more: Headers = {}): Headers => ({
  'writ-front': `Bearer ${writ.key('mesh')}`,
  'x-forwarded-method': method,
  'x-forwarded-uri': target,
  'x-forwarded-host': 'shop.example',
  'x-forwarded-proto': 'https',
  authorization: `Bearer ${writ.key('bot')}`,
  ...more,
});

describe('a front', () => {
  it('is answered 204 with the decision and the credential of the service, and the permit is over as done', async () => {
    const { status, headers } = await check(asked('/orders/17'));
    expect([status, headers.authorization, headers['cache-control']]).toEqual([
      204,
      'Bearer of-the-service',
      'no-store',
    ]);
    const id = String(headers['writ-decision']);
    await expect.poll(async () => (await writ.writ.findDecision(id))?.outcome).toBe('completed');
  });

  it('is answered 403 with the decision when it is denied', async () => {
    const { status, json } = await check(told('POST', '/orders/18/refund', { 'content-length': '0' }));
    expect([status, json.code]).toEqual([403, 'not_permitted']);
    expect((await writ.writ.findDecision(json.decision_id))?.decision.result).toBe('deny');
  });

  it('learns that somebody has to approve it', async () => {
    const { status, json } = await check(asked('/orders/17', { 'writ-method': 'DELETE' }));
    expect([status, json.access_request?.status]).toEqual([403, 'pending']);
  });

  it('gets no permit that changes an answer: nobody can carry that out', async () => {
    const { status, json } = await check(asked('/orders/17/card'));
    expect([status, json.code]).toEqual([403, 'not_permitted']);
    expect(json.title).toContain('redact');
    expect((await writ.writ.findDecision(json.decision_id))?.outcome ?? 'not-executed').toBe('not-executed');
  });

  it('has a body decided on if it sends it along, and is refused without', async () => {
    const body = '{"cents":100}';
    const sent = { 'content-type': 'application/json', 'content-length': String(body.length) };
    expect((await check(told('POST', '/orders/17/refund', sent), body)).status).toBe(204);
    const unseen = await check(
      asked('/orders/17/refund', { 'writ-method': 'POST', 'writ-length': '13', 'content-type': 'application/json' }),
    );
    expect([unseen.status, unseen.json.code, unseen.headers['writ-status']]).toEqual([403, 'body_unseen', '400']);
    expect(JSON.parse(String(unseen.headers['writ-problem']))).toMatchObject({ code: 'body_unseen', status: 403 });
  });

  it('passes a health check on without a decision and without a credential', async () => {
    const { status, headers } = await check(asked('/healthz', { authorization: undefined }));
    expect([status, headers.authorization, headers['writ-decision']]).toEqual([204, undefined, undefined]);
  });

  it('asks about its own services alone', async () => {
    const { json } = await check(asked('/orders/17', { 'writ-host': 'other.example' }));
    expect(json.code).toBe('host_unknown');
  });
});

describe('who asks', () => {
  it('is the client, by the credential that the front passes on: without one 401 and how to prove oneself', async () => {
    const { status, headers } = await check(asked('/orders/17', { authorization: undefined }));
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="shop"']);
  });

  it.each<[string, () => Headers]>([
    ['no proof', () => ({ 'writ-front': undefined })],
    ['a proof of nobody', () => ({ 'writ-front': 'Bearer writ_0000000000000000000000000000000000000000000' })],
    ['the key of a client', () => ({ 'writ-front': `Bearer ${writ.key('bot')}` })],
    ['the key of a caller of the service', () => ({ 'writ-front': `Bearer ${writ.key('admin')}` })],
    [
      'its proof as the credential of the client alone',
      () => ({ 'writ-front': undefined, authorization: `Bearer ${writ.key('edge')}` }),
    ],
  ])('a front with %s is refused, whatever it asks about', async (_name, headers) => {
    for (const target of ['/orders/17', '/healthz']) {
      const { status, json } = await check(asked(target, headers()));
      expect([status, json.code]).toEqual([403, 'front_unknown']);
    }
  });

  it('is not the front: its key is no credential of a client', async () => {
    const { status } = await check(asked('/orders/17', { authorization: `Bearer ${writ.key('edge')}` }));
    expect(status).toBe(401);
    const own = await writ.send('POST', '/access/v1/evaluation', {}, { as: 'edge' });
    expect(own.status).toBe(401);
  });
});

it('a front that the bundle does not have any more proves nothing, and one with another profile is read by that', async () => {
  const before = asked('/orders/17');
  const mesh = told('GET', '/orders/17');
  writeBundle(bundle, files('{ mesh: { profile: caddy, services: [shop] } }'));
  await writ.writ.reload();
  expect((await check(before)).json.code).toBe('front_unknown');
  expect((await check(mesh)).json.code).toBe('front_headers');
  expect((await check({ ...mesh, 'writ-version': 'HTTP/2.0' })).status).toBe(204);
  writeBundle(bundle, files(FRONTS));
  await writ.writ.reload();
});

it('the endpoint listens from the bundle on that has its first front, and to the one that has its last', async () => {
  writeBundle(bundle, files('{}'));
  await writ.writ.reload();
  await expect.poll(() => writ.writ.checkUrl).toBeUndefined();
  writeBundle(bundle, files(FRONTS));
  await writ.writ.reload();
  await expect.poll(() => writ.writ.checkUrl).toBeDefined();
  expect((await check(asked('/orders/17'))).status).toBe(204);
});

it.each([
  ['an unknown profile', '{ a: { profile: apache, services: [shop] } }'],
  ['no service', '{ a: { profile: nginx, services: [] } }'],
  ['a service that the bundle does not have', '{ a: { profile: nginx, services: [shoe] } }'],
  ['bodies that its proxy does not send along', '{ a: { profile: nginx, services: [shop], body: carried } }'],
  ['the name of a client', '{ bot: { profile: nginx, services: [shop] } }'],
  ['a key in the bundle', '{ a: { profile: nginx, services: [shop], key: writ_abc } }'],
])('a bundle is refused that has a front with %s', async (_name, fronts) => {
  writeBundle(bundle, files(fronts));
  await expect(writ.writ.reload()).rejects.toThrow();
  writeBundle(bundle, files(FRONTS));
});
