import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { explain } from '../src/audit/explain/explain.js';
import { readBundle } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** What a task may do: kinds of task, `authorization_details`, uses and limits, widening, ending. */

const BUNDLE = {
  'writ.yaml': `
name: mandates
tokens: { trustDomain: shop.example, lifetime: 5m }
callers:
  other: {}
gateway:
  clients:
    desk: { agent: 'Agent::"desk"', for: 'User::"ana"', scopes: [refund, browse, anything, anything-goes, close] }
    mailer: { agent: 'Agent::"mailer"', for: 'User::"ana"', scopes: [refund] }
    guest: { agent: 'Agent::"desk"', for: 'User::"ben"', scopes: [refund] }
`,
  'schema.cedarschema': `
entity Team;
entity User in [Team];
entity Agent in [Team];
entity Task;
entity Order;
type Mandate = { kind: String, covers: Bool, why: String, namesResource: Bool, namedInput: Set<String> };
type Asked = { actions: Set<String>, effects: Set<String>, resources: Set<String> };
action delegate appliesTo { principal: [User, Agent], resource: [Agent], context: { scope: Set<String> } };
action start_task, widen_task appliesTo { principal: [User, Agent], resource: [Task], context: { scope: Set<String>, asked: Asked } };
action refund, look, mail, close, declassify appliesTo {
  principal: [User, Agent], resource: [Order],
  context: { mandate: Mandate, ledger: { refunds?: Long, calls: Long, started: Long, seen: Set<String> }, input: { amount?: Long, to?: Set<String>, note?: String } }
};
action approve appliesTo { principal: [User], resource: [Order] };
action peek appliesTo { principal: [User, Agent], resource: [Order], context: { input?: { note?: String } } };
`,
  'tools.yaml':
    'tools: { peek: { effects: [read] }, look: { effects: [read] }, refund: { effects: [money] }, mail: { effects: [egress] } }',
  'ledger.yaml': `accumulators:
  refunds: { key: task, count: true, on: action == "refund" }
  calls: { key: task, count: true }
  started: { key: task, count: true, on: 'action == "start_task"' }
  seen: { key: task, set: labels }
`,
  'tasks.yaml': `
default: browse
tasks:
  browse:
    mandate: [{ effects: [read] }]
  refund:
    lifetime: 2m
    mandate:
      - { actions: [look] }
      - { actions: [refund], resources: [Order], input: { amount: { min: 1, max: 100 } }, uses: 3, limits: { amount: 150 } }
  asks: { scope: close, outside: ask, mandate: [{ actions: [look] }] }
  anything: { mandate: any }
  anything-goes: { mandate: any }
`,
  'policies/all.cedar': `
@id("staff") permit (principal in Team::"staff", action, resource);
@id("nobody-starts-anything") @reason("there is no such task")
forbid (principal, action == Action::"start_task", resource == Task::"anything");
@id("no-mail-is-added") forbid (principal, action == Action::"widen_task", resource) when { context.asked.actions.contains("mail") };
@id("a-refund-names-its-order") @reason("money goes only where the mandate says")
forbid (principal, action == Action::"refund", resource == Order::"big") when { !context.mandate.namesResource };
@id("browsers-do-not-peek-at-secrets")
forbid (principal, action == Action::"peek", resource == Order::"secret") when { context.mandate.kind == "browse" };
@id("a-lead-lifts") @requestable("lead") forbid (principal, action == Action::"mail", resource);
@id("leads") permit (principal is User, action == Action::"approve", resource);
`,
  'entities/all.json': JSON.stringify([
    ...['ana', 'ben'].map((id) => ({ uid: { type: 'User', id }, parents: [{ type: 'Team', id: 'staff' }] })),
    ...['desk', 'mailer'].map((id) => ({ uid: { type: 'Agent', id }, parents: [{ type: 'Team', id: 'staff' }] })),
  ]),
};

let writ: Running;
let ahead = 0;
beforeAll(async () => {
  writ = await run(bundleOf(BUNDLE), { clock: () => new Date(Date.now() + ahead) });
});
beforeEach(() => {
  ahead = 0;
});
afterAll(() => writ.stop());

const exchange = (form: Record<string, string>, as = 'default'): Promise<Reply> =>
  writ.send(
    'POST',
    '/token',
    new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: 'shop.example',
      requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...form,
    }).toString(),
    { as, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
  );
const start = (scope: string, more: Record<string, string> = {}, client = 'desk') =>
  exchange({ subject_token: writ.key(client), scope, ...more });
