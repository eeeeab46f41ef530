import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessBundle } from './access-bundle.js';
import { type Reply, type Running, run, type SendOptions } from './running.js';

const PROBLEM = 'urn:openid:authzen:access-request:error:';
const ASKED = {
  subject: { type: 'User', id: 'ana' },
  action: { name: 'refund' },
  resource: { type: 'Order', id: '7' },
  context: { agent: { type: 'Agent', id: 'bot' }, task: 't1', input: { amount: 500 } },
} as const;

type Asked = Record<string, unknown>;

/** AuthZEN Access Request and Approval Profile 1.0, over real HTTP. */
describe('a denial that somebody can lift', () => {
  let writ: Running;
  let now = Date.parse('2026-11-25T10:00:00Z');
  beforeAll(async () => {
    writ = await run(accessBundle(), { clock: () => new Date(now) });
  });
  afterAll(() => writ.stop());

  const evaluate = async (asked: Asked, options?: SendOptions): Promise<Reply> =>
    writ.send('POST', '/access/v1/evaluation', asked, options);
  const denialOf = ({ json: { context } }: Reply) => ({
    evaluation_id: context.evaluation_id,
    evaluated_at: context.evaluated_at,
    expires_at: context.access_request.expires_at,
    reason: context.reason,
    template: context.access_request.template,
  });
  const submit = async (asked: Asked, more: Asked = {}, options?: SendOptions): Promise<Reply> => {
    const denial = denialOf(await evaluate(asked, options));
    return writ.send('POST', '/access/v1/requests', { ...asked, denial, ...more }, options);
  };
  const approve = (id: string, body: Asked): Promise<Reply> =>
    writ.send('POST', `/v1/access-requests/${id}/approve`, { reason: 'fine', ...body }, { as: 'admin' });
  const LENA = 'User::"lena"';
  const LEO = 'User::"leo"';

  it('is still a denial, and says how it can be asked for', async () => {
    const { json, headers } = await evaluate(ASKED);
    expect(json.decision).toBe(false);
    expect(json.context).toMatchObject({
      id: headers.get('x-decision-id'),
      evaluation_id: headers.get('x-decision-id'),
      result: 'step_up',
      reason: 'approval_required',
      access_request: {
        template: 'lead',
        expires_at: new Date(now + 600_000).toISOString(),
        display: { description: 'A refund over 100 is for a lead to approve' },
      },
    });
    const metadata = await writ.send('GET', '/.well-known/authzen-configuration');
    expect(metadata.json).toMatchObject({
      access_request_endpoint: `${writ.url}/access/v1/requests`,
      capabilities: ['urn:openid:authzen:capability:access-request'],
    });
  });

  it('is none of these: a plain denial, and one that a step-up lifts too', async () => {
    expect((await evaluate({ ...ASKED, context: { ...ASKED.context, input: { amount: 20_000 } } })).json).toEqual({
      decision: false,
    });
    const stepUp = await evaluate({ ...ASKED, action: { name: 'close' } });
    expect(stepUp.json.context.obligations).toHaveLength(1);
    expect(stepUp.json.context.access_request).toBeUndefined();
    const denial = { evaluation_id: stepUp.headers.get('x-decision-id'), expires_at: '2026-11-25T10:10:00Z' };
    const refused = await writ.send('POST', '/access/v1/requests', { ...ASKED, action: { name: 'close' }, denial });
    expect([refused.status, refused.json.type]).toEqual([400, `${PROBLEM}not_requestable`]);
  });

  it('is asked for, approved, and permitted once: exactly that', async () => {
    const submitted = await submit(ASKED, { context: { ...ASKED.context, business_justification: 'broken twice' } });
    expect(submitted.status).toBe(202);
    const { id } = submitted.json.task;
    expect(id).toMatch(/^arq_[\w-]{22}$/);
    expect(submitted.headers.get('location')).toBe(`${writ.url}/access/v1/requests/${id}`);
    expect(submitted.json).toMatchObject({
      task: { status: 'pending', expires_at: new Date(now + 3_600_000).toISOString() },
    });
    const pending = await writ.send('GET', `/access/v1/requests/${id}`);
    expect([pending.headers.get('retry-after'), pending.json.result]).toEqual(['5', undefined]);
    // Pending is not approved.
    expect((await evaluate(ASKED)).json.decision).toBe(false);

    const view = await writ.send('GET', `/v1/access-requests/${id}`, undefined, { as: 'admin' });
    expect(view.json).toMatchObject({
      path: ['User::"ana"', 'Agent::"bot"'],
      justification: 'broken twice',
      items: [{ action: 'refund', resource: 'Order::"7"', policies: [{ policy: 'refund-over-100' }] }],
    });
    expect(view.json.chain[0]).toContain('A refund over 100 is for a lead to approve');

    expect((await approve(id, { as: LENA })).json.status).toBe('approved');
    const done = await writ.send('GET', `/access/v1/requests/${id}`);
    expect(done.json).toMatchObject({ task: { status: 'approved' }, result: { mode: 'reevaluate' } });
    const { approval } = done.json.result;
    expect(approval.approved_until).toBe(new Date(now + 15 * 60_000).toISOString());

    const again = (more: Asked, options?: SendOptions): Promise<Reply> =>
      evaluate({ ...ASKED, ...more, context: { ...ASKED.context, approval, ...(more.context as object) } }, options);
    const outOfScope = { decision: false, context: { next_action: 'request', reason: 'out_of_scope' } };
    for (const [what, other] of Object.entries<Asked>({
      arguments: { context: { input: { amount: 501 } } },
      task: { context: { task: 't2' } },
      resource: { resource: { type: 'Order', id: '8' } },
      subject: { subject: { type: 'User', id: 'ben' } },
      agent: { context: { agent: undefined } },
      'resource properties': { resource: { ...ASKED.resource, properties: { colour: 'red' } } },
    }))
      expect((await again(other)).json, what).toMatchObject(outOfScope);
    expect((await again({}, { as: 'other' })).json, 'another enforcement point').toMatchObject(outOfScope);
    expect((await again({ context: { approval: { ...approval, id: 'apr_x' } } })).json.context).toMatchObject({
      next_action: 'none',
      reason: 'approval_unverifiable',
    });
    expect((await again({ context: { approval: { ...approval, state: 'x' } } })).json.context).toMatchObject({
      reason: 'approval_unverifiable',
    });

    const permitted = await again({});
    expect(permitted.json).toMatchObject({
      decision: true,
      context: { approval: { id: approval.id, approved_until: approval.approved_until } },
    });
    const record = await writ.send('GET', `/v1/decisions/${permitted.json.context.id}`, undefined, { as: 'admin' });
    expect(record.json.decision).toMatchObject({
      result: 'allow',
      approvals: [{ id: approval.id, request: id, approvers: [LENA], policies: ['refund-over-100'], reason: 'fine' }],
    });
    expect(record.json.explanation).toContain('was lifted by User::"lena"');

    // It was for once.
    const used = await again({});
    expect(used.json).toMatchObject({
      decision: false,
      context: { next_action: 'request', reason: 'approval_expired', access_request: { template: 'lead' } },
    });
  });

  it('is permitted without the reference too, when it is asked again', async () => {
    const asked = { ...ASKED, context: { ...ASKED.context, task: 'no-reference' } };
    const { id } = (await submit(asked)).json.task;
    await approve(id, { as: LENA });
    expect((await evaluate(asked)).json.decision).toBe(true);
    expect((await evaluate(asked)).json.decision).toBe(false);
  });

  it('of two that ask at once with an approval for one, one is permitted', async () => {
    const asked = { ...ASKED, context: { ...ASKED.context, task: 'race' } };
    const { id } = (await submit(asked)).json.task;
    await approve(id, { as: LENA });
    const answers = await Promise.all(Array.from({ length: 20 }, () => evaluate(asked)));
    expect(answers.filter(({ json }) => json.decision)).toHaveLength(1);
    const batch = await writ.send('POST', '/access/v1/evaluations', { ...asked, evaluations: [{}, {}] });
    expect(batch.json.evaluations.map((one: { decision: boolean }) => one.decision)).toEqual([false, false]);
  });

  describe('who may approve is policy, and never who asks', () => {
    const refusal = async (body: Asked, asked: Asked = ASKED): Promise<[number, string]> => {
      const { id } = (await submit(asked)).json.task;
      const { status, json } = await approve(id, body);
      return [status, json.detail];
    };

    it.each([
      ['nobody whom no policy lets', { as: 'User::"ben"' }, /no policy permits User::"ben"/],
      ['not whoever may do everything', { as: 'User::"boss"' }, /boss would, and does not name the action/],
      ['not who asks', { as: 'User::"ana"' }, /asked by or through them/],
      ['not an agent on the path', { as: 'Agent::"bot"' }, /asked by or through them/],
      ['not the head before it is escalated', { as: 'User::"hana"' }, /no policy permits/],
      ['not somebody whom the registry does not know', { as: 'User::"x"' }, /no policy permits/],
    ])('%s', async (_what, body, why) => {
      expect(await refusal(body)).toEqual([403, expect.stringMatching(why)]);
    });

    it('not who answers for who asks', async () => {
      const asked = {
        ...ASKED,
        subject: { type: 'User', id: 'lena-second-account' },
        context: { input: { amount: 500 } },
      };
      expect(await refusal({ as: LENA }, asked)).toEqual([403, expect.stringContaining('answer for who asks')]);
      expect(await refusal({ as: LEO }, asked)).toEqual([200, undefined]);
    });

    it('not above what they may', async () => {
      const asked = { ...ASKED, context: { ...ASKED.context, input: { amount: 6_000 } } };
      expect((await refusal({ as: LENA }, asked))[0]).toBe(403);
    });

    it('not by a caller that may not vouch for them', async () => {
      const { id } = (await submit(ASKED)).json.task;
      const body = { as: LENA, reason: 'x' };
      expect((await writ.send('POST', `/v1/access-requests/${id}/approve`, body, { as: 'default' })).status).toBe(403);
      expect(
        (await writ.send('POST', `/v1/access-requests/${id}/approve`, { reason: 'x' }, { as: 'admin' })).status,
      ).toBe(400);
      expect((await writ.send('POST', `/v1/access-requests/${id}/approve`, body, { as: null })).status).toBe(401);
    });

    it('two of one lineage are not two, and nobody is two', async () => {
      const asked = { ...ASKED, action: { name: 'export' }, context: { input: {} } };
      const { id } = (await submit(asked)).json.task;
      expect((await approve(id, { as: LENA })).json).toMatchObject({ status: 'pending', quorum: 2 });
      expect((await approve(id, { as: LENA })).status).toBe(403);
      expect((await approve(id, { as: 'User::"lena-second-account"' })).json.status).toBe('pending');
      expect((await evaluate(asked)).json.decision).toBe(false);
      expect((await approve(id, { as: LEO })).json.status).toBe('approved');
      expect((await evaluate(asked)).json.decision).toBe(true);
      expect((await approve(id, { as: LEO })).status).toBe(409);
    });

    it('one of them denies, and it is denied', async () => {
      const asked = { ...ASKED, action: { name: 'export' }, context: { input: { note: 'x' } } };
      const { id } = (await submit(asked)).json.task;
      await approve(id, { as: LENA });
      const body = { as: LEO, reason: 'no' };
      const denied = await writ.send('POST', `/v1/access-requests/${id}/deny`, body, { as: 'admin' });
      expect(denied.json.status).toBe('denied');
      expect((await writ.send('GET', `/access/v1/requests/${id}`)).json).toMatchObject({ task: { status: 'denied' } });
      expect((await evaluate(asked)).json.decision).toBe(false);
    });
  });

  it('holds for its task, or until a time, and no longer; and can be taken back', async () => {
    const asked = { ...ASKED, context: { ...ASKED.context, task: 'long' } };
    const inTask = (await submit(asked)).json.task.id;
    await approve(inTask, { as: LENA, uses: 'task' });
    for (let i = 0; i < 3; i += 1) expect((await evaluate(asked)).json.decision).toBe(true);
    expect((await evaluate({ ...asked, context: { ...asked.context, task: 'another' } })).json.decision).toBe(false);

    const other = { ...ASKED, resource: { type: 'Order', id: '9' } };
    const { id } = (await submit(other)).json.task;
    const until = new Date(now + 30 * 24 * 3_600_000).toISOString();
    expect((await approve(id, { as: LENA, uses: 'until' })).json.detail).toContain('say until when');
    await approve(id, { as: LENA, uses: 'until', until, anyArguments: true });
    const { approvals } = (await writ.send('GET', '/v1/approvals', undefined, { as: 'admin' })).json;
    const made = approvals.find((one: { request: string }) => one.request === id);
    // At most as long as the template says.
    expect(made).toMatchObject({
      arguments: 'any',
      uses: 'until',
      state: 'active',
      approvers: [LENA],
      approvedUntil: new Date(now + 7 * 24 * 3_600_000).toISOString(),
    });
    const differently = { ...other, context: { ...other.context, task: 'x', input: { amount: 501 } } };
    expect((await evaluate(differently)).json.decision).toBe(true);
    // What nobody can lift, it does not lift.
    const much = { ...other, context: { ...other.context, input: { amount: 20_000 } } };
    expect((await evaluate(much)).json).toEqual({ decision: false });
    now += 6 * 24 * 3_600_000;
    expect((await evaluate(differently)).json.decision).toBe(true);
    const ended = await writ.send('DELETE', `/v1/approvals/${made.id}?reason=over`, undefined, { as: 'admin' });
    expect(ended.json.state).toBe('ended');
    expect((await evaluate(differently)).json.decision).toBe(false);
    // The one for the task is over by time.
    expect((await evaluate(asked)).json.decision).toBe(false);
  });

  it('waits for others, and then for nobody', async () => {
    const { id } = (await submit({ ...ASKED, resource: { type: 'Order', id: 'slow' } })).json.task;
    now += 16 * 60_000;
    await expect
      .poll(async () => (await writ.send('GET', `/v1/access-requests/${id}`, undefined, { as: 'admin' })).json.step)
      .toBe(1);
    now += 60 * 60_000;
    await expect
      .poll(async () => (await writ.send('GET', `/access/v1/requests/${id}`)).json.task.status)
      .toBe('expired');
    expect((await approve(id, { as: LENA })).json.type).toBe(`${PROBLEM}invalid_task_state`);
    now += 26 * 3_600_000;
    const over = await writ.send('GET', `/access/v1/requests/${id}`);
    expect([over.status, over.json.type]).toEqual([410, `${PROBLEM}task_expired`]);
  });

  it('is decided by the head, once it is escalated', async () => {
    const asked = { ...ASKED, resource: { type: 'Order', id: 'up' } };
    const { id } = (await submit(asked)).json.task;
    now += 16 * 60_000;
    await expect.poll(async () => (await approve(id, { as: 'User::"hana"' })).json.status).toBe('approved');
  });

  it('is cancelled by who asked, and by nobody else', async () => {
    const { id } = (await submit(ASKED)).json.task;
    const cancel = (options?: SendOptions): Promise<Reply> =>
      writ.send('POST', `/access/v1/requests/${id}/cancel`, { reason: 'not_needed' }, options);
    expect((await cancel({ as: 'other' })).json.type).toBe(`${PROBLEM}unknown_task`);
    expect((await cancel()).json.task.status).toBe('cancelled');
    const late = await cancel();
    expect([late.status, late.json.type]).toEqual([409, `${PROBLEM}invalid_task_state`]);
    expect((await approve(id, { as: LENA })).status).toBe(409);
  });

  it('is the same request with the same key, and a mistake with another body', async () => {
    const asked = { ...ASKED, context: { ...ASKED.context, task: 'key' } };
    const denial = denialOf(await evaluate(asked));
    const headers = { 'Idempotency-Key': 'k-1' };
    const send = (body: Asked, as = 'default'): Promise<Reply> =>
      writ.send('POST', '/access/v1/requests', { ...asked, denial, ...body }, { headers, as });
    const [first, second] = [await send({}), await send({})];
    expect(second.json.task.id).toBe(first.json.task.id);
    const other = await send({ requested_access: { requested_until: '2026-12-31T00:00:00Z' } });
    expect([other.status, other.json.type]).toEqual([409, `${PROBLEM}duplicate_request`]);
  });

  describe('is bound to what was asked', () => {
    it.each<[string, Asked]>([
      ['another amount', { context: { ...ASKED.context, input: { amount: 5_000 } } }],
      ['no arguments', { context: { task: 't1', agent: ASKED.context.agent } }],
      ['another resource', { resource: { type: 'Order', id: '70' } }],
      ['another subject', { subject: { type: 'User', id: 'ben' } }],
      ['properties', { subject: { ...ASKED.subject, properties: { email: 'x' } } }],
      ['another action', { action: { name: 'export' } }],
      ['properties of the action', { action: { name: 'refund', properties: { a: 1 } } }],
      ['another agent', { context: { ...ASKED.context, agent: { type: 'Agent', id: 'other' } } }],
    ])('%s is refused', async (_what, other) => {
      const denial = denialOf(await evaluate(ASKED));
      const refused = await writ.send('POST', '/access/v1/requests', { ...ASKED, ...other, denial });
      expect([refused.status, refused.json.type]).toEqual([400, `${PROBLEM}invalid_denial_binding`]);
    });

    it.each<[string, Asked, number, string]>([
      ['no decision', { evaluation_id: '01KDA0000000000000000000AA' }, 400, 'invalid_denial_binding'],
      ['no id', { evaluation_id: undefined }, 400, 'invalid_denial_binding'],
      ['another end', { expires_at: '2030-01-01T00:00:00Z' }, 400, 'invalid_denial_binding'],
      ['a token that nobody gave', { binding_token: 'e30.e30.e30' }, 400, 'invalid_denial_binding'],
    ])('%s is refused', async (_what, other, status, problem) => {
      const denial = { ...denialOf(await evaluate(ASKED)), ...other };
      const refused = await writ.send('POST', '/access/v1/requests', { ...ASKED, denial });
      expect([refused.status, refused.json.type]).toEqual([status, `${PROBLEM}${problem}`]);
    });

    it("another's denial is refused, as if there were none", async () => {
      const denial = denialOf(await evaluate(ASKED));
      const refused = await writ.send('POST', '/access/v1/requests', { ...ASKED, denial }, { as: 'other' });
      expect(refused.json.type).toBe(`${PROBLEM}invalid_denial_binding`);
    });

    it('an old one is refused', async () => {
      const denial = denialOf(await evaluate(ASKED));
      now += 11 * 60_000;
      const refused = await writ.send('POST', '/access/v1/requests', { ...ASKED, denial });
      expect([refused.status, refused.json.type]).toEqual([410, `${PROBLEM}expired_denial`]);
    });

    it('what is permitted cannot be asked for', async () => {
      const allowed = await evaluate({ ...ASKED, action: { name: 'look' }, context: { input: {} } });
      const denial = { evaluation_id: allowed.headers.get('x-decision-id'), expires_at: new Date(now).toISOString() };
      const refused = await writ.send('POST', '/access/v1/requests', { ...ASKED, action: { name: 'look' }, denial });
      expect(refused.json.type).toBe(`${PROBLEM}not_requestable`);
    });
  });

  it('many are asked for together, and each is for itself', async () => {
    const items = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => {
        const one = { ...ASKED, resource: { type: 'Order', id } };
        const denial = denialOf(await evaluate(one));
        return { resource: one.resource, action: one.action, denial };
      }),
    );
    const { subject, context } = ASKED;
    const bulk = await writ.send('POST', '/access/v1/requests', { subject, context, items });
    expect(bulk.json.task.items.map((item: { status: string }) => item.status)).toEqual([
      'pending',
      'pending',
      'pending',
    ]);
    const { id } = bulk.json.task;
    await approve(id, { as: LENA, items: [0, 2] });
    expect((await writ.send('GET', `/access/v1/requests/${id}`)).json.task.status).toBe('pending');
    const no = { as: LENA, reason: 'not that one', items: [1] };
    await writ.send('POST', `/v1/access-requests/${id}/deny`, no, { as: 'admin' });
    const done = (await writ.send('GET', `/access/v1/requests/${id}`)).json;
    expect([done.task.status, done.result]).toEqual(['partial', undefined]);
    const [first, second] = done.task.items;
    expect([first.result.mode, second.result]).toEqual(['reevaluate', undefined]);
    // The approval of one is not that of another.
    const swapped = { ...context, approval: first.result.approval };
    expect((await evaluate({ ...ASKED, resource: second.resource, context: swapped })).json.context.reason).toBe(
      'out_of_scope',
    );
    expect((await evaluate({ ...ASKED, resource: first.resource, context: swapped })).json.decision).toBe(true);
    // One denial for all of them binds none.
    const both = await writ.send('POST', '/access/v1/requests', {
      subject,
      context,
      items: items.map(({ denial: _d, ...item }) => item),
      denial: items[0]?.denial,
    });
    expect(both.json.type).toBe(`${PROBLEM}invalid_denial_binding`);
  });

  it('policies see what was approved, when they want to', async () => {
    const asked = { ...ASKED, context: { ...ASKED.context, approvals: ['refund-over-100'], task: 'forged' } };
    // What a caller says was approved was not.
    expect((await evaluate(asked)).json.decision).toBe(false);
  });
});

