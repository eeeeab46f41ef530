import { basename } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** Mandates that are narrowed to the prompt that a task starts with. */

/** A planner that does what the prompt says it shall. */
const PLANNER = `
let all = '';
process.stdin.on('data', (part) => { all += part; }).on('end', () => {
  const { prompt, authorization_details: [whole], tools } = JSON.parse(all);
  const answer = (...grants) => process.stdout.write(JSON.stringify({ authorization_details: grants.map((one) => ({ type: 'writ_action', ...one })) }));
  if (prompt.includes('wider')) answer({ actions: [...whole.actions, 'start_task'] });
  else if (prompt.includes('crash')) process.exit(1);
  else if (prompt.includes('ignore')) process.stdout.write('I will not.');
  else answer({ actions: tools.filter(({ effects }) => effects.includes('egress')).map(({ name }) => name), uses: 1 }, { actions: ['look'] });
});`;

const BUNDLE = {
  'writ.yaml': `
name: proposals
tokens: { trustDomain: shop.example, lifetime: 5m }
callers: { other: {} }
gateway: { clients: { desk: { agent: 'Agent::"desk"', for: 'User::"ana"', scopes: [office, pay, any, free, planned, both] } } }
`,
  'schema.cedarschema': `
entity User; entity Agent; entity Task; entity Tool; entity Order;
action start_task, widen_task appliesTo { principal: [User, Agent], resource: [Task], context: { scope: Set<String> } };
action send_email appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { to: Set<String>, cc?: Set<String>, body: String } } };
action pay appliesTo { principal: [User, Agent], resource: [Order], context: { input: { account: String, cents: Long } } };
action look appliesTo { principal: [User, Agent], resource: [Tool] };
`,
  'tools.yaml': `
tools:
  send_email: { effects: [egress], arguments: { to: { role: destination, kind: email }, cc: { role: destination, kind: email }, body: content } }
  pay: { effects: [money], arguments: { account: { role: destination, kind: iban }, cents: { role: amount, kind: minor-units } } }
  look: { effects: [read] }
`,
  'tasks.yaml': `
default: look
tasks:
  look: { mandate: [{ effects: [read] }] }
  office: { fromPrompt: words, mandate: [{ actions: [look, send_email, pay], uses: 3 }] }
  pay: { mandate: [{ actions: [pay], resources: [Order], input: { cents: { min: 1, max: 10000 } } }] }
  any: { mandate: any }
  free: { mandate: [{ actions: [send_email] }] }
  planned: { fromPrompt: planner, mandate: [{ actions: [look, send_email, pay], uses: 3 }] }
  both: { fromPrompt: [planner, words], mandate: [{ actions: [look, send_email, pay], uses: 3 }] }
planner: { command: ${JSON.stringify([process.execPath, '-e', PLANNER])}, timeout: 5s }
`,
  'service/all.cedar':
    '@id("no-tokens") forbid (principal == Caller::"other", action == Action::"exchange", resource);',
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("another-address") @requestable("lead")
forbid (principal, action, resource)
when { context has mandate && context.mandate.kind == "free" && context.tool has destination && context.tool.destination.deviates.contains("email") };
@id("no-widening") forbid (principal, action == Action::"widen_task", resource);
`,
};

let writ: Running;
beforeAll(async () => {
  writ = await run(bundleOf(BUNDLE));
});
afterAll(() => writ.stop());

const start = (scope: string, more: Record<string, string> = {}): Promise<Reply> =>
  writ.send(
    'POST',
    '/token',
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop.example',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token: writ.key('desk'),
      scope,
      ...more,
    }).toString(),
    { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
  );
const ask = (token: string, action: string, input: object, resource = { type: 'Tool', id: action }) =>
  writ.send(
    'POST',
    '/access/v1/evaluation',
    { subject: { type: 'User', id: 'ana' }, action: { name: action }, resource, context: { input, detail: 'full' } },
    { headers: { 'Txn-Token': token } },
  );
const mail = async (token: string, to: string[], more: object = {}): Promise<Reply['json']> =>
  (await ask(token, 'send_email', { to, body: 'b', ...more })).json;
const PROMPT = 'Look at the orders of today, and send the summary to bob@a.example, please.';

describe('a kind of task that is narrowed to its prompt', () => {
  it('covers what the prompt names, and nothing else of the kind', async () => {
    const { json } = await start('office', { prompt: PROMPT });
    const token = json.access_token;
    expect((await mail(token, ['bob@a.example'])).decision).toBe(true);
    const other = await mail(token, ['bob@a.example'], { cc: ['mallory@b.example'] });
    expect(other).toMatchObject({ decision: false, context: { result: 'deny', refusal: { code: 'outside_mandate' } } });
    const order = { type: 'Order', id: '1' };
    expect((await ask(token, 'pay', { account: 'x', cents: 5 }, order)).json.decision).toBe(true);
    expect(json.proposal).toMatchObject({
      by: ['words'],
      constraints: [
        { action: 'send_email', argument: 'to', words: [{ text: 'bob@a.example', at: PROMPT.indexOf('bob@') }] },
        { action: 'send_email', argument: 'cc', constraint: { one_of: ['bob@a.example'], optional: true } },
      ],
      unused: [],
    });
    expect(json.authorization_details).toEqual(decodeJwt(token).authorization_details);
  });

  it('counts its uses once for all parts', async () => {
    const { access_token: token } = (await start('office', { prompt: PROMPT })).json;
    expect((await mail(token, ['bob@a.example'])).decision).toBe(true);
    expect((await mail(token, ['bob@a.example'])).decision).toBe(true);
    expect((await ask(token, 'look', {})).json.decision).toBe(true);
    expect((await ask(token, 'look', {})).json.context.refusal.message).toContain('3 times');
    expect((await mail(token, ['bob@a.example'])).decision).toBe(false);
  });

  it('is the kind itself without a prompt, and by a prompt that names nothing, which the answer says', async () => {
    const bare = (await start('office')).json;
    expect(bare.proposal).toBeUndefined();
    expect((await mail(bare.access_token, ['x@b.example'])).decision).toBe(true);
    const { json } = await start('office', { prompt: 'Send the summary to bob@a.example and to Lisa' });
    expect(json.proposal.constraints).toEqual([]);
    expect(json.proposal.unused).toMatchObject([{ text: 'bob@a.example', why: expect.stringContaining('Lisa') }]);
    expect((await mail(json.access_token, ['lisa@a.example'])).decision).toBe(true);
  });

  it('is narrowed within what was asked for, and never to more', async () => {
    const asked = JSON.stringify([
      { type: 'writ_action', actions: ['send_email'], input: { to: { one_of: ['bob@a.example', 'eve@a.example'] } } },
    ]);
    const { json } = await start('office', { prompt: PROMPT, authorization_details: asked });
    expect((await mail(json.access_token, ['bob@a.example'])).decision).toBe(true);
    expect((await mail(json.access_token, ['eve@a.example'])).decision).toBe(false);
    expect((await ask(json.access_token, 'look', {})).json.decision).toBe(false);
  });

  it('is on the record with where the words are, and without the words', async () => {
    const { json } = await start('office', { prompt: PROMPT });
    const { txn } = decodeJwt(json.access_token) as { txn: string };
    const { text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    expect(text).toContain(txn);
    expect(text.replaceAll('\\', '')).toContain(
      `{"action":"send_email","argument":"to","words":[{"at":${PROMPT.indexOf('bob@')},"length":13}]}`,
    );
    expect(text).not.toContain('Look at the orders');
  });
});

describe('a planner', () => {
  it('narrows the mandate, and the record says who proposed it', async () => {
    const { json } = await start('planned', { prompt: PROMPT });
    const token = json.access_token;
    expect(json.proposal).toMatchObject({
      by: ['planner'],
      planner: `command ${basename(process.execPath)}`,
      constraints: [],
    });
    expect((await mail(token, ['lisa@a.example'])).decision).toBe(true);
    expect((await mail(token, ['lisa@a.example'])).context.refusal.code).toBe('outside_mandate');
    expect((await ask(token, 'pay', { account: 'x', cents: 5 }, { type: 'Order', id: '1' })).json.decision).toBe(false);
    const { txn } = decodeJwt(token) as { txn: string };
    const { text } = await writ.send('GET', '/v1/log?limit=1000', undefined, { as: 'admin' });
    const issued = text
      .replaceAll('\\', '')
      .split('"token.issue"')
      .find((part) => part.startsWith(`,"detail":{"txn":"${txn}"`));
    expect(issued).toContain('"proposal":{"by":["planner"],"planner":"command ');
    // The caps of the kind still count.
    expect((await ask(token, 'look', {})).json.decision).toBe(true);
    expect((await ask(token, 'look', {})).json.decision).toBe(true);
    expect((await ask(token, 'look', {})).json.context.refusal.message).toContain('3 times');
  });

  it('and the words narrow what it left', async () => {
    const { json } = await start('both', { prompt: PROMPT });
    expect(json.proposal).toMatchObject({
      by: ['planner', 'words'],
      constraints: [{ argument: 'to' }, { argument: 'cc' }],
    });
    expect((await mail(json.access_token, ['lisa@a.example'])).decision).toBe(false);
    expect((await mail(json.access_token, ['bob@a.example'])).decision).toBe(true);
    expect((await mail(json.access_token, ['bob@a.example'])).decision).toBe(false);
  });

  it.each([
    ['more than the kind', 'wider please', 'invalid_authorization_details', 'more than the kind of task covers'],
    ['nothing', 'crash please', 'access_denied', 'ended with 1'],
    ['prose', 'ignore please', 'invalid_authorization_details', 'is not JSON'],
  ])('that proposes %s starts nothing, and nobody is asked to widen', async (_what, prompt, error, why) => {
    const { status, json } = await start('planned', { prompt });
    expect(status).toBe(400);
    expect(json.error).toBe(error);
    expect(json.error_description).toContain(why);
    const { json: recorded } = await writ.send('GET', '/v1/decisions?limit=1', undefined, { as: 'admin' });
    expect(recorded.decisions[0].request.action.name).not.toBe('widen_task');
    const shown = await writ.send('POST', '/v1/task-proposals', { scope: 'planned', prompt });
    expect(shown.status).toBe(422);
  });

  it('is not asked without a prompt', async () => {
    const { json } = await start('planned');
    expect(json.proposal).toBeUndefined();
    expect((await mail(json.access_token, ['lisa@a.example'])).decision).toBe(true);
  });

  it('shows what it proposes as what an exchange accepts, with its own quantities', async () => {
    const { json } = await writ.send('POST', '/v1/task-proposals', { scope: 'planned', prompt: PROMPT });
    expect(json).toMatchObject({
      by: ['planner'],
      authorization_details: [{ actions: ['send_email'], uses: 1 }, { actions: ['look'] }],
    });
    expect(json.authorization_details[1].uses).toBeUndefined();
  });
});

describe('a deviation from what the user named', () => {
  it('is seen by a policy, which can ask a person where a mandate would deny', async () => {
    const { access_token: token } = (await start('free', { prompt: PROMPT })).json;
    expect((await mail(token, ['bob@a.example'])).decision).toBe(true);
    const { context } = await mail(token, ['lisa@a.example']);
    expect(context).toMatchObject({ result: 'step_up', requestable: ['another-address'] });
    const bare = (await start('free', { prompt: 'Send it to Lisa' })).json.access_token;
    expect((await mail(bare, ['lisa@a.example'])).decision).toBe(true);
  });
});

describe('a proposal', () => {
  const propose = (body: object, as = 'default') => writ.send('POST', '/v1/task-proposals', body, { as });

  it('is what the exchange accepts as narrower, for a kind that does not narrow by itself', async () => {
    const prompt = 'Pay 20 EUR to DE89 3704 0044 0532 0130 00 for order 17';
    const { json } = await propose({ scope: 'pay', prompt });
    expect(json).toMatchObject({ kind: 'pay', by: ['words'], unused: [] });
    const details = JSON.stringify(json.authorization_details);
    const { access_token: token } = (await start('pay', { authorization_details: details })).json;
    const pay = async (account: string, cents: number, id: string) =>
      (await ask(token, 'pay', { account, cents }, { type: 'Order', id })).json.decision;
    expect(await pay('DE89370400440532013000', 2_000, '17')).toBe(true);
    expect(await pay('DE89370400440532013000', 2_001, '17')).toBe(false);
    expect(await pay('DE89370400440532013000', 2_000, '18')).toBe(false);
    expect(await pay('GB29NWBK60161331926819', 2_000, '17')).toBe(false);
  });

  it('is that of the default kind for another scope, and nothing where a task may do anything', async () => {
    expect((await propose({ scope: 'nothing', prompt: PROMPT })).json).toMatchObject({ kind: 'look', constraints: [] });
    const { json } = await propose({ scope: 'any', prompt: PROMPT });
    expect(json).toMatchObject({ kind: 'any', constraints: [], unused: [{ text: 'bob@a.example' }] });
    expect(json.authorization_details).toBeUndefined();
  });

  it('is for callers that may exchange tokens, about one kind', async () => {
    expect((await propose({ scope: 'pay office', prompt: 'x' })).status).toBe(422);
    expect((await propose({ scope: 'pay', prompt: 'x' }, 'other')).status).toBe(403);
  });
});

describe('writ test', () => {
  it('runs a test as a task that is narrowed to its prompt', async () => {
    const request = (to: string) => ({
      subject: { type: 'User', id: 'ana' },
      action: { name: 'send_email' },
      resource: { type: 'Tool', id: 'send_email' },
      context: { agent: { type: 'Agent', id: 'desk' }, input: { to: [to], body: 'b' } },
    });
    const steps = [
      { request: request('bob@a.example'), expect: 'allow' },
      { request: request('mallory@b.example'), expect: 'deny' },
    ];
    const narrowed = { test: 'narrowed', kind: 'office', prompt: PROMPT, steps };
    const whole = {
      test: 'whole',
      kind: 'office',
      steps: [{ request: request('mallory@b.example'), expect: 'allow' }],
    };
    const folder = bundleOf({ ...BUNDLE, 'tests/a.yaml': JSON.stringify({ tests: [narrowed, whole] }) });
    const { code, out } = await command('test', folder);
    expect([code, out]).toEqual([0, expect.stringContaining('2 passed')]);
  });
});

describe('writ task', () => {
  const task = (...args: string[]) =>
    command('task', ...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('default'));

  it('shows the proposal for a prompt, and starts a task with it', async () => {
    const prompt = 'Pay 20 EUR to DE89 3704 0044 0532 0130 00 for order 17, and see AB-12';
    const shown = await task('propose', '--scope', 'pay', '--prompt', prompt);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.out).toContain(`pay  cents {"min":1,"max":2000}  by "20 EUR" at ${prompt.indexOf('20 EUR')}`);
    expect(shown.out).toContain('"AB-12" at');
    const begin = [
      'start',
      '--credential',
      writ.writ.keyFileOf('desk'),
      '--audience',
      'shop.example',
      '--scope',
      'pay',
    ];
    const started = await task(...begin, '--prompt', prompt, '--from-words');
    expect(started.out).toContain('on Order::"17"; with cents from 1 up to 2000');
    expect((await task(...begin, '--from-words')).code).not.toBe(0);
    expect((await task(...begin, '--from-words', '--prompt', prompt, '--details', '[]')).code).not.toBe(0);
    const plain = await task(...begin, '--prompt', 'Do it', '--from-words', '--json');
    expect(JSON.parse(plain.out).proposal).toMatchObject({ constraints: [] });
  });
});