const details = (...grants: object[]) => ({
  authorization_details: JSON.stringify(grants.map((one) => ({ type: 'writ_action', ...one }))),
});
const replace = (token: string, by: string, more: Record<string, string> = {}) =>
  exchange({
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    actor_token: writ.key(by),
    actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    ...more,
  });
const tokenOf = async (reply: Promise<Reply>): Promise<string> => {
  const { status, json, text } = await reply;
  expect(status, text).toBe(200);
  return json.access_token;
};
const ask = async (token: string | undefined, action: string, input: object = {}, order = '1'): Promise<Reply> =>
  writ.send(
    'POST',
    '/access/v1/evaluation',
    {
      subject: { type: 'User', id: 'ana' },
      action: { name: action },
      resource: { type: 'Order', id: order },
      context: { input, detail: 'full', ...(token === undefined ? { agent: 'desk' } : {}) },
    },
    token === undefined ? {} : { headers: { 'Txn-Token': token } },
  );
const permits = async (...asked: Parameters<typeof ask>): Promise<boolean> => (await ask(...asked)).json.decision;
const report = (reply: Reply, status: string) =>
  writ.send('POST', '/v1/outcomes', { decisionId: reply.headers.get('x-decision-id'), status });

describe('an action of Writ itself', () => {
  it('brings no labels, and counts only in an accumulator that names it', async () => {
    const first = await ask(await tokenOf(start('refund')), 'look');
    const { decision } = (await writ.writ.records.find(String(first.headers.get('x-decision-id')))) ?? {};
    expect(decision?.ledger).toMatchObject({ calls: 1, started: 1, seen: [] });
  });

  it('is not what a tool of its name does: that one can have every effect, and counts', async () => {
    const token = await tokenOf(start('anything-goes'));
    const called = await ask(token, 'declassify', { note: 'it is a tool here' });
    expect(called.json.decision).toBe(true);
    const next = await ask(token, 'look');
    const { decision } = (await writ.writ.records.find(String(next.headers.get('x-decision-id')))) ?? {};
    expect(decision?.ledger).toMatchObject({ calls: 2, seen: ['confidential', 'external'] });
  });
});

describe('a task that nobody started as another kind', () => {
  it('has the default mandate, with a token or without one', async () => {
    expect(await permits(undefined, 'look')).toBe(true);
    const { json } = await ask(undefined, 'refund', { amount: 5 });
    expect(json).toMatchObject({ decision: false, context: { refusal: { code: 'outside_mandate' } } });
    expect(json.context.refusal.message).toContain('(browse)');
    const token = await tokenOf(start('browse'));
    expect(decodeJwt(token).authorization_details).toBeUndefined();
    expect(await permits(token, 'look')).toBe(true);
    expect(await permits(token, 'refund', { amount: 5 })).toBe(false);
  });

  it('does not cover an action whose tool nobody described', async () => {
    const { json } = await ask(undefined, 'close');
    expect(json.context.refusal.message).toContain('the effects of close are not known');
  });

  it('is named in a task of the name of another as well: a name gives nothing', async () => {
    const { json } = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name: 'refund' },
      resource: { type: 'Order', id: '1' },
      context: { input: { amount: 5 }, agent: 'desk', task: 'refund' },
    });
    expect(json.decision).toBe(false);
  });
});

