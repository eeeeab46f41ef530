import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWrit, type GuardedCall, type Writ } from '../src/index.js';
import { type FakeService, fakeService, type Sent } from './fake-service.js';

let service: FakeService;
let writ: Writ;
beforeAll(async () => {
  service = await fakeService();
});
afterAll(() => service.close());
beforeEach(() => {
  service.reset();
  writ = createWrit({ url: service.url, key: 'key', deadlineMs: 20_000 });
});
afterEach(() => writ.close());

const callWith = (input: unknown): GuardedCall => ({
  subject: { type: 'User', id: 'ana' },
  action: 'write',
  resource: { type: 'File', id: 'f' },
  input,
});
const permitted = (id: string, body: object = { decision: true }) => ({ headers: { 'X-Decision-Id': id }, body });

describe('the input of a guarded call', () => {
  it('is the one that was decided on, whatever happens to the original meanwhile', async () => {
    const input = { path: 'a', more: { deep: [1, 2] } };
    service.answers = () => {
      input.path = 'b';
      input.more.deep.push(3);
      return permitted('D1');
    };
    const ran = await writ.guard(callWith(input), (given) => structuredClone(given));
    expect(ran).toEqual({ path: 'a', more: { deep: [1, 2] } });
    expect(service.asked[0]?.body.context.input).toEqual(ran);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  it.each<[string, unknown]>([
    ['a function', { f: () => 1 }],
    ['a date', { at: new Date() }],
    ['a map', { m: new Map() }],
    ['a number past 2^53', { n: 2 ** 53 }],
    ['NaN', { n: Number.NaN }],
    ['a bigint', { n: 1n }],
    ['half of a surrogate pair', { s: '\ud83d' }],
    ['half of a surrogate pair in a name', { '\ud83d': 1 }],
    ['a value that writes itself as another', { x: { toJSON: () => 'y' } }],
    ['itself', cyclic],
    ['a hole', { list: Array(2) }],
  ])('is refused if it has %s, and nothing is asked', async (_what, input) => {
    await expect(writ.guard(callWith(input), () => 1)).rejects.toMatchObject({ code: 'call_invalid' });
    expect(service.asked).toEqual([]);
  });
});

describe('the result of a guarded call', () => {
  it.each<[string, unknown, object]>([
    ['with a date', { at: new Date(0) }, { result: { at: '1970-01-01T00:00:00.000Z' } }],
    ['with a number past 2^53', { id: 2 ** 60 }, { result: { id: String(2 ** 60) } }],
    ['that is no plain data', new Map([[1, 2]]), { unread: true }],
    ['that is a response', new Response('secret'), { unread: true }],
    ['that is too long', 'x'.repeat(300_000), { unread: true }],
  ])('%s is handed on as it is, and reported as far as it was read', async (_what, value, reported) => {
    service.answers = [permitted('D1')];
    expect(await writ.guard(callWith({}), () => value)).toBe(value);
    expect(service.outcomes).toMatchObject([reported]);
  });
});

it('calls at the same time are independent: each runs under its own permit', async () => {
  const idOf = ({ body }: Sent): string => `D${body.context.input.n}`;
  service.answers = (sent) => permitted(idOf(sent), { decision: sent.body.context.input.n % 3 !== 0 });
  const ran = new Set<number>();
  const all = await Promise.allSettled(
    Array.from({ length: 30 }, (_, n) =>
      writ.guard(callWith({ n }), async (input) => {
        ran.add((input as { n: number }).n);
        await new Promise(setImmediate);
        if (n % 5 === 1) throw new Error(`no ${n}`);
        return n;
      }),
    ),
  );
  expect(all.map(({ status }) => status)).toEqual(
    Array.from({ length: 30 }, (_, n) => (n % 3 === 0 || n % 5 === 1 ? 'rejected' : 'fulfilled')),
  );
  expect([...ran].some((n) => n % 3 === 0)).toBe(false);
  const reported = Object.fromEntries(service.outcomes.map(({ decisionId, status }) => [decisionId, status]));
  for (let n = 0; n < 30; n += 1)
    expect(reported[`D${n}`]).toBe(n % 3 === 0 ? undefined : n % 5 === 1 ? 'failed' : 'completed');
});

describe('a permit', () => {
  it('ends once', async () => {
    service.answers = [permitted('D1')];
    const permit = await writ.begin(callWith({}));
    await permit.completed('a');
    await expect(permit.completed('b')).rejects.toMatchObject({ code: 'result_withheld' });
    await expect(permit.unread('completed')).rejects.toMatchObject({ code: 'result_withheld' });
    expect(service.outcomes.length).toBe(1);
  });
});

describe('the credential', () => {
  it('is asked for with each request', async () => {
    service.answers = [permitted('D1'), permitted('D2')];
    let n = 0;
    const other = createWrit({ url: service.url, key: () => `k${++n}` });
    await other.decide(callWith({}));
    await other.decide(callWith({}));
    expect(n).toBe(2);
    await other.close();
  });

  it.each<[string, () => Promise<string>]>([
    ['throws', () => Promise.reject(new Error('no token'))],
    ['does not come', () => new Promise(() => undefined)],
  ])('that %s permits nothing', async (_what, key) => {
    const other = createWrit({ url: service.url, key, deadlineMs: 100 });
    await expect(other.decide(callWith({}))).rejects.toMatchObject({ code: 'decision_point_unreachable' });
    expect(service.asked).toEqual([]);
    await other.close();
  });
});

describe('a search', () => {
  it('goes through all pages', async () => {
    service.answers = [
      { body: { results: [{ type: 'File', id: 'a' }], page: { next_token: 't', count: 1 } } },
      { body: { results: [{ type: 'File', id: 'b' }], page: { next_token: '', count: 1 } } },
    ];
    const found: { id: string }[] = [];
    for await (const one of writ.searchResources({ ...callWith({}), resource: { type: 'File' } })) found.push(one);
    expect(found.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(service.asked.map(({ path, body }) => [path, body.page?.token])).toEqual([
      ['/access/v1/search/resource', undefined],
      ['/access/v1/search/resource', 't'],
    ]);
  });

  it.each<[string, object]>([
    ['a status that is none', { status: 500, body: { results: [] } }],
    ['no list', { body: {} }],
    ['a result without an id', { body: { results: [{ type: 'File' }] } }],
  ])('ends with an error on %s', async (_what, answer) => {
    service.answers = [answer];
    const pages = writ.searchResources({ ...callWith({}), resource: { type: 'File' } });
    await expect(pages.next()).rejects.toMatchObject({ code: 'decision_point_unreachable' });
  });
});

describe('a request for access', () => {
  const stepUp = (id: string) =>
    permitted(id, {
      decision: false,
      context: { id, result: 'step_up', evaluation_id: id, access_request: { expires_at: '2030-01-01T00:00:00Z' } },
    });
  const task = (status: string, code = 200) => ({ status: code, body: { task: { id: 'R1', status } } });

  it('that is approved decides the call once more, and runs it', async () => {
    service.answers = [stepUp('D1'), task('pending', 202), task('approved'), permitted('D2')];
    const approval = { waitMs: 5_000, justification: 'needed' };
    expect(await writ.guard(callWith({ a: 1 }), (input) => input, { approval })).toEqual({ a: 1 });
    const [, asked, , again] = service.asked;
    expect(asked).toMatchObject({
      path: '/access/v1/requests',
      body: { denial: { evaluation_id: 'D1' }, context: { business_justification: 'needed', input: { a: 1 } } },
    });
    expect(again?.body.context.again).toBe('D1');
    expect(service.outcomes).toMatchObject([{ decisionId: 'D2', status: 'completed' }]);
  });

  it.each<[string, readonly object[]]>([
    ['denied', [task('pending', 202), task('denied')]],
    ['not decided in time', [task('pending', 202), task('pending')]],
    ['of a status that nobody knows', [task('pending', 202), task('approved-later')]],
    [
      'approved, and the call denied then',
      [task('pending', 202), task('approved'), permitted('D2', { decision: false })],
    ],
  ])('that is %s runs nothing', async (_what, answers) => {
    service.answers = [stepUp('D1'), ...answers];
    let ran = false;
    const pending = writ.guard(callWith({}), () => (ran = true), { approval: { waitMs: 0 } });
    await expect(pending).rejects.toMatchObject({ code: 'call_not_permitted' });
    expect([ran, service.outcomes]).toEqual([false, []]);
  });

  it('that is answered with junk runs nothing', async () => {
    service.answers = [stepUp('D1'), { body: { task: 'approved' } }];
    await expect(writ.guard(callWith({}), () => 1, { approval: { waitMs: 0 } })).rejects.toMatchObject({
      code: 'decision_point_unreachable',
    });
  });
});
