import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessBundle } from './access-bundle.js';
import { commandHere as command } from './printed.js';
import { type Reply, type Running, run } from './running.js';

/** Like calls of one task are one question, and what is approved is the list. */

type View = {
  id: string;
  status: string;
  like?: string;
  list?: string;
  calls?: { id: string; values: Record<string, unknown> }[];
};

describe('like calls of one task', () => {
  let writ: Running;
  let now = Date.parse('2026-11-25T10:00:00Z');
  let task = '';
  let tasks = 0;
  beforeAll(async () => {
    writ = await run(accessBundle(), { clock: () => new Date(now) });
  });
  afterAll(() => writ.stop());
  const begin = (): void => {
    tasks += 1;
    task = `t${tasks}`;
  };

  const asked = (amount: number, more: object = {}, action = 'refund', input: object = { amount }) => ({
    ...{ subject: { type: 'User', id: 'ana' }, action: { name: action }, resource: { type: 'Order', id: '7' } },
    context: { agent: { type: 'Agent', id: 'bot' }, task, input },
    ...more,
  });
  type Asked = ReturnType<typeof asked>;
  const evaluate = (one: Asked): Promise<Reply> => writ.send('POST', '/access/v1/evaluation', one);
  const isPermitted = async (one: Asked): Promise<boolean> => (await evaluate(one)).json.decision;
  const submit = async (one: Asked): Promise<string> => {
    const { context } = (await evaluate(one)).json;
    const denial = { evaluation_id: context.evaluation_id, expires_at: context.access_request.expires_at };
    return (await writ.send('POST', '/access/v1/requests', { ...one, denial })).json.task.id;
  };
  const submitAll = async (...all: Asked[]): Promise<string[]> => {
    const ids = [];
    for (const one of all) {
      now += 1;
      ids.push(await submit(one));
    }
    return ids;
  };
  const show = async (id = ''): Promise<View> =>
    (await writ.send('GET', `/v1/access-requests/${id}`, undefined, { as: 'admin' })).json;
  const decide = (verdict: string, id = '', more: object = {}): Promise<Reply> =>
    writ.send(
      'POST',
      `/v1/access-requests/${id}/${verdict}`,
      { as: 'User::"lena"', reason: 'seen', ...more },
      { as: 'admin' },
    );

  it('are asked about once, with the values in which they differ', async () => {
    begin();
    const [first, ...others] = await submitAll(asked(500), asked(600), asked(700));
    for (const id of others) expect((await show(id)).like).toBe(first);
    const { requests } = (await writ.send('GET', '/v1/access-requests', undefined, { as: 'admin' })).json as {
      requests: View[];
    };
    const leading = requests.filter(({ list }) => list !== undefined);
    expect(leading.map(({ id, calls }) => [id, calls])).toEqual([
      [first, [first, ...others].map((id, i) => ({ id, values: { amount: 500 + 100 * i } }))],
    ]);
    const as = ['--service', writ.url, '--key-file', writ.writ.keyFileOf('admin')];
    const { out } = await command('requests', ...as);
    expect(out.match(/^arq_/gm)).toHaveLength(1);
    expect(out).toContain(`3 like calls of this task, list ${leading[0]?.list}`);
    expect(out).toContain('{"amount":700}');
    // The whole list, from the command line.
    const done = await command(
      'approve',
      `${first}`,
      '--list',
      `${leading[0]?.list}`,
      '--as',
      'User::"lena"',
      '--reason',
      'all',
      ...as,
    );
    expect(done.code).toBe(0);
    for (const amount of [500, 600, 700]) expect(await isPermitted(asked(amount))).toBe(true);
    // Nothing that was not on it, nothing twice, and nothing in another task.
    expect(await isPermitted(asked(800))).toBe(false);
    expect(await isPermitted(asked(500))).toBe(false);
    begin();
    expect(await isPermitted(asked(600))).toBe(false);
  });

  it('are approved as they were listed, and not if another call joined', async () => {
    begin();
    const [first] = await submitAll(asked(500), asked(600));
    const { list } = await show(first);
    await submit(asked(4_000));
    const changed = await decide('approve', first, { list });
    expect([changed.status, changed.json.detail]).toEqual([
      409,
      expect.stringContaining('the list has changed: 3 calls wait now'),
    ]);
    expect(await isPermitted(asked(500))).toBe(false);
    expect((await decide('approve', first, { list: (await show(first)).list, anyArguments: true })).status).toBe(403);
    expect((await decide('approve', first, { list: (await show(first)).list, items: [0] })).status).toBe(400);
    expect((await decide('deny', first, { list: (await show(first)).list })).json.status).toBe('denied');
    for (const amount of [500, 600, 4_000]) expect(await isPermitted(asked(amount))).toBe(false);
  });

  it('are approved all or not at all, where the policies permit one of them to nobody', async () => {
    begin();
    const [first] = await submitAll(asked(500), asked(6_000));
    expect((await decide('approve', first, { list: (await show(first)).list })).status).toBe(403);
    expect((await show(first)).status).toBe('pending');
    expect(await isPermitted(asked(500))).toBe(false);
    expect((await decide('approve', first)).json.status).toBe('approved');
    expect(await isPermitted(asked(500))).toBe(true);
  });

  it('are approved for the task, each with exactly its values', async () => {
    begin();
    const [first] = await submitAll(asked(500), asked(600));
    expect((await decide('approve', first, { list: (await show(first)).list, uses: 'task' })).status).toBe(200);
    for (const amount of [500, 600, 500, 600]) expect(await isPermitted(asked(amount))).toBe(true);
    expect(await isPermitted(asked(1_100))).toBe(false);
    expect(await isPermitted(asked(500, { resource: { type: 'Order', id: '8' } }))).toBe(false);
  });

  it('that are decided alone leave the others, and people are asked about the next', async () => {
    begin();
    const [first, second, third] = await submitAll(asked(500), asked(600), asked(700));
    expect((await decide('approve', first)).json.status).toBe('approved');
    expect(await isPermitted(asked(600))).toBe(false);
    expect([(await show(second)).like, (await show(third)).like]).toEqual([undefined, second]);
    expect((await show(second)).calls?.map(({ id }) => id)).toEqual([second, third]);
    await writ.send('POST', `/access/v1/requests/${second}/cancel`, {});
    expect((await show(third)).like).toBeUndefined();
    expect((await decide('approve', third)).json.status).toBe('approved');
  });

  it('need as many people as each of them', async () => {
    begin();
    const both = [asked(0, {}, 'export'), asked(0, { resource: { type: 'Order', id: '8' } }, 'export')];
    const [first, second] = await submitAll(...both);
    const { list } = await show(first);
    expect((await decide('approve', first, { list })).json.status).toBe('pending');
    // Nobody saw a call that comes later together with those that somebody approved.
    const later = await submit(asked(0, { resource: { type: 'Order', id: '9' } }, 'export'));
    expect((await show(later)).like).toBeUndefined();
    expect((await decide('approve', second, { list, as: 'User::"leo"' })).json.status).toBe('approved');
    for (const one of both) expect(await isPermitted(one)).toBe(true);
    expect((await show(later)).status).toBe('pending');
  });

  it.each<[string, () => Asked]>([
    ['another task', () => asked(600, { context: { ...asked(600).context, task: 'other' } })],
    ['another action', () => asked(0, {}, 'export')],
    ['other arguments', () => asked(0, {}, 'refund', { amount: 600, note: 'x' })],
    ['another path', () => asked(600, { subject: { type: 'User', id: 'ben' } })],
  ])('are not those of %s', async (_what, other) => {
    begin();
    const first = await submit(asked(500));
    const second = await submit(other());
    expect((await show(second)).like).toBeUndefined();
    expect((await show(first)).list).toBeUndefined();
  });

  it('are another question after the first has expired', async () => {
    begin();
    const first = await submit(asked(500));
    now += 3_599_000;
    const second = await submit(asked(600));
    expect((await show(second)).like).toBe(first);
    now += 2_000;
    await expect.poll(async () => (await show(second)).like).toBeUndefined();
    expect((await show(second)).status).toBe('pending');
  });
});