describe('a kind of task', () => {
  it('is seen by a policy on an action whose context does not declare it', async () => {
    expect(await permits(undefined, 'peek')).toBe(true);
    const { json } = await ask(undefined, 'peek', {}, 'secret');
    expect(json.context.reasons[0]).toMatchObject({ policy: 'browsers-do-not-peek-at-secrets' });
    expect(await permits(await tokenOf(start('anything-goes')), 'peek', {}, 'secret')).toBe(true);
  });

  it('that does not cover is a plain denial, also where a rule that a person could lift stands in the way', async () => {
    const { json } = await ask(await tokenOf(start('refund')), 'mail', { to: ['x'] });
    expect(json).toMatchObject({ decision: false, context: { result: 'deny', refusal: { code: 'outside_mandate' } } });
    expect(json.context.requestable).toBeUndefined();
    expect(json.context.access_request).toBeUndefined();
    const asked = await ask(await tokenOf(start('close')), 'mail', { to: ['x'] });
    expect(asked.json.context).toMatchObject({ result: 'step_up', requestable: ['a-lead-lifts', 'mandate:asks'] });
  });

  it('is chosen by scope, and covers actions, resources and values', async () => {
    const token = await tokenOf(start('refund'));
    const claims = decodeJwt(token) as { exp: number; iat: number };
    expect(claims.exp - claims.iat).toBe(120);
    expect(claims).toMatchObject({
      agentic_ctx: { task_kind: 'refund' },
      authorization_details: [{}, { resources: ['Order'] }],
    });
    expect(await permits(token, 'refund', { amount: 100 })).toBe(true);
    expect(await permits(token, 'refund', { amount: 101 })).toBe(false);
    expect(await permits(token, 'refund', { amount: 0 })).toBe(false);
    expect(await permits(token, 'refund')).toBe(false);
    expect(await permits(token, 'mail', { to: ['x'] })).toBe(false);
    expect(await permits(token, 'look')).toBe(true);
  });

  it('is started only when policy permits it, to everybody on the path', async () => {
    const { status, json } = await start('anything');
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: 'access_denied' });
    expect(json.error_description).toContain('there is no such task');
    const { json: recorded } = await writ.send('GET', '/v1/decisions?limit=1', undefined, { as: 'admin' });
    expect(recorded.decisions[0]).toMatchObject({
      result: 'deny',
      request: { action: { name: 'start_task' }, resource: { type: 'Task', id: 'anything' } },
    });
  });

  it('is one: a scope that chooses two is refused', async () => {
    expect((await start('refund close')).json).toMatchObject({ error: 'invalid_scope' });
  });

  it('says in the decision whether it covers, and what policy made of it', async () => {
    const token = await tokenOf(start('refund'));
    const [reason] = (await ask(token, 'refund', { amount: 5 }, 'big')).json.context.reasons;
    expect(reason).toMatchObject({ policy: 'a-refund-names-its-order' });
    const named = await tokenOf(
      start(
        'refund',
        details({ actions: ['refund'], resources: ['Order::"big"'], input: { amount: { min: 5, max: 5 } } }),
      ),
    );
    expect(await permits(named, 'refund', { amount: 5 }, 'big')).toBe(true);
  });

  it('is told by writ explain, with what was counted', async () => {
    const token = await tokenOf(start('refund'));
    const response = await ask(token, 'refund', { amount: 5 });
    const recorded = await writ.writ.records.find(response.headers.get('x-decision-id') ?? '');
    expect(recorded && explain(recorded)).toContain('the mandate of the task (refund) covers it');
    expect(recorded && explain(recorded)).toContain('counted, until its outcome says otherwise: refunds 1');
  });

  it('that asks makes a step-up of what is outside it', async () => {
    const token = await tokenOf(start('close'));
    const { json } = await ask(token, 'close');
    expect(json).toMatchObject({ decision: false, context: { result: 'step_up', requestable: ['mandate:asks'] } });
  });
});

