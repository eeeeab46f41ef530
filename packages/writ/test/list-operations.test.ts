import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compile } from '@writ/cedar';
import { type CanonicalRequest, canonicalRequest } from '@writ/enforce/http';
import { isPermitted, TRANSFORMS } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import type { TokenVerifier } from '../src/decide/delegation/token-verifier.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import { servedServices } from '../src/enforce/http/served-services.js';
import { operationLists } from '../src/serve/operation-lists.js';
import { bundleOf, type Running, run } from './running.js';

const NO_TOKENS: Pick<TokenVerifier, 'verifyToken'> = { verifyToken: () => expect.fail('no token is sent') };

/** `GET /v1/operations`: the operations that a client could be permitted, in agreement with what its requests get. */

const ID = '{ name: id, in: path, required: true, schema: { type: string } }';
const FILES = {
  'writ.yaml': `name: lists
gateway:
  clients:
    bot: { agent: 'Agent::"bot"', for: 'User::"ana"' }
    idle: { agent: 'Agent::"idle"', for: 'User::"ana"' }
http:
  services:
    shop: { upstream: 'http://127.0.0.1:9', hosts: [shop.example], openapi: openapi/shop.yaml, basePath: /v2 }
    mail: { upstream: 'http://127.0.0.1:9', hosts: [mail.example], routes: [{ route: GET /inbox, operation: readInbox }] }
`,
  'openapi/shop.yaml': `openapi: 3.1.0
paths:
  /orders:
    get:
      operationId: listOrders
      summary: "List  the orders\\u202e"
      parameters: [{ name: status, in: query, schema: { type: string, enum: [open, paid] } }]
  /orders/{id}:
    get: { operationId: getOrder, parameters: [${ID}] }
    delete: { operationId: deleteOrder, parameters: [${ID}] }
  /orders/{id}/notes:
    post:
      operationId: addNote
      parameters: [${ID}]
      requestBody: { content: { application/json: { schema: { type: object } } } }
  /orders/{id}/refund:
    post:
      operationId: refundOrder
      parameters: [${ID}]
      requestBody: { required: true, content: { application/json: { schema: { type: object } } } }
      x-authzen-mapping:
        evaluation: { action: { name: refund }, resource: { type: Order, id: $request.path_params.id } }
  /pairs/{id}:
    put:
      operationId: putPair
      parameters: [${ID}]
      x-authzen-mapping:
        evaluations:
          evaluations:
            - { action: { name: getOrder }, resource: { type: Route, id: one } }
            - { action: { name: refund }, resource: { type: Order, id: $request.path_params.id } }
  /any/{id}:
    put:
      operationId: anyAction
      parameters: [${ID}]
      x-authzen-mapping: { evaluation: { action: { name: $request.path_params.id }, resource: { type: Route, id: x } } }
  /odd/{id}:
    get: { operationId: unseen, parameters: [${ID}] }
    put: { operationId: needy, parameters: [${ID}] }
    post: { operationId: undeclared, parameters: [${ID}] }
`,
  'schema.cedarschema': `
entity Team;
entity User in [Team]; entity Agent in [Team];
entity Route;
entity Order { open?: Bool };
type Request = { action: String, policies: Set<String> };
action approve appliesTo { principal: [User], resource: [Order], context: { request: Request } };
type Id = { path_params: { id: String } };
action listOrders appliesTo { principal: [User, Agent], resource: [Route], context: { input: { "query"?: { status?: String } } } };
action getOrder, deleteOrder appliesTo { principal: [User, Agent], resource: [Route], context: { input: Id } };
action addNote appliesTo { principal: [User, Agent], resource: [Route], context: { input: { path_params: { id: String }, body?: { text?: String } } } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { path_params: { id: String }, body?: { cents?: Long } } } };
action unseen appliesTo { principal: [User, Agent], resource: [Route] };
action needy appliesTo { principal: [User, Agent], resource: [Route], context: { input: Id, reason: String } };
action readInbox appliesTo { principal: [User], resource: [Route] };
`,
  'policies/all.cedar': `
@id("list") permit(principal, action == Action::"listOrders", resource == Route::"/orders");
@id("get") permit(principal, action == Action::"getOrder", resource) when { context.input.path_params.id != "13" };
@id("refund") permit(principal, action == Action::"refund", resource);
@id("ask") @requestable forbid(principal, action == Action::"refund", resource);
@id("odd") permit(principal, action in [Action::"unseen", Action::"needy"], resource);
@id("never") permit(principal, action == Action::"deleteOrder", resource == Route::"/other");
@id("idle") forbid(principal == Agent::"idle", action, resource);
@id("approver") permit(principal == User::"lena", action == Action::"approve", resource);
`,
  'entities/all.json': JSON.stringify([
    { uid: { type: 'Agent', id: 'bot' }, attrs: {}, parents: [{ type: 'Team', id: 'desk' }] },
    { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [{ type: 'Team', id: 'desk' }] },
    { uid: { type: 'User', id: 'lena' }, attrs: {}, parents: [] },
    { uid: { type: 'Order', id: '17' }, attrs: { open: true }, parents: [] },
    { uid: { type: 'Order', id: '18' }, attrs: { open: false }, parents: [] },
  ]),
};
const folder = bundleOf(FILES);

