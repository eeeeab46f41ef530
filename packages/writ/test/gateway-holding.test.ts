import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DECISION_META } from '../src/enforce/mcp/protocol/result.js';
import { connectTo, refusal } from './mcp-clients.js';
import { bundleOf, type Running, run } from './running.js';

const WRIT = fileURLToPath(new URL('../bin/writ.js', import.meta.url));
const FRAGILE = fileURLToPath(new URL('servers/fragile.mjs', import.meta.url));

const FILES = (gateway: string): Record<string, string> => ({
  'writ.yaml': `
name: held
gateway:
  servers: { fragile: { command: node, args: ["${FRAGILE}", "\${data}/journal.txt"] } }
  clients: { tester: { agent: 'Agent::"tester"', for: 'User::"ana"' } }
`,
  'schema.cedarschema': `
entity Group;
entity User in [Group];
entity Agent;
entity Record { state: String };
type Input = { to?: String, amount?: Long, note?: String, record?: String, people?: Set<{ name: String, card?: String }> };
action echo, fail appliesTo { principal: [User, Agent], resource: [Record], context: { input: Input } };
action approve appliesTo { principal: [User], resource: [Record] };
`,
  'policies/all.cedar': `
@id("work") permit (principal, action in [Action::"echo", Action::"fail"], resource) when { !(context.input has to) };
@id("masked") @obligation("no-card no-names capped stamped marked") permit (principal, action == Action::"echo", resource)
when { context.input has to && context.input.to == "masked" };
@id("classed") @obligation("no-numbers") permit (principal, action == Action::"echo", resource)
when { context.input has to && context.input.to == "classed" };
@id("unfit") @obligation("unfit") permit (principal, action == Action::"echo", resource)
when { context.input has to && context.input.to == "unfit" };
@id("odd") @obligation("odd") permit (principal, action == Action::"echo", resource)
when { context.input has to && context.input.to == "odd" };
@id("strict") forbid (principal is User, action == Action::"echo", resource)
when { resource.state == "closed" };
@id("large") @requestable("lead") @reason("a lead approves more than 100")
forbid (principal is User, action == Action::"echo", resource) when { context.input has amount && context.input.amount > 100 && !(context.input has to) };
@id("leads") permit (principal in Group::"leads", action == Action::"approve", resource);
`,
  'obligations.yaml': `
obligations:
  no-card: { type: drop-field, properties: { path: '$.people[*].card' } }
  no-names: { type: redact, properties: { path: '$.people[*].name', with: '***' } }
  capped: { type: cap, properties: { path: amount, max: 50 } }
  stamped: { type: replace, properties: { path: note, value: by policy } }
  marked: { type: watermark, properties: { text: 'for internal use' } }
  no-numbers: { type: redact, properties: { class: card } }
  unfit: { type: replace, properties: { path: amount, value: [1] } }
  odd: { type: session_termination, properties: { subject: x } }
`,
  'mappings/fragile.yaml': `
server: fragile
tools:
  echo: { evaluation: { resource: { type: Record, id: $params.arguments.record } } }
  fail: { evaluation: { resource: { type: Record, id: always } } }
`,
  'entities/all.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [] },
    { uid: { type: 'User', id: 'lena' }, attrs: {}, parents: [{ type: 'Group', id: 'leads' }] },
    { uid: { type: 'Group', id: 'leads' }, attrs: {}, parents: [] },
    { uid: { type: 'Agent', id: 'tester' }, attrs: {}, parents: [] },
    ...['r1', 'r2', 'always'].map((id) => ({ uid: { type: 'Record', id }, attrs: { state: 'open' }, parents: [] })),
  ]),
  'access.yaml': `
templates: { lead: { ask: ['Group::"leads"'] } }
gateway: ${gateway}
`,
});

const connect = (writ: Running): Promise<Client> => connectTo(writ.writ.gatewayUrl, writ.key('tester'));

