import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenClient } from '@writ/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeBundle } from '../running.js';
import { type Desk, Job, StartedService } from './job.js';

/** The job of an application developer: a shop asks before it refunds, with a key of its own, over AuthZEN. */

const FILES = {
  'writ.yaml': `
name: shop
tokens: { trustDomain: shop.example }
callers: { shop: { obligations: [redact] } }
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [refund] } } }
`,
  'schema.cedarschema': `
entity Group; entity User in [Group]; entity Agent, Order, Task;
type Request = { originator: User };
action approve appliesTo { principal: [User], resource: [Order], context: { request: Request } };
action start_task appliesTo { principal: [User, Agent], resource: [Task] };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String> } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { amount: Long }, ledger: { paid: Long } } };
`,
  'ledger.yaml':
    'accumulators: { paid: { key: originator, sum: input.amount, on: action == "refund", window: 24h } }\n',
  'tasks.yaml':
    'default: any\ntasks: { any: { mandate: any }, refund: { mandate: [{ actions: [refund], uses: 1 }] } }\n',
  'access.yaml': `templates: { lead: { ask: ['Group::"leads"'] } }\n`,
  'policies/all.cedar': `
@id("agents-work") permit (principal, action in [Action::"refund", Action::"start_task", Action::"delegate"], resource);
@id("a-lead-says-yes") @requestable("lead") @reason("a refund over 100 is for a lead")
forbid (principal is User, action == Action::"refund", resource) when { context.input.amount > 100 };
@id("day-limit") @reason("at most 1000 are refunded for one person a day")
forbid (principal is User, action == Action::"refund", resource) when { context.ledger.paid > 1000 };
@id("leads-approve") permit (principal in Group::"leads", action == Action::"approve", resource);
`,
  'entities/people.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' } },
    { uid: { type: 'User', id: 'lena' }, parents: [{ type: 'Group', id: 'leads' }] },
    { uid: { type: 'Agent', id: 'bot' } },
  ]),
};

const root = mkdtempSync(join(tmpdir(), 'writ-developer-'));
const desk: Desk = { folder: join(root, 'work'), home: join(root, 'home') };
let service: StartedService;
beforeAll(async () => {
  for (const folder of [desk.folder, desk.home]) mkdirSync(folder);
  writeBundle(join(desk.folder, 'shop'), FILES);
  service = await StartedService.at(
    desk,
    /service .*\n/,
    'start',
    '--bundle',
    'shop',
    '--data',
    'data',
    '--log-level',
    'fatal',
  );
});
afterAll(async () => {
  await service?.stop();
  rmSync(root, { recursive: true, force: true });
});

const keyOf = (name: string): string => readFileSync(join(desk.folder, 'data/keys', `${name}.key`), 'utf8').trim();

/** Sends JSON as an application would: with `fetch`, and a key. */
async function post(path: string, body: object, key: string, more: Record<string, string> = {}) {
  const answer = await fetch(`${desk.service}${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...more },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text === '' ? undefined : JSON.parse(text) };
}
const refund = (amount: number, order = '7', more: object = {}) => ({
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: order },
  context: { agent: { type: 'Agent', id: 'bot' }, input: { amount }, ...more },
});

it('asks, reports what became of it, has a person lift a denial, and works under a token', async () => {
  const job = new Job('the application developer', desk);
  await job.asks(['caller', 'list'], /shop/);
  const ask = (body: object, more = {}) => post('/access/v1/evaluation', body, keyOf('shop'), more);

  // A permit, and its outcome: one that failed gives its part of the limit back.
  const first = await ask(refund(80));
  expect([first.status, first.json]).toEqual([200, expect.objectContaining({ decision: true })]);
  const decisionId = first.headers.get('X-Decision-Id') as string;
  const failed = await post('/v1/outcomes', { decisionId, status: 'failed' }, keyOf('shop'));
  expect(failed.status).toBe(204);

  // A denial that a person can lift, for exactly this refund.
  const large = refund(500);
  const denied = (await ask({ ...large, context: { ...large.context, detail: 'reasons' } })).json;
  expect(denied).toMatchObject({ decision: false, context: { result: 'step_up' } });
  const { evaluation_id, access_request } = denied.context;
  const denial = { evaluation_id, expires_at: access_request.expires_at };
  const made = (await post('/access/v1/requests', { ...large, denial }, keyOf('shop'))).json;
  const who = ['--as', 'User::"lena"', '--reason', 'it was broken'];
  await job.asks(['request', 'approve', made.task.id, ...who], /approve: it was broken/);
  const lifted = await ask(large);
  expect(lifted.json.decision).toBe(true);
  expect((await ask(refund(501))).json.decision).toBe(false);
  const done = { decisionId: lifted.headers.get('X-Decision-Id'), status: 'completed' };
  expect((await post('/v1/outcomes', done, keyOf('shop'))).status).toBe(204);

  // A denial that nobody lifts: the limit of the day. The answer says when to ask again.
  for (let i = 0; i < 5; i += 1) expect((await ask(refund(100, `o-${i}`))).json.decision).toBe(true);
  const over = (await ask(refund(100, '8', { detail: 'reasons' }))).json;
  expect(over).toMatchObject({ decision: false, context: { reasons: [{ policy: 'day-limit' }] } });
  expect(over.context.retry_after).toBeGreaterThan(3_600);
  await job.types(['explain', (await ask(refund(100, '9'))).headers.get('X-Decision-Id') as string], /day-limit/);

  // A token of a task that may refund once: a second use is outside of it, and one that was changed is refused.
  const tokens = new TokenClient({ service: desk.service as string, key: keyOf('shop'), trustDomain: 'shop.example' });
  const task = await tokens.begin({ credential: { token: keyOf('bot') }, scope: ['refund'] });
  const under = async (token: string) =>
    (await ask(refund(0, '10', { detail: 'reasons' }), { 'Txn-Token': token })).json;
  await job.asks(['task', 'token', task.token], /User::"ana"[\s\S]*verified/);
  expect([(await under(task.token)).decision, (await under(task.token)).decision]).toEqual([true, false]);
  expect(await under(`${task.token}x`)).toMatchObject({
    decision: false,
    context: { refusal: { code: 'token_invalid' } },
  });
  expect(job.done().commands).toBeLessThanOrEqual(5);
});

it('is told apart from a denial by policy: no key, another operation, a request that fits no schema', async () => {
  const ask = (body: object, key = keyOf('shop')) => post('/access/v1/evaluation', body, key);
  expect((await ask(refund(1), 'writ_made_up')).status).toBe(401);
  expect((await post('/v1/revocations', { kind: 'all', reason: 'no' }, keyOf('shop'))).status).toBe(403);
  const detailed = (more: object) => ask({ ...refund(1, '7', { detail: 'reasons' }), ...more });
  const codes = await Promise.all(
    [{ action: { name: 'refnd' } }, { subject: { type: 'user', id: 'ana' } }].map(async (more) => {
      const { json } = await detailed(more);
      return [json.decision, json.context.refusal.code];
    }),
  );
  expect(codes).toEqual([
    [false, 'unknown_action'],
    [false, 'invalid_request'],
  ]);
  // An argument that does not fit is said so without detail too.
  const misfit = await ask(refund('1' as never));
  const message = expect.stringContaining('send 1 as a number, not as text');
  expect(misfit.json).toMatchObject({ decision: false, context: { refusal: { code: 'invalid_request', message } } });
});