describe('GET /v1/operations', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(folder);
  });
  afterAll(() => writ?.stop());
  const list = (query = '', as: string | null = 'bot') => writ.send('GET', `/v1/operations${query}`, undefined, { as });

  it('lists what the client could be permitted, and how', async () => {
    const { status, json } = await list();
    expect(status).toBe(200);
    expect(json.next).toBeUndefined();
    expect(json.operations.map((one: Record<string, unknown>) => [one.service, one.operation, one.access])).toEqual([
      ['shop', 'anyAction', 'conditional'],
      ['shop', 'getOrder', 'conditional'],
      ['shop', 'listOrders', 'permitted'],
      ['shop', 'putPair', 'approval'],
      ['shop', 'refundOrder', 'approval'],
    ]);
    expect(json.operations[2]).toEqual({
      ...{ service: 'shop', operation: 'listOrders', method: 'GET', path: '/v2/orders', summary: 'List the orders' },
      ...{ actions: ['listOrders'], access: 'permitted' },
    });
    expect(json.operations[0]).not.toHaveProperty('actions');
  });

  it('lists nothing of an agent that nothing is permitted', async () => {
    expect((await list('', 'idle')).json.operations.map((one: { operation: string }) => one.operation)).toEqual([
      'anyAction',
    ]);
  });

  it('pages with a cursor, for the same client and service alone', async () => {
    const found: string[] = [];
    let cursor = '';
    let pages = 0;
    do {
      const { json } = await list(`?service=shop&limit=2${cursor}`);
      found.push(...json.operations.map((one: { operation: string }) => one.operation));
      cursor = json.next === undefined ? '' : `&cursor=${json.next}`;
      pages += 1;
    } while (cursor !== '' && pages < 9);
    expect(found).toEqual(['anyAction', 'getOrder', 'listOrders', 'putPair', 'refundOrder']);
    const { next } = (await list('?service=shop&limit=1')).json;
    expect((await list(`?service=shop&limit=1&cursor=${next}`, 'idle')).status).toBe(400);
    expect((await list(`?limit=1&cursor=${next}`)).status).toBe(400);
    expect((await list(`?service=shop&cursor=${next}x`)).status).toBe(400);
  });

  it.each(['?user=lena', '?service=', '?limit=0', '?limit=x', '?cursor=x', '?limit=1&limit=2'])(
    'refuses %s',
    async (query) => {
      expect((await list(query)).status).toBe(400);
    },
  );

  it('has nothing of another service', async () => {
    expect((await list('?service=mail')).json).toEqual({ operations: [] });
    expect((await list('?service=none')).json).toEqual({ operations: [] });
  });

  it.each([null, 'default', 'admin'])('refuses %s, which is no client', async (as) => {
    expect((await list('', as)).status).toBe(401);
  });

  it('refuses the token of a task where there is no token service', async () => {
    const headers = { 'Txn-Token': 'a.b.c' };
    expect((await writ.send('GET', '/v1/operations', undefined, { as: 'bot', headers })).status).toBe(401);
  });

  it('leaves out what is revoked', async () => {
    const revoked = await writ.send(
      'POST',
      '/v1/revocations',
      { kind: 'tool', target: 'shop/getOrder', reason: 'test' },
      { as: 'admin' },
    );
    expect(revoked.status, revoked.text).toBeLessThan(300);
    const names = (await list()).json.operations.map((one: { operation: string }) => one.operation);
    expect(names).toEqual(['anyAction', 'listOrders', 'putPair', 'refundOrder']);
  });
});