const echo = (client: Client, input: Record<string, unknown>, onprogress?: (of: { message?: string }) => void) =>
  client.callTool(
    { name: 'echo', arguments: { record: 'r1', ...input } },
    { ...(onprogress && { onprogress }), timeout: 30_000 },
  );
const textOf = (result: { content?: unknown }): unknown =>
  (result.content as { text: string }[]).map(({ text }) => text);
const calls = (writ: Running): string[] => {
  const file = join(writ.data, 'journal.txt');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
const approve = (writ: Running, id: string, verdict = 'approve') =>
  writ.send('POST', `/v1/access-requests/${id}/${verdict}`, { as: 'User::"lena"', reason: 'seen' }, { as: 'admin' });
const open = async (writ: Running): Promise<{ id: string }[]> =>
  (await writ.send('GET', '/v1/access-requests', undefined, { as: 'admin' })).json.requests;
const recordOf = async (writ: Running, id: unknown) =>
  (await writ.send('GET', `/v1/decisions/${id}`, undefined, { as: 'admin' })).json;

describe('a call that somebody has to approve, with a reference', () => {
  const bundle = bundleOf(FILES('{ stepUp: reference }'));
  let writ: Running;
  let client: Client;
  beforeAll(async () => {
    writ = await run(bundle);
    client = await connect(writ);
  });
  afterAll(() => writ.stop());

  it('is denied with what to ask for, asked once, and goes through once when it is approved, also after a restart', async () => {
    const first = await refusal(echo(client, { amount: 500 }));
    expect(first.message).toContain('a lead approves more than 100');
    expect(first.data).toMatchObject({ result: 'step_up', accessRequest: { status: 'pending' } });
    const { id } = first.data.accessRequest as { id: string };
    const again = await refusal(echo(client, { amount: 500 }));
    expect(again.data.accessRequest).toEqual({ id, status: 'pending' });
    // Another amount is another question.
    const other = await refusal(echo(client, { amount: 501 }));
    expect((other.data.accessRequest as { id: string }).id).not.toBe(id);
    expect(await open(writ)).toHaveLength(2);
    expect(calls(writ)).toEqual([]);
    const { data, store } = writ;
    await client.close();
    await writ.writ.close();
    writ = await run(bundle, { data, ...(store.startsWith('postgres') ? { store } : {}) });
    client = await connect(writ);
    expect((await refusal(echo(client, { amount: 500 }))).data.accessRequest).toEqual({ id, status: 'pending' });
    await approve(writ, id);
    const result = await echo(client, { amount: 500 });
    const { decision } = await recordOf(writ, result._meta?.[DECISION_META]);
    expect(decision).toMatchObject({ result: 'allow', approvals: [{ request: id, approvers: ['User::"lena"'] }] });
    expect(decision.resolves).toBeDefined();
    const used = await refusal(echo(client, { amount: 500 }));
    expect((used.data.accessRequest as { id: string }).id).not.toBe(id);
    expect(calls(writ)).toHaveLength(1);
  });

  it('that was denied is not asked for again and again', async () => {
    const first = await refusal(echo(client, { amount: 700 }));
    const { id } = first.data.accessRequest as { id: string };
    await approve(writ, id, 'deny');
    const again = await refusal(echo(client, { amount: 700 }));
    expect(again.data.accessRequest).toEqual({ id, status: 'denied' });
    expect(again.message).toContain('do not ask again');
  });
});

describe('a call that somebody has to approve, waiting', () => {
  let writ: Running;
  let client: Client;
  beforeAll(async () => {
    writ = await run(bundleOf(FILES('{ stepUp: wait, wait: 3s }')));
    client = await connect(writ);
  });
  afterAll(async () => {
    await client.close();
    await writ.stop();
  });
  const asked = async (): Promise<string> => {
    await expect.poll(async () => (await open(writ)).length).toBe(1);
    return ((await open(writ))[0] as { id: string }).id;
  };

  it('waits, says so, and goes through', async () => {
    const told: string[] = [];
    const call = echo(client, { amount: 500 }, ({ message }) => told.push(message ?? ''));
    const id = await asked();
    expect(calls(writ)).toEqual([]);
    await approve(writ, id);
    expect(textOf(await call)).toEqual(['{"record":"r1","amount":500}']);
    expect(told[0]).toBe(`waiting for the approval ${id}`);
  });

  it('is denied when it is denied', async () => {
    const call = refusal(echo(client, { amount: 600 }));
    await approve(writ, await asked(), 'deny');
    expect(await call).toMatchObject({ message: expect.stringContaining('it was denied') });
  });

  it('is denied when nobody answers, and that is on the record', async () => {
    const { data, message } = await refusal(echo(client, { amount: 800 }));
    expect(message).toContain('nobody approved it within 3 s');
    const { decision } = await recordOf(writ, data.decisionId);
    expect(decision).toMatchObject({ result: 'deny', refusal: { code: 'not_approved' }, resolves: expect.any(String) });
    expect((await recordOf(writ, decision.resolves)).decision.result).toBe('step_up');
    expect(calls(writ)).toHaveLength(1);
    // Approved too late is approved for the next time.
    await approve(writ, await asked());
    await echo(client, { amount: 800 });
    expect(calls(writ)).toHaveLength(2);
  });

  it('other calls of the task go on meanwhile', async () => {
    const call = refusal(echo(client, { amount: 900 }));
    expect(textOf(await echo(client, { record: 'r2' }))).toEqual(['{"record":"r2"}']);
    await call;
  });
});

describe('a call that somebody has to approve, where the user can be asked first', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(bundleOf(FILES('{ stepUp: reference, justify: true }')));
  });
  afterAll(() => writ.stop());
  type Elicited = { readonly action: 'accept' | 'decline'; readonly content?: Record<string, string> };
  const asking = async (answer: Elicited, mode: 'auto' | 'legacy' = 'auto') => {
    const questions: string[] = [];
    const capabilities = { elicitation: { form: {} } };
    const client = new Client({ name: 'tester', version: '1' }, { versionNegotiation: { mode }, capabilities });
    client.setRequestHandler('elicitation/create', (request) => {
      questions.push(request.params.message);
      return answer;
    });
    const headers = { Authorization: `Bearer ${writ.key('tester')}` };
    const url = new URL(writ.writ.gatewayUrl as string);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    return { client, questions };
  };

  it('says for what, and those who are asked read it; the same is not asked of anybody twice', async () => {
    const { client, questions } = await asking({ action: 'accept', content: { reason: 'the customer waits' } });
    const denied = await refusal(echo(client, { amount: 500 }));
    expect(denied.data.accessRequest).toMatchObject({ status: 'pending' });
    expect(questions).toEqual([
      expect.stringContaining("echo needs somebody's approval: a lead approves more than 100"),
    ]);
    const [request] = (await open(writ)) as unknown as { justification: string }[];
    expect(request?.justification).toBe('the customer waits');
    await refusal(echo(client, { amount: 500 }));
    expect(questions).toHaveLength(1);
    await client.close();
  });

  it('does not want to, and nobody is asked', async () => {
    const { client } = await asking({ action: 'decline' });
    const before = (await open(writ)).length;
    const denied = await refusal(echo(client, { amount: 600 }));
    expect(denied.message).toContain('its user does not want to ask for it');
    expect(await open(writ)).toHaveLength(before);
    await client.close();
  });

  it('whose client is of an earlier revision is asked over its session', async () => {
    const { client, questions } = await asking({ action: 'accept', content: { reason: 'it is late' } }, 'legacy');
    expect((await refusal(echo(client, { amount: 800 }))).data.accessRequest).toMatchObject({ status: 'pending' });
    expect(questions).toHaveLength(1);
    expect(await open(writ)).toContainEqual(expect.objectContaining({ justification: 'it is late' }));
    await client.close();
  });

  it('whose client cannot ask them is not asked', async () => {
    const client = await connect(writ);
    expect((await refusal(echo(client, { amount: 700 }))).data.accessRequest).toMatchObject({ status: 'pending' });
    await client.close();
  });
});

