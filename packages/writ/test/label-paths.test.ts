import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** Labels follow data to sub-agents and through files (README, "The chain is judged"). */

const BUNDLE = bundleOf({
  'writ.yaml': `
name: paths
tokens: { trustDomain: shop.example }
gateway:
  clients:
    planner: { agent: 'Agent::"planner"', for: 'User::"ana"', scopes: [work] }
    helper: { agent: 'Agent::"helper"', for: 'User::"ana"', scopes: [work] }
`,
  'schema.cedarschema': `
entity User, Agent, Tool;
action delegate appliesTo { principal: [User, Agent], resource: [Agent] };
action read_crm, read_file, write_file, send appliesTo {
  principal: [User, Agent], resource: [Tool],
  context: { input: { path?: String, text?: String, to?: String }, ledger: { seen: Set<String> } }
};`,
  'tools.yaml': `
tools:
  read_crm: { effects: [read], result: [internal, pii] }
  read_file: { effects: [read], reads: file, arguments: { path: target }, result: internal }
  write_file: { effects: [write], writes: file, arguments: { path: target, text: content }, result: internal }
  send: { effects: [egress], arguments: { to: destination, text: content }, result: internal }
`,
  'ledger.yaml': 'accumulators: { seen: { key: task, set: labels } }',
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("no-personal-data") forbid (principal, action == Action::"send", resource) when { context.ledger.seen.contains("pii") };
`,
});

const TXN = 'urn:ietf:params:oauth:token-type:txn_token';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';

let writ: Running;
beforeAll(async () => {
  writ = await run(BUNDLE, { publicUrl: 'https://writ.example' });
});
afterAll(() => writ.stop());

async function exchange(form: Record<string, string>): Promise<string> {
  const all = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: 'shop.example',
    requested_token_type: TXN,
    ...form,
  };
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const { status, json } = await writ.send('POST', '/token', new URLSearchParams(all).toString(), { headers });
  expect([status, json]).toEqual([200, expect.objectContaining({ access_token: expect.any(String) })]);
  return json.access_token;
}
/** A new task of the planner, and the same one in the hands of its sub-agent. */
async function task(): Promise<{ readonly parent: string; readonly sub: string }> {
  const parent = await exchange({ subject_token: writ.key('planner'), subject_token_type: ACCESS, scope: 'work' });
  const handedOn = { subject_token: parent, subject_token_type: TXN };
  const sub = await exchange({ ...handedOn, actor_token: writ.key('helper'), actor_token_type: ACCESS });
  return { parent, sub };
}
async function call(token: string, name: string, input: object, result?: unknown): Promise<boolean> {
  const body = { subject: { type: 'User', id: 'ana' }, action: { name }, resource: { type: 'Tool', id: name } };
  const headers = { 'Txn-Token': token };
  const asked: Reply = await writ.send('POST', '/access/v1/evaluation', { ...body, context: { input } }, { headers });
  if (asked.json.decision === true) {
    const decisionId = asked.headers.get('x-decision-id');
    const reported = { decisionId, status: 'completed', result: result ?? 'done' };
    expect((await writ.send('POST', '/v1/outcomes', reported)).status).toBe(204);
  }
  return asked.json.decision;
}
const mayMail = (token: string): Promise<boolean> => call(token, 'send', { to: 'x@y.example', text: 'hello' });

describe('labels follow what was read', () => {
  it.each([
    ['by a sub-agent, to its parent', 'sub', 'parent'],
    ['by its parent, to a sub-agent', 'parent', 'sub'],
  ] as const)('%s', async (_what, reader, sender) => {
    const [one, other] = [await task(), await task()];
    expect(await mayMail(one[sender])).toBe(true);
    expect(await call(one[reader], 'read_crm', {}, 'Cy, 030 1')).toBe(true);
    expect([await mayMail(one[sender]), await mayMail(one[reader])]).toEqual([false, false]);
    // A task is its own, also of the same agents.
    expect([await mayMail(other[sender]), await mayMail(other[reader])]).toEqual([true, true]);
  });

  it('through a file, however its path is written, into the task of a sub-agent that reads it', async () => {
    const [one, other, third] = [await task(), await task(), await task()];
    expect(await call(one.parent, 'read_crm', {}, 'Cy, 030 1')).toBe(true);
    expect(await call(one.sub, 'write_file', { path: 'out/list.txt', text: 'Cy, 030 1' })).toBe(true);
    expect(await call(third.sub, 'read_file', { path: 'out/other.txt' }, 'milk')).toBe(true);
    expect(await mayMail(third.parent)).toBe(true);
    expect(await call(other.sub, 'read_file', { path: './out/../out/list.txt' }, 'Cy, 030 1')).toBe(true);
    expect(await mayMail(other.parent)).toBe(false);
  });
});