it('what was approved holds over a restart, and what was used is used; with another policy nothing holds', async () => {
  const { writeBundle } = await import('./running.js');
  const bundle = accessBundle();
  let writ = await run(bundle);
  const ask = (task: string) => ({ ...ASKED, context: { ...ASKED.context, task } });
  const evaluate = async (task: string) => (await writ.send('POST', '/access/v1/evaluation', ask(task))).json;
  const made = async (task: string): Promise<string> => {
    const { context } = await evaluate(task);
    const denial = { evaluation_id: context.evaluation_id, expires_at: context.access_request.expires_at };
    const { json } = await writ.send('POST', '/access/v1/requests', { ...ask(task), denial });
    return json.task.id;
  };
  const approve = (id: string, as = 'User::"lena"') =>
    writ.send('POST', `/v1/access-requests/${id}/approve`, { as, reason: 'fine' }, { as: 'admin' });
  const [used, unused, pending, voided] = [
    await made('used'),
    await made('unused'),
    await made('pending'),
    await made('voided'),
  ];
  for (const id of [used, unused, voided]) await approve(id);
  expect((await evaluate('used')).decision).toBe(true);
  const { data, store } = writ;
  await writ.writ.close();
  writ = await run(bundle, { data, ...(store.startsWith('postgres') ? { store } : {}) });
  expect((await evaluate('used')).decision).toBe(false);
  expect((await evaluate('unused')).decision).toBe(true);
  expect((await approve(pending)).json.status).toBe('approved');
  expect((await evaluate('pending')).decision).toBe(true);
  writeBundle(bundle, { 'policies/more.cedar': '@id("more") permit (principal, action == Action::"look", resource);' });
  await writ.writ.reload();
  expect((await evaluate('voided')).decision).toBe(false);
  await writ.stop();
});