describe('uses and limits', () => {
  it('count what was permitted, and give back only what is known not to have happened', async () => {
    const token = await tokenOf(start('refund'));
    const first = await ask(token, 'refund', { amount: 100 });
    expect(first.json.decision).toBe(true);
    const over = await ask(token, 'refund', { amount: 51 });
    expect(over.json.context.refusal.message).toContain('100 of 150 of amount is used up');
    expect((await report(first, 'failed')).status).toBeLessThan(300);
    const second = await ask(token, 'refund', { amount: 50 });
    expect(second.json.decision).toBe(true);
    await report(second, 'completed');
    expect(await permits(token, 'refund', { amount: 1 })).toBe(true);
    expect(await permits(token, 'refund', { amount: 1 })).toBe(true);
    expect((await ask(token, 'refund', { amount: 1 })).json.context.refusal.message).toContain('3 times, and was');
  });

  it('hold for many at once', async () => {
    const token = await tokenOf(start('refund'));
    const answers = await Promise.all(Array.from({ length: 40 }, () => permits(token, 'refund', { amount: 1 })));
    expect(answers.filter(Boolean)).toHaveLength(3);
  });

  it('are those of the task, however often it is handed on or narrowed', async () => {
    const token = await tokenOf(start('refund'));
    const narrower = details({
      actions: ['refund'],
      resources: ['Order'],
      input: { amount: { min: 1, max: 100 } },
      uses: 2,
    });
    const children = [
      await tokenOf(replace(token, 'mailer')),
      await tokenOf(replace(token, 'mailer', narrower)),
      await tokenOf(replace(token, 'desk', narrower)),
    ];
    expect(await permits(children[1], 'refund', { amount: 1 })).toBe(true);
    expect(await permits(children[1], 'refund', { amount: 1 })).toBe(true);
    expect((await ask(children[1], 'refund', { amount: 1 })).json.context.refusal.message).toContain('2 times');
    expect(await permits(children[0], 'refund', { amount: 1 })).toBe(true);
    for (const child of [token, ...children]) expect(await permits(child, 'refund', { amount: 1 })).toBe(false);
  });

  it('are not forgotten by a restart, nor what came of it before', async () => {
    const [folder, publicUrl] = [bundleOf(BUNDLE), 'http://writ.shop.example'];
    const before = writ;
    writ = await run(folder, { publicUrl });
    try {
      const token = await tokenOf(start('refund'));
      await report(await ask(token, 'refund', { amount: 100 }), 'failed');
      expect(await permits(token, 'refund', { amount: 1 })).toBe(true);
      const open = await ask(token, 'refund', { amount: 90 });
      expect(open.json.decision).toBe(true);
      await writ.writ.close();
      writ = await run(folder, { publicUrl, data: writ.data });
      expect(await permits(token, 'refund', { amount: 60 })).toBe(false);
      expect((await report(open, 'not-executed')).status).toBeLessThan(300);
      expect(await permits(token, 'refund', { amount: 60 })).toBe(true);
      await writ.writ.close();
      writ = await run(folder, { publicUrl, data: writ.data });
      expect(await permits(token, 'refund', { amount: 88 })).toBe(true);
      expect(await permits(token, 'refund', { amount: 1 })).toBe(false);
    } finally {
      await writ.stop();
      writ = before;
    }
  });

  it('are not used up by a search, nor by a decision that could not be made', async () => {
    const token = await tokenOf(start('refund'));
    const search = {
      subject: { type: 'User', id: 'ana' },
      resource: { type: 'Order', id: '1' },
      context: { input: { amount: 1 } },
    };
    for (let i = 0; i < 5; i += 1) {
      const { json } = await writ.send('POST', '/access/v1/search/action', search, { headers: { 'Txn-Token': token } });
      expect(json.results).toContainEqual({ name: 'refund' });
    }
    expect(await permits(token, 'refund', { amount: 1 })).toBe(true);
  });
});

describe('a handle of a task', () => {
  it('is bound to who it was given to: another caller, subject or agent gets nothing by it', async () => {
    const token = await tokenOf(start('refund'));
    const { txn } = decodeJwt(token) as { txn: string };
    const asking = (subject: string, headers: Record<string, string>) =>
      writ.send(
        'POST',
        '/access/v1/evaluation',
        {
          subject: { type: 'User', id: subject },
          action: { name: 'refund' },
          resource: { type: 'Order', id: '1' },
          context: { input: { amount: 1 }, agent: 'desk', task: txn, detail: 'full' },
        },
        { headers },
      );
    // The id of the task, as a name that a caller gives: it is the caller's own name for something, and no mandate.
    expect((await asking('ana', {})).json.context.refusal.code).toBe('outside_mandate');
    const stolen = await asking('ben', { 'Txn-Token': token });
    expect(stolen.json.context.refusal).toMatchObject({ code: 'invalid_request' });
    expect(stolen.json.context.refusal.message).toContain('the token is for User::"ana"');
    // And it has used nothing up.
    expect((await writ.send('GET', `/v1/tasks/${txn}`)).json.mandate[1].caps[0].used).toEqual({ uses: 0, amounts: {} });
  });
});