const ACTIONS = ['listOrders', 'getOrder', 'deleteOrder', 'addNote', 'refund', 'unseen', 'needy'];
const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
  listOrders: ['context.input has query && context.input.query has status', 'resource == Route::"/orders"'],
  getOrder: [
    'context.input.path_params.id == "17"',
    'resource has params && resource.params has id && resource.params.id == "17"',
  ],
  deleteOrder: ['context.input.path_params.id like "1*"', 'resource == Route::"/other"'],
  addNote: ['context.input has body && context.input.body has text'],
  refund: [
    'context.input has body && context.input.body has cents && context.input.body.cents < 5',
    'resource has open && resource.open',
  ],
};
const policyOf = (conditionsOf: (action: string) => readonly string[]) =>
  fc
    .record({
      effect: fc.constantFrom('permit', 'permit', 'forbid', '@requestable forbid'),
      principal: fc.constantFrom(
        'principal',
        'principal == Agent::"bot"',
        'principal in Team::"desk"',
        'principal is User',
        'principal in Team::"none"',
      ),
      action: fc.constantFrom(...ACTIONS, ''),
      resource: fc.constantFrom(
        'resource',
        'resource',
        'resource is Order',
        'resource == Route::"/orders/{id}"',
        'resource == Order::"17"',
      ),
      condition: fc.nat(3),
    })
    .map(({ effect, principal, action, resource, condition }) => {
      const when = conditionsOf(action)[condition];
      const of = action === '' ? 'action' : `action == Action::"${action}"`;
      return `${effect}(${principal}, ${of}, ${resource})${when === undefined ? '' : ` when { ${when} }`};`;
    });
const id = fc.constantFrom('13', '17', '18', 'a b');
const note = fc.option(fc.record({ text: fc.string() }, { requiredKeys: [] }), { nil: undefined });
const REQUESTS: Readonly<
  Record<string, fc.Arbitrary<readonly [method: string, path: string, body?: object | undefined]>>
> = {
  listOrders: fc.constantFrom(['GET', '/v2/orders'], ['GET', '/v2/orders?status=open']),
  getOrder: id.map((one) => ['GET', `/v2/orders/${encodeURIComponent(one)}`]),
  deleteOrder: id.map((one) => ['DELETE', `/v2/orders/${encodeURIComponent(one)}`]),
  addNote: fc
    .tuple(id, note)
    .map(([one, body]) => ['POST', `/v2/orders/${encodeURIComponent(one)}/notes`, body] as const),
  refundOrder: fc
    .tuple(id, fc.record({ cents: fc.nat(9) }, { requiredKeys: [] }))
    .map(([one, body]) => ['POST', `/v2/orders/${encodeURIComponent(one)}/refund`, body] as const),
  putPair: id.map((one) => ['PUT', `/v2/pairs/${encodeURIComponent(one)}`]),
  anyAction: fc.constantFrom(...ACTIONS).map((one) => ['PUT', `/v2/any/${one}`]),
  unseen: id.map((one) => ['GET', `/v2/odd/${encodeURIComponent(one)}`]),
  needy: id.map((one) => ['PUT', `/v2/odd/${encodeURIComponent(one)}`]),
  undeclared: id.map((one) => ['POST', `/v2/odd/${encodeURIComponent(one)}`]),
};

describe('a list of a task', () => {
  let writ: Running;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let jwks: Server;
  let issuer: string;
  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const served = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), alg: 'ES256' }] });
    jwks = createServer((_request, response) => response.end(served));
    await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}`;
    writ = await run(
      bundleOf({
        ...FILES,
        'writ.yaml': FILES['writ.yaml']
          .replace(
            'gateway:',
            `tokens: { trustDomain: shop.example }
issuers: { '${issuer}': { audience: shop, jwks: '${issuer}/jwks', identity: { type: User, id: claims.sub } } }
gateway:`,
          )
          .replace(`for: 'User::"ana"' }`, `for: 'User::"ana"', scopes: [look, refund] }`),
        'tasks.yaml': `default: look
tasks:
  look: { mandate: [{ actions: [listOrders, getOrder] }] }
  refund: { outside: ask, mandate: [{ actions: [getOrder] }] }
