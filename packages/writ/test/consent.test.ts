import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../src/bundle/bundle.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** The consent of the originator: to exactly one call, by a proof that the agents between do not have. */

const files = (issuer: string) => ({
  'writ.yaml': `
name: consent
tokens: { trustDomain: shop.example }
callers: { front: { roles: [enforcement-point, administrator] }, chat: {} }
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [desk] }, leads: { agent: 'Agent::"bot"', for: 'User::"lena"', scopes: [desk] } } }
issuers:
  ${issuer}: { audience: https://writ.example, jwks: ${issuer}/jwks.json, type: JWT, identity: { type: User, id: claims.sub }, scopes: [desk] }
`,
  'schema.cedarschema': `
entity Group; entity User in [Group]; entity Agent; entity Order; entity Task;
type Request = { consent: Bool, originator: User, input: { amount?: Long } };
action approve appliesTo { principal: [User, Agent], resource: [Order], context: { request: Request } };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String> } };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { amount: Long, note?: String } } };
`,
  'policies/all.cedar': `
@id("staff") permit (principal, action in [Action::"refund", Action::"delegate"], resource);
@id("customer-says-yes") @requestable("customer") @reason("the customer says yes to exactly this")
forbid (principal is User, action == Action::"refund", resource);
@id("over-100") @requestable("lead") forbid (principal is User, action == Action::"refund", resource) when { context.input.amount > 100 };
@id("special-needs-consent") @requestable("lead")
forbid (principal is User, action == Action::"refund", resource == Order::"special")
unless { context.consents.contains("customer-says-yes") };
@id("leads-approve") permit (principal in Group::"leads", action == Action::"approve", resource);
@id("originators-consent") permit (principal, action == Action::"approve", resource)
when { context.request.consent && context.request.originator == principal };
`,
  'tasks.yaml': 'default: desk\ntasks: { desk: { mandate: [{ actions: [refund] }] } }\n',
  'access.yaml': `
templates:
  customer: { consent: true, expires: 30m }
  lead: { ask: ['Group::"leads"'] }
`,
  'entities/people.json': JSON.stringify([
    { uid: { type: 'User', id: 'ana' }, attrs: {}, parents: [] },
    { uid: { type: 'User', id: 'lena' }, attrs: {}, parents: [{ type: 'Group', id: 'leads' }] },
    { uid: { type: 'Agent', id: 'bot' }, attrs: {}, parents: [] },
  ]),
});

let hooks: Server;
let writ: Running;
let token: (sub: string, jti?: string) => Promise<string>;
beforeAll(async () => {
  const keys = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'ES256' };
  hooks = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => hooks.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
  token = (sub, jti) => {
    const jwt = new SignJWT({ sub }).setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'JWT' }).setIssuer(issuer);
    if (jti !== undefined) jwt.setJti(jti);
    return jwt.setAudience('https://writ.example').setIssuedAt().setExpirationTime('5m').sign(keys.privateKey);
  };
  writ = await run(bundleOf(files(issuer)));
});
afterAll(async () => {
  await writ.stop();
  hooks.close();
});

type Options = { as?: string; txn?: string };
let count = 0;
const asked = (amount: number, order = `o${++count}`, more: object = {}) => ({
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: order },
  context: { agent: { type: 'Agent', id: 'bot' }, task: 't1', input: { amount, ...more } },
});
const options = ({ as, txn }: Options) => ({
  ...(as === undefined ? {} : { as }),
  ...(txn === undefined ? {} : { headers: { 'Txn-Token': txn } }),
});
const evaluate = (one: object, how: Options = {}): Promise<Reply> =>
  writ.send('POST', '/access/v1/evaluation', one, options(how));
const permits = async (one: object, how: Options = {}): Promise<boolean> => (await evaluate(one, how)).json.decision;
const submit = async (one: object, how: Options = {}) => {
  const { json } = await evaluate(one, how);
  const { evaluation_id, access_request } = json.context;
  const denial = { evaluation_id, expires_at: access_request.expires_at };
  const { json: made } = await writ.send('POST', '/access/v1/requests', { ...one, denial }, options(how));
  return { id: made.task.id as string, template: access_request.template as string };
};
const vote = (id: string, body: object, as = 'admin', verdict = 'approve'): Promise<Reply> =>
  writ.send('POST', `/v1/access-requests/${id}/${verdict}`, { reason: 'yes, please', ...body }, { as });