describe('authorization_details', () => {
  it('narrow for nothing, and the record says what was given', async () => {
    const token = await tokenOf(start('browse', details({ effects: ['read'], resources: ['Order::"7"'] })));
    expect(await permits(token, 'look', {}, '7')).toBe(true);
    expect(await permits(token, 'look', {}, '8')).toBe(false);
    const child = await tokenOf(
      replace(token, 'mailer', details({ effects: ['read'], actions: ['look'], resources: ['Order::"7"'] })),
    );
    expect(await permits(child, 'look', {}, '7')).toBe(true);
  });

  it('that are wider are a decision of their own: permitted, counted anew; or refused and recorded', async () => {
    const token = await tokenOf(start('browse'));
    const wider = await tokenOf(replace(token, 'desk', details({ actions: ['refund'], uses: 1 })));
    expect(await permits(wider, 'refund', { amount: 1 })).toBe(true);
    expect(await permits(wider, 'refund', { amount: 1 })).toBe(false);
    const { status, json } = await replace(token, 'desk', details({ actions: ['mail'] }));
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: 'invalid_authorization_details' });
    expect(json.error_description).toContain('no-mail-is-added');
    const { json: recorded } = await writ.send('GET', '/v1/decisions?limit=1', undefined, { as: 'admin' });
    expect(recorded.decisions[0].request).toMatchObject({
      action: { name: 'widen_task' },
      context: { asked: { actions: ['mail'] } },
    });
  });

  it.each([
    ['of a type that nobody knows', '[{"type":"payment","actions":["refund"]}]'],
    ['with a member that nobody knows', '[{"type":"writ_action","actions":["refund"],"except":["7"]}]'],
    [
      'with a constraint that nobody knows',
      '[{"type":"writ_action","actions":["refund"],"input":{"amount":{"step":2}}}]',
    ],
    ['that are no list', '{"type":"writ_action","actions":["refund"]}'],
    ['that are empty', '[]'],
    ['that end early', '[{"type":"writ_action"'],
    ['with a member twice', '[{"type":"writ_action","actions":["look"],"actions":["refund"]}]'],
    [
      'with a number that parsers read differently',
      '[{"type":"writ_action","actions":["refund"],"uses":9007199254740993}]',
    ],
  ])('%s are refused', async (_what, authorization_details) => {
    const { status, json } = await start('refund', { authorization_details });
    expect(status).toBe(400);
    expect(json.error).toMatch(/^invalid_(authorization_details|request)$/);
  });

  it('are over when their time is', async () => {
    const until = Math.floor(Date.now() / 1_000) + 30;
    const token = await tokenOf(start('browse', details({ effects: ['read'], until })));
    expect(await permits(token, 'look')).toBe(true);
    ahead = 31_000;
    expect((await ask(token, 'look')).json.context.refusal.message).toContain('its time is over');
  });
});

describe('the end of a task', () => {
  it('takes all that it was given, from everybody it was handed on to, at once and for good', async () => {
    const token = await tokenOf(start('refund'));
    const child = await tokenOf(replace(token, 'mailer'));
    const { txn } = decodeJwt(token) as { txn: string };
    expect(await permits(child, 'look')).toBe(true);
    const ended = await writ.send('POST', `/v1/tasks/${txn}/end`, { reason: 'done' });
    expect(ended.json).toMatchObject({ state: 'ended', ended: { by: 'default', reason: 'done' } });
    for (const one of [token, child])
      expect((await ask(one, 'look')).json.context.refusal).toMatchObject({ code: 'revoked' });
    expect((await replace(token, 'mailer')).status).toBe(400);
    const again = await writ.send('POST', `/v1/tasks/${txn}/end`, { reason: 'once more' });
    expect(again.json.ended.reason).toBe('done');
  });

  it('is for who began it, and for administrators; others do not even see it', async () => {
    const { txn } = decodeJwt(await tokenOf(start('refund'))) as { txn: string };
    expect((await writ.send('GET', `/v1/tasks/${txn}`, undefined, { as: 'other' })).status).toBe(404);
    expect((await writ.send('POST', `/v1/tasks/${txn}/end`, { reason: 'x' }, { as: 'other' })).status).toBe(404);
    expect((await writ.send('GET', '/v1/tasks', undefined, { as: 'other' })).json.tasks).toEqual([]);
    expect((await writ.send('GET', `/v1/tasks/${txn}`, undefined, { as: null })).status).toBe(401);
    const { json } = await writ.send('GET', '/v1/tasks?limit=1', undefined, { as: 'admin' });
    expect(json).toMatchObject({ tasks: [{ txn, state: 'active', kind: 'refund' }], next: txn });
    expect((await writ.send('POST', `/v1/tasks/${txn}/end`, { reason: 'x' }, { as: 'admin' })).status).toBe(200);
  });

  it('comes by itself', async () => {
    const { txn } = decodeJwt(await tokenOf(start('refund'))) as { txn: string };
    ahead = 121_000;
    expect((await writ.send('GET', `/v1/tasks/${txn}`)).json.state).toBe('expired');
  });
});

