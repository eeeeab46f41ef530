import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBundle } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { bundleOf, type Running, run } from './running.js';

const SCHEMA = `
entity Team;
entity User in [Team] { clearance?: Long, boss?: User, name?: String };
entity Order { state?: String, total?: Long, open?: Bool };
action see appliesTo { principal: [User], resource: [Order] };
action boss appliesTo { principal: [User], resource: [Order] };
action refund appliesTo { principal: [User], resource: [Order] };
`;
const POLICIES = `
@id("cleared") permit (principal, action == Action::"see", resource) when { principal has clearance && principal.clearance >= 3 };
@id("anybody-refunds") permit (principal, action == Action::"refund", resource);
@id("not-when-closed") forbid (principal, action == Action::"refund", resource) when { resource has state && resource.state == "closed" };
@id("never-blocked") forbid (principal == User::"blocked", action, resource);
@id("boss") permit (principal, action == Action::"boss", resource) unless { principal has boss && principal.boss has clearance && principal.boss.clearance < 3 };
`;

const bundle = (facts: string): string =>
  bundleOf({
    'writ.yaml': 'name: facts',
    'schema.cedarschema': SCHEMA,
    'policies/all.cedar': POLICIES,
    'facts.yaml': facts,
  });

const ask = async (writ: Running, action: string, subject = 'ana', resource = 'o-1', properties?: object) => {
  const { json } = await writ.send('POST', '/access/v1/evaluation', {
    subject: { type: 'User', id: subject, ...(properties && { properties }) },
    action: { name: action },
    resource: { type: 'Order', id: resource },
    context: { detail: 'full' },
  });
  return json.context.result as string;
};
const put = (writ: Running, ...entities: object[]) => writ.send('PUT', '/v1/entities', entities, { as: 'admin' });
const user = (id: string, attrs: object, facts?: object) => ({
  uid: { type: 'User', id },
  attrs,
  ...(facts && { facts }),
});

let writ: Running | undefined;
afterEach(async () => {
  await writ?.stop();
  writ = undefined;
});

describe('facts with an age', () => {
  it('one that is too old is not given to any policy: the result is defer, with its name, and the record says as of when', async () => {
    let now = new Date('2026-11-24T12:00:00Z');
    writ = await run(bundle('facts: { User: { clearance: { maxAge: 5m } } }'), { clock: () => now });
    await put(writ, user('ana', { clearance: 4 }), user('bo', { boss: { __entity: { type: 'User', id: 'ana' } } }));
    expect([await ask(writ, 'see'), await ask(writ, 'boss', 'bo')]).toEqual(['allow', 'allow']);

    now = new Date('2026-11-24T12:05:00Z');
    // Also a fact of somebody whom only another entity names.
    expect([await ask(writ, 'see'), await ask(writ, 'boss', 'bo')]).toEqual(['defer', 'defer']);
    const { json } = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'see' },
      resource: { type: 'Order', id: 'o-1' },
      context: { detail: 'full' },
    });
    expect(json).toMatchObject({
      decision: false,
      context: {
        result: 'defer',
        missing: [
          {
            entity: { type: 'User', id: 'ana' },
            attribute: 'clearance',
            source: 'admin',
            asOf: '2026-11-24T12:00:00.000Z',
          },
        ],
        facts: [{ withheld: ['clearance'], ages: { clearance: { source: 'admin' } } }, {}],
      },
    });
    // What does not read it is decided, and a plain forbid denies whatever else is not known.
    expect([await ask(writ, 'refund'), await ask(writ, 'see', 'blocked')]).toEqual(['allow', 'deny']);

    await put(writ, user('ana', { clearance: 4 }));
    expect(await ask(writ, 'see')).toBe('allow');
  });

  it('an attribute can come with a source, a time and an age of its own; the shorter age counts', async () => {
    let now = new Date('2026-11-24T12:00:00Z');
    writ = await run(bundle('facts: { User: { clearance: { maxAge: 1h } } }'), { clock: () => now });
    const said = { clearance: { source: 'hr', asOf: '2026-11-24T11:50:00Z', maxAge: '15m' }, name: { maxAge: '1m' } };
    await put(writ, user('ana', { clearance: 4, name: 'Ana' }, said));
    expect((await writ.send('GET', '/v1/entities/User/ana', undefined, { as: 'admin' })).json.entity.facts).toEqual({
      clearance: { source: 'hr', asOf: '2026-11-24T11:50:00.000Z', maxAge: '900000ms' },
      name: { maxAge: '60000ms' },
    });
    expect(await ask(writ, 'see')).toBe('allow');
    now = new Date('2026-11-24T12:05:00Z');
    expect(await ask(writ, 'see')).toBe('defer');
    expect((await put(writ, user('ana', {}, { clearance: { maxAge: 'soon' } }))).status).toBe(400);
  });

  it('ages outlive a restart, and a reload of the bundle', async () => {
    const folder = bundle('facts: { User: { clearance: { maxAge: 5m } } }');
    const data = mkdtempSync(join(tmpdir(), 'writ-facts-'));
    let now = new Date('2026-11-24T12:00:00Z');
    writ = await run(folder, { clock: () => now, data });
    await put(writ, user('ana', { clearance: 4 }));
    await writ.writ.close();
    now = new Date('2026-11-24T12:04:00Z');
    writ = await run(folder, { clock: () => now, data });
    expect(await ask(writ, 'see')).toBe('allow');
    await writ.writ.reload();
    now = new Date('2026-11-24T12:06:00Z');
    expect(await ask(writ, 'see')).toBe('defer');
  });

  it('a caller cannot say what the registry should know', async () => {
    writ = await run(
      bundleOf({
        'writ.yaml': 'name: facts',
        'schema.cedarschema': SCHEMA,
        'policies/all.cedar': POLICIES,
        'facts.yaml': 'facts: { User: { clearance: { maxAge: 5m } } }',
        'service/all.cedar': '@id("all") permit (principal, action == Action::"assert", resource);',
      }),
    );
    expect(await ask(writ, 'see', 'nobody', 'o-1', { clearance: 9 })).toBe('defer');
    await put(writ, user('ana', { clearance: 1 }));
    expect(await ask(writ, 'see', 'ana', 'o-1', { clearance: 9 })).toBe('deny');
  });
});

