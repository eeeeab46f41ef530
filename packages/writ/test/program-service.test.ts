import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { connectTo, refusal } from './mcp-clients.js';
import { bundleOf, type Running, run } from './running.js';

const PLAIN = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'writ-programs-'));
const JOURNAL = join(mkdtempSync(join(tmpdir(), 'writ-programs-')), 'journal');
const TABLES = ['orders', 'customers', 'notes', 'salaries', 'pay'].map((name) => ({
  uid: { type: 'Table', id: `public.${name}` },
  attrs: {},
  parents: [{ type: 'Schema', id: 'public' }],
}));
const BUNDLE = bundleOf({
  'writ.yaml': `name: programs
gateway:
  servers: { plain: { command: node, args: ["${PLAIN}", "${JOURNAL}"] } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `entity User, Tool, Agent, AccessRequest, Schema; entity Table in [Schema];
type Request = { owners: Set<User>, originator: User, action: String, template: String, step: Long };
action approve appliesTo { principal: [User], resource: [AccessRequest], context: { request: Request } };
action query appliesTo { principal: [User, Agent], resource: [Tool, Table], context: { input: { sql: String }, tool: { effects: Set<String> } } };
action say appliesTo { principal: [User, Agent], resource: [Tool], context: { input?: { text?: String } } };
action nothing appliesTo { principal: [User, Agent], resource: [Tool, Table], context: { input?: { text?: String } } };
action send appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { to: String, text: String } } };`,
  'policies/all.cedar': `@id("approvers") permit (principal == User::"lena", action == Action::"approve", resource);
@id("tools") permit (principal, action, resource is Tool);
@id("tables") permit (principal, action in [Action::"query", Action::"nothing"], resource is Table in Schema::"public");
@id("destroys") forbid (principal, action, resource) when { context.tool.effects.contains("destroy") };
@id("salaries") @requestable("lead") forbid (principal, action, resource == Table::"public.salaries");
@id("pay") @requestable("lead") forbid (principal, action, resource == Table::"public.pay");
@id("leak") forbid (principal, action == Action::"send", resource) when { context.ledger.seen.contains("pii") };`,
  'access.yaml': 'templates: { lead: { title: A table of hr, expires: 30m } }',
  'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }',
  'entities/all.json': JSON.stringify([
    ...['ana', 'lena'].map((id) => ({ uid: { type: 'User', id }, attrs: {}, parents: [] })),
    ...TABLES,
  ]),
  'tools.yaml': `tools:
  query: { arguments: { sql: { role: content, language: sql, tables: Table } }, reads: shop, writes: shop }
  send: { effects: [egress], arguments: { to: destination, text: content }, result: [system, internal] }
  say: { arguments: { text: { role: content, language: shell } }, result: [external, internal] }
  nothing: { arguments: { text: { role: content, language: sql, tables: Table } } }
programs:
  shell: { ls: [read], rm: [destroy] }
  tables:
    public.orders: { result: internal }
    public.notes: { result: internal }
    public.customers: { result: internal, columns: { email: { confidentiality: confidential, labels: [pii] } } }