describe('writ task', () => {
  const task = (...args: string[]) =>
    command('task', ...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('default'));

  it('starts, shows and ends a task', async () => {
    vi.stubEnv('COLUMNS', undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const begin = ['start', '--credential', writ.writ.keyFileOf('desk'), '--audience', 'shop.example', '--scope'];
    const started = await task(...begin, 'refund', '--json');
    const { token, task: begun } = JSON.parse(started.out);
    expect(await permits(token, 'refund', { amount: 40 })).toBe(true);
    const shown = await task('show', begun.txn);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.out).toBe(
      [
        `task ${begun.txn}  active`,
        '  kind     refund (scope refund)',
        '  for      User::"ana", by Agent::"desk"',
        `  started  ${begun.started} by default; until ${begun.expires}`,
        '  may do   look',
        '           refund; on Order; with amount from 1 up to 100; 1 of 3 uses; 40 of',
        '               150 of amount used up',
        '',
      ].join('\n'),
    );
    expect((await task('list')).out).toContain(`${begun.txn}  active  refund`);
    const ended = await task('end', begun.txn, '--reason', 'the customer called it off');
    expect(ended.out).toContain('by default: the customer called it off');
    expect(await permits(token, 'look')).toBe(false);

    const narrowed = await task(
      ...begin,
      'browse',
      '--details',
      '[{"type":"writ_action","effects":["read"],"uses":1}]',
    );
    expect(narrowed.out).toContain('whatever only has the effects read; 0 of 1 uses');
  });

  it('says what is wrong, and what to do', async () => {
    const refused = await task(
      'start',
      '--credential',
      writ.writ.keyFileOf('desk'),
      '--audience',
      'shop.example',
      '--scope',
      'anything',
    );
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.out).toContain('may not start a task of the kind anything: there is no such task');
    expect((await task('show', 'nothing')).out).toContain('there is no task nothing, or it is not yours');
  });
});

describe('tasks.yaml', () => {
  const findings = (tasks: string, schema = BUNDLE['schema.cedarschema']): string[] => {
    const read = readBundle(bundleOf({ ...BUNDLE, 'tasks.yaml': tasks, 'schema.cedarschema': schema }));
    const all = [...read.findings, ...(read.bundle === undefined ? [] : checkBundle(read.bundle))];
    return all.map(({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`);
  };

  it.each([
    [
      'a default that is none',
      'default: x\ntasks: { y: { mandate: any } }',
      /tasks.yaml:1 default: there is no kind x/,
    ],
    [
      'a default that counts',
      'default: x\ntasks:\n  x: { mandate: [{ effects: [read], uses: 2 }] }',
      /tasks.yaml:3 .*the default kind has no `uses`/,
    ],
    [
      'two kinds of one scope',
      'default: x\ntasks:\n  x: { mandate: any }\n  y: { mandate: any, scope: x }',
      /tasks.yaml:4 .*the scope x chooses x already/,
    ],
    [
      'an effect that is none',
      'default: x\ntasks: { x: { mandate: [{ effects: [reads] }] } }',
      /an effect is one of read,/,
    ],
    ['a member that nobody knows', 'default: x\ntasks: { x: { mandate: [{ action: [look] }] } }', /tasks.yaml:2 /],
    [
      'a lifetime past an hour',
      'default: x\ntasks: { x: { mandate: any, lifetime: 61m } }',
      /a token lives for an hour/,
    ],
    [
      'a planner that is not there',
      'default: x\ntasks: { x: { fromPrompt: planner, mandate: any } }',
      /tasks.yaml:2 .*there is no `planner`/,
    ],
    [
      'words on what restricts nothing',
      'default: x\ntasks: { x: { fromPrompt: words, mandate: any } }',
      /tasks.yaml:2 .*name its actions/,
    ],
    [
      'a planner that takes too long',
      'default: x\ntasks: { x: { mandate: any } }\nplanner: { command: [plan], timeout: 2m }',
      /tasks.yaml:3 .*within a minute/,
    ],
    [
      'an action of no schema',
      'default: x\ntasks: { x: { mandate: [{ actions: [fly] }] } }',
      /warning .*fly is not an action/,
    ],
  ])('%s is found, with its place', (_what, tasks, message) => {
    expect(findings(tasks).join('\n')).toMatch(message);
  });

  it('needs an action start_task when there is more than one kind', () => {
    const schema = BUNDLE['schema.cedarschema'].replace('start_task, ', '');
    const policies = BUNDLE['policies/all.cedar'].replace('Action::"start_task"', 'Action::"widen_task"');
    const folder = bundleOf({ ...BUNDLE, 'schema.cedarschema': schema, 'policies/all.cedar': policies });
    const { bundle } = readBundle(folder);
    const errors = bundle && checkBundle(bundle).filter(({ severity }) => severity === 'error');
    expect(errors?.map(({ message }) => message)).toEqual([
      'the schema has no action start_task, so no task of the kind refund can be started',
    ]);
  });
});