/** What a source does with a request for an entity. */
type Behaviour = (id: string, response: ServerResponse) => void;

describe('fetchers', () => {
  let source: Server;
  let url: string;
  let asked: string[] = [];
  let behave: Behaviour = () => undefined;
  let postgres: PostgresServer;
  const json =
    (body: unknown): Behaviour =>
    (_id, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };

  beforeAll(async () => {
    source = createServer((request, response) => {
      const id = decodeURIComponent(request.url?.split('/').pop() ?? '');
      asked.push(`${request.headers.authorization ?? ''} ${request.url}`);
      behave(id, response);
    });
    await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
    postgres = await startPostgres();
  });
  afterAll(async () => {
    source.closeAllConnections();
    await new Promise((resolve) => source.close(resolve));
    await postgres.stop();
  });
  // Before a test, not after it: the service of the test before is closed only then, and may still have asked.
  beforeEach(() => {
    asked = [];
  });

  /** @param budget how long a decision waits: long where the fact arrives, because the machine may be busy */
  const onDemand = (budget = '2s'): string => `
facts: { Order: { state: { maxAge: 5m }, total: { maxAge: 5m } } }
fetchers:
  orders:
    of: Order
    attributes: { state: $.order.state, total: $.order.total }
    budget: ${budget}
    timeout: ${budget === '2s' ? '10s' : '400ms'}
    http: { url: "${url}/orders/{id}", headers: { Authorization: "Bearer \${env:ORDERS_KEY}" } }`;

  beforeAll(() => {
    process.env.ORDERS_KEY = 'secret-of-orders';
  });

  it('bring a fact when a decision needs it, once for as long as it may be relied on', async () => {
    let now = new Date('2026-11-24T12:00:00Z');
    writ = await run(bundle(onDemand()), { clock: () => now });
    behave = json({ order: { state: 'closed', total: 5 } });
    expect(await ask(writ, 'refund')).toBe('deny');
    behave = json({ order: { state: 'open', total: 5 } });
    expect(await ask(writ, 'refund')).toBe('deny');
    expect(asked).toEqual(['Bearer secret-of-orders /orders/o-1']);
    now = new Date('2026-11-24T12:05:00Z');
    expect(await ask(writ, 'refund')).toBe('allow');
    expect(asked).toHaveLength(2);
    const { text } = await writ.send('GET', '/metrics', undefined, { as: null });
    expect(text).toContain('writ_fact_fetch_duration_seconds_count{fetcher="orders",outcome="fetched"} 2');
  });

  it('bring facts of the tables of a statement, and the decision is deferred for one that does not come', async () => {
    writ = await run(
      bundleOf({
        'writ.yaml': 'name: facts',
        'schema.cedarschema': `entity User, Tool; entity Table { owner: String };
action query appliesTo { principal: [User], resource: [Tool, Table], context: { input: { sql: String } } };`,
        'policies/all.cedar': `@id("tool") permit (principal, action, resource is Tool);
@id("owned") permit (principal, action, resource is Table) when { resource.owner == "sales" };`,
        'tools.yaml': 'tools: { query: { arguments: { sql: { language: sql, tables: Table } } } }',
        'facts.yaml': `facts: { Table: { owner: { maxAge: 5m } } }
fetchers: { tables: { of: Table, attributes: { owner: $.owner }, budget: 2s, http: { url: "${url}/tables/{id}" } } }`,
      }),
    );
    const query = async (sql: string) => {
      const { json } = await (writ as Running).send('POST', '/access/v1/evaluation', {
        subject: { type: 'User', id: 'ana' },
        action: { name: 'query' },
        resource: { type: 'Tool', id: 'query' },
        context: { detail: 'full', input: { sql } },
      });
      return json.context;
    };
    behave = (id, response) =>
      id === 'public.lost'
        ? response.writeHead(500).end()
        : json({ owner: id === 'public.pay' ? 'hr' : 'sales' })(id, response);
    expect(await query('select * from orders join items on true')).toMatchObject({ result: 'allow' });
    expect(asked.map((one) => one.split('/').pop()).sort()).toEqual(['public.items', 'public.orders']);
    expect(await query('select * from orders join pay on true')).toMatchObject({ result: 'deny' });
    expect(asked).toHaveLength(3);
    const lost = await query('select * from lost');
    expect(lost).toMatchObject({ result: 'defer', missing: [{ entity: { type: 'Table', id: 'public.lost' } }] });
    const many = Array.from({ length: 33 }, (_, i) => `select 1 from t${i}`).join(' union all ');
    expect(await query(many)).toMatchObject({ result: 'deny' });
    expect(asked).toHaveLength(4);
  });

  it('many decisions on one entity at once ask once', async () => {
    writ = await run(bundle(onDemand()));
    behave = (_id, response) => void setTimeout(() => json({ order: { state: 'open' } })(_id, response), 50);
    const results = await Promise.all(Array.from({ length: 20 }, () => ask(writ as Running, 'refund')));
    expect([new Set(results), asked.length]).toEqual([new Set(['allow']), 1]);
  });

  it('an identity that the source does not know is not known for having been asked about', async () => {
    writ = await run(
      bundleOf({
        'writ.yaml': 'name: facts',
        'schema.cedarschema': `entity User { clearance?: Long }; entity Order;
action see appliesTo { principal: [User], resource: [Order], context: { provenance: { registered: Bool } } };`,
        'policies/all.cedar':
          '@id("known") permit (principal, action, resource) when { context.provenance.registered };',
        'facts.yaml': `facts: { User: { clearance: { maxAge: 5m } } }
fetchers: { hr: { of: User, attributes: { clearance: $.clearance }, http: { url: "${url}/people/{id}" } } }`,
      }),
    );
    behave = (_id, response) => void response.writeHead(404).end();
    expect([await ask(writ, 'see'), await ask(writ, 'see'), asked.length]).toEqual(['deny', 'deny', 1]);
    behave = json({ clearance: 3 });
    expect(await ask(writ, 'see', 'bo')).toBe('allow');
  });

  it('an entity that the source does not know has no such fact', async () => {
    writ = await run(bundle(onDemand()));
    behave = (_id, response) => void response.writeHead(404).end();
    expect([await ask(writ, 'refund'), asked.length]).toEqual(['allow', 1]);
  });

  const wrong: readonly [string, Behaviour][] = [
    ['hangs', () => undefined],
    ['hangs after its headers', (_id, response) => void response.writeHead(200).write('{"order":')],
    ['answers 500', (_id, response) => void response.writeHead(500).end('{"order":{"state":"open"}}')],
    ['redirects', (_id, response) => void response.writeHead(302, { Location: '/elsewhere' }).end()],
    ['lies about types', json({ order: { state: 7, total: 'much' } })],
    ['is no JSON', (_id, response) => void response.writeHead(200).end('state=open')],
    [
      'has two readings',
      (_id, response) => void response.writeHead(200).end('{"order":{"state":"open","state":"closed"}}'),
    ],
    [
      'answers 10 MB',
      (_id, response) => void response.writeHead(200).end(`{"order":{"state":"${'x'.repeat(10 * 2 ** 20)}"}}`),
    ],
    ['ends the connection', (_id, response) => void response.destroy()],
  ];
  it.each(wrong)('a source that %s: never a stuck decision, never a permit by default', async (_what, behaviour) => {
    writ = await run(bundle(onDemand('200ms')));
    behave = behaviour;
    const begun = performance.now();
    expect(await ask(writ, 'refund')).toBe('defer');
    // The budget, and time for everything else on a machine that is busy.
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await ask(writ, 'refund', 'blocked')).toBe('deny');
    behave = json({ order: { state: 'open' } });
  });

  it('a source that keeps failing is given a rest, and nothing is permitted meanwhile', async () => {
    writ = await run(bundle(onDemand('200ms')));
    behave = (_id, response) => void response.writeHead(500).end();
    for (let i = 0; i < 12; i += 1) expect(await ask(writ, 'refund', 'ana', `o-${i}`)).toBe('defer');
    expect(asked.length).toBeLessThan(12);
    const { text } = await writ.send('GET', '/metrics', undefined, { as: null });
    expect(text).toContain('writ_fact_fetcher_open{fetcher="orders"} 1');
    expect(text).toMatch(/writ_fact_fetch_duration_seconds_count\{fetcher="orders",outcome="rejected"\} [1-9]/);
  });

  it('the id of an entity cannot make another request of it (path traversal)', async () => {
    writ = await run(bundle(onDemand()));
    behave = json({ order: { state: 'open' } });
    for (const id of ['..', '.', '../admin', '%2e%2e', 'a/../../b', 'a?x=1', 'a#b', '\\..\\c'])
      await ask(writ, 'refund', 'ana', id);
    // None of these looks like a source that fails.
    for (let i = 0; i < 20; i += 1) await ask(writ, 'refund', 'ana', '..');
    expect(await ask(writ, 'refund', 'ana', 'o-1')).toBe('allow');
    for (const one of asked) expect(one).toMatch(/^Bearer secret-of-orders \/orders\/[^/?#]+$/);
    expect(await ask(writ, 'refund', 'ana', '..')).toBe('defer');
  });

  it('a database is asked for a row, and only reads', async () => {
    const database = await postgres.database();
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    await client.query(`create table orders (id text primary key, state text, total bigint);
      insert into orders values ('o-1', 'open', 12), ('o-2', 'closed', 13);`);
    process.env.ORDERS_DB = database;
    const facts = (query: string): string => `
facts: { Order: { state: { maxAge: 5m }, total: { maxAge: 5m } } }
fetchers:
  orders: { of: Order, attributes: { state: $.state, total: $.total }, budget: 1s, sql: { url: "\${env:ORDERS_DB}", query: "${query}" } }`;
    writ = await run(bundle(facts('select state, total from orders where id = $1')));
    expect([await ask(writ, 'refund'), await ask(writ, 'refund', 'ana', 'o-2')]).toEqual(['allow', 'deny']);
    expect(await ask(writ, 'refund', 'ana', "' or 1=1 --")).toBe('allow');
    await writ.stop();
    writ = await run(bundle(facts('update orders set total = 0 where id = $1 returning state, total')));
    expect(await ask(writ, 'refund')).toBe('defer');
    expect((await client.query('select total from orders')).rows).toEqual([{ total: '12' }, { total: '13' }]);
    await writ.stop();
    writ = await run(
      bundle(facts('select pg_sleep(60), state, total from orders where id = $1').replace('1s', '50ms')),
    );
    expect(await ask(writ, 'refund')).toBe('defer');
    await client.end();
  });

  it('a file, a list over HTTP and a query are read on a schedule', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-files-'));
    writeFileSync(join(folder, 'users.csv'), 'id,clearance,name\nana,4,"A, na"\nbo,x,Bo\n');
    writeFileSync(join(folder, 'orders.ndjson'), '{"id":"o-1","state":"open"}\n{"id":"o-2","state":"closed"}\n');
    behave = json({
      data: [
        { id: 'o-1', total: 3 },
        { id: 7, total: 3 },
      ],
    });
    writ = await run(
      bundle(`
facts:
  User: { clearance: { maxAge: 1m }, name: { maxAge: 1m } }
  Order: { state: { maxAge: 1m }, total: { maxAge: 1m } }
fetchers:
  people: { of: User, attributes: { clearance: $.clearance, name: $.name }, every: 100ms, file: { path: "${folder}/users.csv" } }
  orders: { of: Order, attributes: { state: $.state }, every: 100ms, file: { path: "${folder}/orders.ndjson" } }
  totals: { of: Order, attributes: { total: $.total }, every: 100ms, http: { url: "${url}/all", items: "$.data" } }`),
    );
    expect([await ask(writ, 'see'), await ask(writ, 'see', 'bo'), await ask(writ, 'see', 'cy')]).toEqual([
      'allow',
      // A clearance that is no number says nothing.
      'defer',
      'defer',
    ]);
    expect([await ask(writ, 'refund'), await ask(writ, 'refund', 'ana', 'o-2')]).toEqual(['allow', 'deny']);
    writeFileSync(join(folder, 'orders.ndjson'), '{"id":"o-1","state":"closed"}\n');
    for (let i = 0; i < 100 && (await ask(writ, 'refund')) !== 'deny'; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask(writ, 'refund')).toBe('deny');
    rmSync(folder, { recursive: true });
  });

  it('what is stored and what is fetched of one entity go together', async () => {
    writ = await run(bundle(onDemand()));
    behave = json({ order: { state: 'open' } });
    const order = (open: boolean) => ({ uid: { type: 'Order', id: 'o-1' }, attrs: { open } });
    await put(writ, order(true));
    expect(await ask(writ, 'refund')).toBe('allow');
    await put(writ, order(false));
    const { json: answer } = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: 'o-1' },
      context: { detail: 'full' },
    });
    expect(answer.context.facts[1].attributes).toEqual({ open: false, state: 'open' });
    await writ.send('DELETE', '/v1/entities/Order/o-1', undefined, { as: 'admin' });
    expect([await ask(writ, 'refund'), asked.length]).toEqual(['allow', 1]);
  });

  it('a secret that is not in the environment is an error that says which', async () => {
    const facts = onDemand().replace('ORDERS_KEY', 'NOT_THERE');
    await expect(run(bundle(facts))).rejects.toThrow(/the fetcher orders needs NOT_THERE/);
  });
});