`,
});

/** Programs as arguments, through a service: approvals, outcomes, restarts and the record. */
describe('a statement that a service decides on', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(BUNDLE, { data });
  });
  afterAll(() => writ.stop());

  const asked = (name: string, input: object, more: object = {}) => ({
    subject: { type: 'User', id: 'ana' },
    action: { name },
    resource: { type: 'Tool', id: name },
    context: { input, task: 't', detail: 'full', ...more },
  });
  const ask = async (name: string, input: object, more: object = {}) => {
    const { json, headers } = await writ.send('POST', '/access/v1/evaluation', asked(name, input, more));
    return { id: headers.get('x-decision-id'), ...json };
  };
  const query = (sql: string, more: object = {}) => ask('query', { sql }, more);
  const report = (decisionId: unknown, result: unknown) =>
    writ.send('POST', '/v1/outcomes', { decisionId, status: 'completed', result });
  const approve = async (sql: string) => {
    const denied = await query(sql);
    const denial = {
      evaluation_id: denied.context.evaluation_id,
      evaluated_at: denied.context.evaluated_at,
      expires_at: denied.context.access_request.expires_at,
      reason: denied.context.reason,
      template: denied.context.access_request.template,
    };
    const made = await writ.send('POST', '/access/v1/requests', { ...asked('query', { sql }), denial });
    const { id } = made.json.task;
    await writ.send(
      'POST',
      `/v1/access-requests/${id}/approve`,
      { reason: 'fine', as: 'User::"lena"' },
      { as: 'admin' },
    );
    return (await writ.send('GET', `/access/v1/requests/${id}`)).json.result.approval;
  };
  const labels = async (id: string) => (await writ.writ.records.find(id))?.outcome?.labels;

  it('names the table that stops it, and has what it was decided on', async () => {
    const { context } = await query('select * from salaries, orders');
    const table = { type: 'Table', id: 'public.salaries' };
    expect(context).toMatchObject({
      result: 'step_up',
      reasons: [{ policy: 'salaries', resource: table, liftedBy: 'request' }],
      parts: [{ fact: { uid: { id: 'public.orders' } } }, { access: 'read', fact: { uid: table } }],
    });
  });

  it('is lifted by an approval of exactly this text, and of nothing else in it', async () => {
    const approval = await approve('select * from salaries');
    const other = await query('select * from salaries where true', { approval });
    expect(other).toMatchObject({ decision: false, context: { reason: 'out_of_scope' } });
    expect((await query('select * from salaries', { approval })).decision).toBe(true);
    // One approval is for all that stops the text, and each is named.
    const both = await query('select * from salaries, pay');
    expect(both.context.requestable).toEqual(['pay', 'salaries']);
  });

  it('gives its labels to the result, over a restart too, and those of what it wrote to whom reads it', async () => {
    const read = await query('select email from customers', { task: 'a' });
    await writ.writ.close();
    writ = await run(BUNDLE, { data });
    await report(read.id, [{ email: 'lee@x.example' }]);
    expect(await labels(read.id)).toEqual(['confidential', 'pii']);
    const written = await query("insert into notes values ('lee@x.example')", { task: 'a' });
    await report(written.id, 'ok');
    const again = await query('select * from notes', { task: 'b' });
    await report(again.id, [{ text: 'hello' }]);
    expect(await labels(again.id)).toContain('pii');
    expect(await ask('send', { to: 'x@y.example', text: 'hi' }, { task: 'b' })).toMatchObject({
      decision: false,
      context: { reasons: [{ policy: 'leak' }] },
    });
  });

  it('is searched for by its tables, each of which has to be permitted', async () => {
    const input = { sql: 'select * from hr.staff' };
    const found = await writ.send('POST', '/access/v1/search/action', {
      ...{ subject: { type: 'User', id: 'ana' }, resource: { type: 'Tool', id: 'query' }, context: { input } },
    });
    expect(found.json).toMatchObject({ results: [] });
    const tables = await writ.send('POST', '/access/v1/search/resource', {
      ...{ subject: { type: 'User', id: 'ana' }, action: { name: 'query' }, resource: { type: 'Table' } },
      context: { input: { sql: 'select 1' } },
    });
    expect(tables.json.results.map(({ id }: { id: string }) => id).sort()).toEqual([
      'public.customers',
      'public.notes',
      'public.orders',
    ]);
  });

  it('is decided on before a server gets it, and its answer has the labels of its columns', async () => {
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
    const call = (name: string, text?: unknown) =>
      client.callTool({ name, arguments: text === undefined ? {} : { text } });
    const listed = (await client.listTools()).tools.map(({ name }) => name);
    expect(listed).toEqual(expect.arrayContaining(['say', 'nothing']));
    const read = await call('nothing', 'select email from customers');
    expect(await labels(String(read._meta?.[DECISION_META]))).toEqual(['confidential', 'pii']);
    await call('say', 'ls -l');
    for (const [name, text] of [
      ['say', 'rm x'],
      ['say', 'ls; /bin/rm x'],
      ['say', 'eval ls'],
      ['say', undefined],
      ['say', ['ls']],
      ['nothing', 'select * from hr.staff'],
      ['nothing', 'delete from orders'],
      ['nothing', 'select 1; select 2'],
      ['nothing', undefined],
    ] as const)
      await refusal(call(name, text));
    expect(readFileSync(JOURNAL, 'utf8').trim().split('\n')).toEqual(['nothing', 'say']);
    await client.close();
  });
});