const ANA = 'User::"ana"';
const LENA = 'User::"lena"';

describe('a consent', () => {
  it('is of the originator, for exactly this call, once', async () => {
    const one = asked(20);
    const { id, template } = await submit(one);
    expect(template).toBe('customer');
    expect((await vote(id, { as: ANA })).json).toMatchObject({ status: 'approved' });
    expect(await permits({ ...one, context: { ...one.context, input: { amount: 21 } } })).toBe(false);
    expect(await permits({ ...one, resource: { type: 'Order', id: 'another' } })).toBe(false);
    expect(await permits({ ...one, context: { ...one.context, task: 't2' } })).toBe(false);
    const permitted = await evaluate(one);
    expect(permitted.json.decision).toBe(true);
    expect(await permits(one)).toBe(false);
    const { decision } = (await writ.writ.records.find(String(permitted.headers.get('x-decision-id')))) ?? {};
    expect(decision?.approvals).toMatchObject([
      { policies: ['customer-says-yes'], approvers: [ANA], consent: true, uses: 'once' },
    ]);
    const { text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    expect(text.replaceAll('\\', '')).toContain('"what":"access.consent"');
    const { json } = await writ.send('GET', '/v1/approvals', undefined, { as: 'admin' });
    expect(json.approvals[0]).toMatchObject({ consent: true, arguments: 'these', state: 'used' });
  });

  it('is refused by the originator, and not asked for by anybody else', async () => {
    const { id } = await submit(asked(20));
    expect((await vote(id, { as: LENA })).status).toBe(403);
    expect((await vote(id, { as: LENA }, 'admin', 'deny')).status).toBe(403);
    expect((await vote(id, { as: 'Agent::"bot"' })).status).toBe(403);
    expect((await vote(id, { as: ANA }, 'admin', 'deny')).json).toMatchObject({ status: 'denied' });
  });

  it.each([
    ['for the task', { uses: 'task' }],
    ['until a time', { uses: 'until', until: '2099-01-01T00:00:00Z' }],
    ['with an end', { until: '2099-01-01T00:00:00Z' }],
    ['for other arguments', { anyArguments: true }],
  ])('is not given %s', async (_what, scope) => {
    const { id } = await submit(asked(20));
    const refused = await vote(id, { as: ANA, ...scope });
    expect(refused.status).toBe(403);
    expect(refused.json.detail).toContain('exactly this call');
  });

  it('is not vouched for by the caller that asks', async () => {
    const one = asked(20);
    const { id } = await submit(one, { as: 'front' });
    expect((await vote(id, { as: ANA }, 'front')).json.detail).toContain('cannot vouch');
    expect((await vote(id, { as: ANA })).json).toMatchObject({ status: 'approved' });
    expect(await permits(one, { as: 'front' })).toBe(true);
  });

  it('is not given with the credential that the task was started with, nor one of the agent', async () => {
    const first = await token('ana', 'first');
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop.example',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token: first,
      actor_token: writ.key('bot'),
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'desk',
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const started = await writ.send('POST', '/token', form.toString(), { headers });
    const txn = started.json.access_token;
    const whole = asked(20);
    const one = { ...whole, context: { input: whole.context.input } };
    const { id } = await submit(one, { txn });
    expect((await vote(id, { token: first }, 'chat')).json.detail).toContain('started with this token');
    expect((await vote(id, { token: await token('ana') }, 'chat')).json.detail).toContain('no id');
    expect((await vote(id, { token: writ.key('bot') }, 'chat')).status).toBe(403);
    expect((await vote(id, { token: txn }, 'chat')).status).toBe(403);
    expect((await vote(id, { token: await token('lena', 'hers') }, 'chat')).status).toBe(403);
    expect(await permits(one, { txn })).toBe(false);
    expect((await vote(id, { token: await token('ana', 'second') }, 'chat')).json).toMatchObject({
      status: 'approved',
    });
    expect(await permits(one, { txn })).toBe(true);
  });

  it('lifts no rule that asks for four eyes, and an approval none that asks for consent', async () => {
    const one = asked(500);
    const first = await submit(one);
    const second = first.template === 'customer' ? 'lead' : 'customer';
    const say = (template: string, id: string) => vote(id, { as: template === 'customer' ? ANA : LENA });
    expect((await vote(first.id, { as: first.template === 'customer' ? LENA : ANA })).status).toBe(403);
    expect((await say(first.template, first.id)).json).toMatchObject({ status: 'approved' });
    const still = await evaluate(one);
    expect(still.json.context).toMatchObject({ result: 'step_up', access_request: { template: second } });
    const next = await submit(one);
    expect((await say(next.template, next.id)).json).toMatchObject({ status: 'approved' });
    expect(await permits(one)).toBe(true);
    expect(await permits(one)).toBe(false);
  });

  it('is asked for in a request of its own, never with what others approve', async () => {
    const [consented, fresh] = [asked(500), asked(500)];
    await vote((await submit(consented)).id, { as: ANA });
    const items = [];
    for (const one of [consented, fresh]) {
      const { evaluation_id, access_request } = (await evaluate(one)).json.context;
      const denial = { evaluation_id, expires_at: access_request.expires_at };
      items.push({ template: access_request.template, item: { resource: one.resource, action: one.action, denial } });
    }
    expect(items.map(({ template }) => template)).toEqual(['lead', 'customer']);
    const { subject, context } = fresh;
    for (const mixed of [items, items.toReversed()]) {
      const body = { subject, context, items: mixed.map(({ item }) => item) };
      const { status, json } = await writ.send('POST', '/access/v1/requests', body);
      expect([status, json.detail]).toEqual([400, expect.stringContaining('two requests')]);
    }
  });

  it('is seen by policies, and an approval is none', async () => {
    const one = asked(20, 'special');
    const before = await evaluate(one);
    expect(before.json.context.requestable).toEqual(['customer-says-yes', 'special-needs-consent']);
    await vote((await submit(one)).id, { as: ANA });
    expect(await permits(one)).toBe(true);
  });
});

describe('a credential of somebody who acts for another', () => {
  it('approves nothing in the name of that person', async () => {
    const one = asked(500);
    let { id, template } = await submit(one);
    if (template === 'customer') {
      await vote(id, { as: ANA });
      ({ id, template } = await submit(one));
    }
    expect(template).toBe('lead');
    const refused = await vote(id, { token: writ.key('leads') }, 'chat');
    expect(refused.status).toBe(403);
    expect(refused.json.detail).toContain('acts for another');
  });
});

describe('writ test', () => {
  it('has the consent of the originator for one call, and approvals for the task', async () => {
    const step = { request: asked(500, 'special'), expect: 'allow' };
    const steps = [
      { ...step, expect: 'step_up' },
      { ...step, approve: true },
      { ...step, expect: 'step_up', because: ['customer-says-yes'] },
    ];
    const tests = JSON.stringify({ tests: [{ test: 'one yes is for one call', steps }] });
    const { code, out } = await command('test', bundleOf({ ...files('https://idp.example'), 'tests/a.yaml': tests }));
    expect([code, out]).toEqual([0, expect.stringContaining('one yes is for one call')]);
  });
});

describe('access.yaml', () => {
  it.each([
    ['a quorum', 'customer: { consent: true, quorum: 2 }', 'of the originator alone'],
    ['others who are asked', `customer: { consent: true, ask: ['Group::"leads"'] }`, 'of the originator alone'],
    ['the template of all others', 'default: { consent: true }', 'cannot be a consent'],
  ])('has no consent with %s', (_what, template, message) => {
    const folder = bundleOf({
      ...files('https://idp.example'),
      'access.yaml': `templates:\n  ${template}\n  lead: {}\n`,
    });
    expect(
      readBundle(folder)
        .findings.map((one) => one.message)
        .join(),
    ).toContain(message);
  });
});