describe('writ check', () => {
  it.each([
    ['facts: { User: { age: { maxAge: 1m } } }', 'no attribute age of User'],
    [
      'fetchers: { x: { of: User, attributes: { clearance: $.c }, every: 1m, file: { path: a.json } } }',
      'has no maxAge',
    ],
    [
      'facts: { User: { clearance: { maxAge: 1m } } }\nfetchers: { x: { of: User, attributes: { clearance: "$[" }, every: 1s, file: { path: a.json } } }',
      'is not a JSONPath',
    ],
    [
      'facts: { User: { clearance: { maxAge: 1m } } }\nfetchers: { x: { of: User, attributes: { clearance: $.c }, every: 1h, file: { path: a.json } } }',
      'is too old after 1m',
    ],
  ])('%s', (facts, message) => {
    const { bundle: read } = readBundle(bundle(facts));
    expect(
      checkBundle(read as never)
        .map((finding) => finding.message)
        .join(),
    ).toContain(message);
  });

  it.each([
    ['fetchers: { x: { of: User, attributes: {} } }', 'exactly one of'],
    ['fetchers: { x: { of: User, attributes: {}, file: { path: a } } }', 'on a schedule'],
    ['fetchers: { x: { of: User, attributes: {}, http: { url: "http://a/" } } }', 'put {id} into it'],
    ['facts: { User: { clearance: { maxAge: never } } }', 'a time is a number'],
    ['fetchers: { x: { of: User, attributes: {}, budget: 1h, http: { url: "http://a/{id}" } } }', '2s at most'],
  ])('%s is refused', (facts, message) => {
    const { findings } = readBundle(bundle(facts));
    expect(findings.map((finding) => finding.message).join()).toContain(message);
  });
});