describe('a call that waits for a fact', () => {
  let writ: Running;
  let client: Client;
  beforeAll(async () => {
    writ = await run(bundleOf(FILES('{ defer: 2s, deferred: 2 }')));
    client = await connect(writ);
  });
  afterAll(async () => {
    await client.close();
    await writ.stop();
  });
  const store = async (id: string, state: string): Promise<void> => {
    const entities = [{ uid: { type: 'Record', id }, attrs: { state }, parents: [] }];
    const stored = await writ.send('PUT', '/v1/entities', entities, { as: 'admin' });
    expect([stored.status, stored.text]).toEqual([200, expect.anything()]);
  };

  it('goes on when the fact is there, and what depends on it after it; others do not wait', async () => {
    const order: string[] = [];
    const noted = (name: string, call: Promise<unknown>) => call.then(() => order.push(name));
    const first = noted('first', echo(client, { record: 'late', note: '1' }));
    await expect
      .poll(async () => {
        const { json } = await writ.send('GET', '/v1/decisions?result=defer', undefined, { as: 'admin' });
        return json.decisions.length;
      })
      .toBeGreaterThan(0);
    const dependent = noted('dependent', echo(client, { record: 'late', note: '2' }));
    const independent = noted('independent', client.callTool({ name: 'fail', arguments: {} }));
    await independent;
    expect(calls(writ)).toEqual(['fail']);
    await store('late', 'open');
    await Promise.all([first, dependent]);
    expect(order).toEqual(['independent', 'first', 'dependent']);
    expect(calls(writ)).toEqual(['fail', expect.stringContaining('"note":"1"'), expect.stringContaining('"note":"2"')]);
    const { json } = await writ.send('GET', '/v1/decisions?result=defer', undefined, { as: 'admin' });
    const [deferred] = json.decisions.slice(-1);
    expect(deferred.missing).toEqual([{ entity: { type: 'Record', id: 'late' }, attribute: 'state' }]);
    const { decisions } = (await writ.send('GET', '/v1/decisions?result=allow', undefined, { as: 'admin' })).json;
    const resolving = decisions.filter((one: { resolves?: string }) => one.resolves === deferred.id);
    expect(resolving).toHaveLength(1);
    // Who asked is still who asked.
    expect(resolving[0].provenance).toEqual(deferred.provenance);
  });

  it('is denied when the fact does not come, with what depends on it; it never opens', async () => {
    const before = calls(writ).length;
    const first = refusal(echo(client, { record: 'never', note: '1' }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    // It is about another record, and names this one.
    const dependent = refusal(echo(client, { record: 'r1', note: 'never' }));
    const { data, message } = await first;
    expect(message).toContain('did not come in time');
    const { decision } = await recordOf(writ, data.decisionId);
    expect(decision).toMatchObject({ result: 'deny', refusal: { code: 'not_resolved' }, resolves: expect.any(String) });
    expect((await dependent).message).toContain('it depends on');
    expect(calls(writ)).toHaveLength(before);
  });

  it('is denied at once when too many wait', async () => {
    const held = ['a', 'b'].map((id) => refusal(echo(client, { record: `held-${id}` })));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = Date.now();
    const { message, data } = await refusal(echo(client, { record: 'held-c' }));
    expect(message).toContain('2 calls of this task wait already');
    expect(Date.now() - began).toBeLessThan(1_500);
    expect((await recordOf(writ, data.decisionId)).decision.refusal.code).toBe('too_many_deferred');
    for (const { message: why } of await Promise.all(held)) expect(why).toContain('did not come in time');
  });

  it('what comes and forbids, forbids', async () => {
    const call = refusal(echo(client, { record: 'closed' }));
    await store('closed', 'closed');
    expect((await call).data).toMatchObject({ result: 'deny', reasons: [{ policy: 'strict' }] });
  });
});

describe('a permit that changes what is sent and answered', () => {
  let writ: Running;
  let client: Client;
  beforeAll(async () => {
    writ = await run(bundleOf(FILES('{}')));
    client = await connect(writ);
  });
  afterAll(async () => {
    await client.close();
    await writ.stop();
  });

  it('is carried out on both, and recorded with what it was and became', async () => {
    const people = [{ name: 'Eve', card: '4111 1111 1111 1111' }, { name: 'Bob' }];
    const result = await echo(client, { to: 'masked', amount: 80, note: 'mine', people });
    // The server saw it capped and stamped.
    expect(calls(writ)[0]).toContain('"amount":50,"note":"by policy"');
    const [text, mark] = textOf(result) as [string, string];
    expect(JSON.parse(text)).toEqual({
      record: 'r1',
      to: 'masked',
      amount: 50,
      note: 'by policy',
      people: [{ name: '***' }, { name: '***' }],
    });
    expect(mark).toBe('for internal use');
    const { decision, outcome } = await recordOf(writ, result._meta?.[DECISION_META]);
    expect(decision).toMatchObject({ result: 'modify' });
    expect(
      outcome.changes.map(({ obligation, on }: { obligation: string; on: string }) => [obligation, on]).sort(),
    ).toEqual([
      ['capped', 'input'],
      ['marked', 'result'],
      ['no-card', 'result'],
      ['no-names', 'result'],
      ['stamped', 'input'],
    ]);
    for (const { before, after } of outcome.changes) {
      expect(before).toMatch(/^hmac-sha256:[\w-]{43}$/);
      expect(after).not.toBe(before);
    }
  });

  it('finds what is of a class in any text', async () => {
    const result = await echo(client, { to: 'classed', note: 'pay with 4111-1111-1111-1111, not 1234' });
    expect(textOf(result)).toEqual([expect.stringContaining('pay with [redacted], not 1234')]);
  });

  it('is a denial when what is changed does not fit the tool or cannot be carried out', async () => {
    const before = calls(writ).length;
    const odd = await refusal(echo(client, { to: 'odd' }));
    expect(odd.message).toContain('cannot carry out');
    expect(calls(writ)).toHaveLength(before);
    // The echo tool takes anything, so this goes through; what it was changed to is what was sent.
    await echo(client, { to: 'unfit', amount: 1 });
    expect(calls(writ).at(-1)).toContain('"amount":[1]');
  });
});

describe('writ guard, in another process', () => {
  it('waits for an approval, and carries out what a permit asks for', async () => {
    const bundle = bundleOf(FILES('{ stepUp: wait, wait: 20s }'));
    const writ = await run(bundle);
    const journal = join(writ.data, 'guarded.txt');
    const where = ['--service', writ.url, '--key-file', writ.writ.keyFileOf('default'), '--bundle', bundle];
    const who = ['--for', 'User::"ana"', '--agent', 'Agent::"tester"', '--server', 'fragile'];
    const args = [WRIT, 'guard', ...where, ...who, '--', process.execPath, FRAGILE, journal];
    const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }));
    const call = echo(client, { amount: 500 });
    await expect.poll(async () => (await open(writ)).length).toBe(1);
    expect(existsSync(journal)).toBe(false);
    await approve(writ, ((await open(writ))[0] as { id: string }).id);
    expect(textOf(await call)).toEqual(['{"record":"r1","amount":500}']);

    const changed = await echo(client, {
      to: 'masked',
      amount: 80,
      note: 'mine',
      people: [{ name: 'Eve', card: '1' }],
    });
    expect(readFileSync(journal, 'utf8')).toContain('"amount":50,"note":"by policy"');
    expect((textOf(changed) as string[])[0]).toContain('"people":[{"name":"***"}]');
    const { outcome } = await recordOf(writ, changed._meta?.[DECISION_META]);
    expect(outcome.changes).toHaveLength(5);
    await client.close();
    await writ.stop();
  });
});