`,
        'policies/all.cedar': `${FILES['policies/all.cedar']}@id("start") permit(principal, action == Action::"start_task", resource);\n`,
        'schema.cedarschema': `${FILES['schema.cedarschema']}entity Task; action "start_task" appliesTo { principal: [User, Agent], resource: [Task], context: {} };\n`,
      }),
    );
  });
  afterAll(async () => {
    await writ?.stop();
    jwks.close();
  });
  const list = async (headers: Record<string, string> = {}) => {
    const { json, status } = await writ.send('GET', '/v1/operations', undefined, { as: 'bot', headers });
    return [status, json.operations?.map((one: Record<string, unknown>) => `${one.operation} ${one.access}`)];
  };

  it('is that of the subject of an access token', async () => {
    const list = async (sub: string, audience: string) => {
      const token = await new SignJWT({ sub })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime('5m')
        .sign(keys.privateKey);
      const headers = { Authorization: `Bearer ${token}` };
      const { status, json } = await writ.send('GET', '/v1/operations', undefined, { as: null, headers });
      return [status, json.operations?.map((one: { operation: string }) => one.operation)];
    };
    expect(await list('ana', 'shop')).toEqual([200, ['anyAction', 'getOrder', 'listOrders']]);
    expect(await list('ana', 'another')).toEqual([401, undefined]);
  });

  it('has what its mandate covers, or what a person can add to it', async () => {
    // Without a token it is of the default kind.
    expect(await list()).toEqual([200, ['anyAction conditional', 'getOrder conditional', 'listOrders conditional']]);
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      ...{ audience: 'shop.example', scope: 'refund' },
      ...{ subject_token: writ.key('bot'), subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    };
    const issued = await writ.send('POST', '/token', new URLSearchParams(form).toString(), {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    const token = issued.json.access_token as string;
    expect(issued.status, issued.text).toBe(200);
    expect(await list({ 'Txn-Token': token })).toEqual([
      200,
      [
        'anyAction conditional',
        'getOrder conditional',
        'listOrders approval',
        'putPair approval',
        'refundOrder approval',
      ],
    ]);
    expect((await list({ 'Txn-Token': `${token}x` }))[0]).toBe(401);
  });
});

describe.each([
  ['plain routes', 'entity Route;', ''],
  ['routes with attributes', 'entity Route { params?: { id?: String } };', ''],
  ['a limit', 'entity Route;', 'accumulators: { paid: { key: task, sum: input.body.cents } }\n'],
])('the list and the requests, with %s', (_name, route, ledger) => {
  const schema = FILES['schema.cedarschema'].replace('entity Route;', route);
  const more = ledger === '' ? {} : { 'ledger.yaml': ledger };
  const bundle = loadBundle(bundleOf({ ...FILES, ...more, 'schema.cedarschema': schema }));
  const conditions = (action: string) =>
    (CONDITIONS[action] ?? []).filter((one) => route.includes('params') || !one.includes('resource.params'));
  const served = servedServices(bundle);
  const shop = served.services.find(({ name }) => name === 'shop') ?? expect.fail();
  const caller = inProcess('proxy', TRANSFORMS);
  const client = { originator: { type: 'User', id: 'ana' }, agent: { type: 'Agent', id: 'bot' }, task: 'bot' };
  const requestOf = ([method, target, body]: readonly [string, string, (object | undefined)?]): CanonicalRequest => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const bytes = new TextEncoder().encode(text);
    const ofBody =
      body === undefined ? [] : ['Content-Type', 'application/json', 'Content-Length', String(bytes.length)];
    const read = canonicalRequest(
      { method, target, rawHeaders: ['Host', 'shop.example', ...ofBody], body: bytes },
      shop,
    );
    return read.ok ? read : expect.fail(`${method} ${target}: ${read.reason}`);
  };

  it('agree, whatever the policies are', async () => {
    const seen = new Set<string>();
    const requests = fc.record(
      Object.fromEntries(
        Object.entries(REQUESTS).map(([name, one]) => [name, fc.array(one, { minLength: 3, maxLength: 6 })]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(policyOf(conditions), { minLength: 1, maxLength: 8 }),
        requests,
        async (policies, asked) => {
          const text = policies.map((one, i) => `@id("p${i}") ${one}`).join('\n');
          const decider = offlineDecider(
            { ...bundle, policies: compile({ policies: text, schema: bundle.schema }) },
            { append: async () => undefined },
            () => new Date(),
          );
          const page = { only: 'shop', limit: 100, after: undefined };
          const lists = operationLists({
            decider: () => decider,
            served: () => served,
            clients: { identify: async () => ({ client, txnToken: undefined }) },
            verifier: NO_TOKENS,
          });
          const list = await lists.for({ authorization: undefined, ofTask: undefined, connection: {} });
          const { operations } = await (list ?? expect.fail()).list(page);
          for (const name of shop.operations.map((one) => one.name)) {
            const listed = operations.find(({ operation }) => operation === name)?.access ?? 'none';
            for (const one of asked[name] ?? expect.fail(`no requests of ${name}`)) {
              const needed = served.mapper.map(requestOf(one), client);
              const isEach = needed.every((request) => isPermitted(decider.consider(request, caller, undefined)));
              seen.add(`${listed} ${isEach}`);
              if (listed === 'none' || listed === 'approval')
                expect(isEach, `${name} is ${listed}\n${text}`).toBe(false);
              if (listed === 'permitted') expect(isEach, `${name} is permitted\n${text}`).toBe(true);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
    const always = ledger === '' ? ['permitted true'] : [];
    expect([...seen].sort()).toEqual([
      'approval false',
      'conditional false',
      'conditional true',
      'none false',
      ...always,
    ]);
  });
});
