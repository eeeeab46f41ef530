import type { AccessRequest, Decision, DecisionId, DecisionPoint, Obligation, OnRevoked } from '@writ/sdk/authzen';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JustificationNeeded, MappingError } from '../errors.js';
import { Enforcer } from './enforcer.js';
import type { Changeable, Operation } from './operation.js';
import type { Permit } from './permit.js';

const client = { originator: { type: 'User', id: 'ana' }, agent: undefined, task: 't' };
const by = { client, carried: {} };
const request = (name: string): AccessRequest => ({
  subject: client.originator,
  action: { name },
  resource: { type: 'Order', id: '17' },
});
const operation = (names: readonly string[], changeable?: Changeable): Operation => ({
  name: 'call',
  requests: () => names.map(request) as [AccessRequest, ...AccessRequest[]],
  changeable,
});
const redact: Obligation = { id: 'r', type: 'redact', properties: { path: '$.ssn' } };
const cap: Obligation = { id: 'c', type: 'cap', properties: { path: '$.amount', max: 5 } };

/** A decision point that decides by the name of the action: a result, or an error that it throws. */
function made(answers: Readonly<Record<string, Partial<Decision> | Error>> = {}, deadlineMs?: number) {
  const reports: unknown[][] = [];
  const attempts: unknown[] = [];
  const errors: unknown[] = [];
  const listeners = new Map<string, OnRevoked>();
  let released = 0;
  let isDown = false;
  const decide = async ({ action: { name } }: AccessRequest): Promise<Decision> => {
    const answer = answers[name] ?? {};
    if (answer instanceof Error) throw answer;
    return { id: `d-${name}` as DecisionId, result: 'allow', reasons: [], policyVersion: 'v', ...answer };
  };
  const point: DecisionPoint = {
    decide,
    couldPermit: undefined,
    denyFinally: undefined,
    onRevoked: (id, listener) => void listeners.set(id, listener),
    async report(...report) {
      if (isDown) throw new Error('down');
      reports.push(report);
    },
  };
  const enforcer = new Enforcer({
    point,
    queue: {
      decide: async (asked) => ({
        decision: await decide(asked),
        reference: asked.action.name === 'held' ? { id: 'r1', status: 'pending' } : undefined,
        release: () => {
          released += 1;
        },
      }),
    },
    attempts: { add: (attempt) => attempts.push(attempt) },
    at: 'proxy',
    log: { warn: () => undefined, error: (error) => errors.push(error) },
    hash: (text) => `h(${text.length})`,
    deadlineMs,
  });
  return {
    ...{ enforcer, reports, attempts, errors, listeners },
    released: () => released,
    goDown: () => {
      isDown = true;
    },
    begin: async (...of: Parameters<typeof operation>): Promise<Permit> => {
      const begun = await enforcer.begin(operation(...of), by);
      if (begun.kind !== 'permit') throw new Error(begun.kind);
      return begun;
    },
  };
}

describe('a permit', () => {
  const ends: Readonly<Record<string, (permit: Permit) => unknown>> = {
    done: (permit) => permit.done('completed', 1),
    leave: async (permit) => permit.leave(),
  };
  it.each([
    ['done', 'done', 1],
    ['done', 'leave', 1],
    ['leave', 'done', 0],
    ['leave', 'leave', 0],
  ])('has one end: %s, then %s is an error, and nothing more is reported', async (first, second, reported) => {
    const { begin, reports, released } = made();
    const permit = await begin(['a']);
    await ends[first]?.(permit);
    await expect(Promise.resolve().then(() => ends[second]?.(permit))).rejects.toMatchObject({ code: 'permit_over' });
    expect([reports.length, released()]).toEqual([reported, 1]);
  });

  it('has one end under several that come at once', async () => {
    const { begin, reports } = made();
    const permit = await begin(['a']);
    const all = await Promise.allSettled([permit.done('completed', 1), permit.done('failed', 2)]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(reports).toEqual([['d-a', 'completed', 1, { changes: [] }]]);
  });

  it.each<[string, (permit: Permit) => Promise<unknown>, unknown[][]]>([
    ['does nothing', async () => 1, [['d-a', 'unknown', undefined, { changes: [] }]]],
    [
      'throws',
      async () => {
        throw new Error('broken');
      },
      [['d-a', 'unknown', undefined, { changes: [] }]],
    ],
    ['ends it', (permit) => permit.done('failed', null), [['d-a', 'failed', null, { changes: [] }]]],
    ['leaves it', async (permit) => permit.leave(), []],
  ])('of an operation that %s is reported as it is', async (_what, work, reported) => {
    const { begin, reports, released } = made();
    await (await begin(['a'])).during(work).catch(() => undefined);
    expect([reports, released()]).toEqual([reported, 1]);
  });

  it('of several decisions is watched and reported for each, and named by the first', async () => {
    const { begin, reports, listeners } = made();
    const permit = await begin(['a', 'b']);
    permit.onRevoked(() => undefined);
    await permit.done('completed', 1);
    expect([permit.decisionId, permit.isPlain, [...listeners.keys()]]).toEqual(['d-a', false, ['d-a', 'd-b']]);
    expect(reports.map(([id, status]) => [id, status])).toEqual([
      ['d-a', 'completed'],
      ['d-b', 'completed'],
    ]);
  });

  it('that is revoked is cut by its operation, which then ends as unknown', async () => {
    const { begin, reports, listeners } = made();
    const ended = (await begin(['a'])).during(async (permit) => {
      const cut = new Promise<string>((resolve) => permit.onRevoked(resolve));
      listeners.get('d-a')?.('ana is revoked');
      const why = await cut;
      await permit.done('unknown');
      return why;
    });
    expect(await ended).toBe('ana is revoked');
    expect(reports).toEqual([['d-a', 'unknown', undefined, { changes: [] }]]);
  });

  it('whose outcome is not recorded gives nothing of its result away', async () => {
    const { begin, goDown, errors, released } = made();
    const permit = await begin(['a']);
    goDown();
    expect(await permit.done('completed', { secret: 1 })).toMatchObject({ kind: 'withheld', why: 'record' });
    expect([errors.length, released()]).toEqual([1, 1]);
  });

  it('hands on what its server says before the end, and reports it with the result', async () => {
    const { begin, reports } = made();
    const permit = await begin(['a']);
    expect(permit.handOn('too early')).toBe(false);
    permit.sent();
    expect(permit.handOn({ progress: 'half' })).toBe(true);
    await permit.done('completed', { all: 1 });
    expect(permit.handOn('too late')).toBe(false);
    expect(reports[0]?.[2]).toEqual({ all: 1, 'dev.writ/handed-on': [{ progress: 'half' }] });
  });
});

describe('a permit that is dropped', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('ends as unknown at its deadline; what comes later is withheld, and no second outcome is reported', async () => {
    const { begin, reports } = made({}, 1_000);
    const dropped = await begin(['a']);
    await vi.advanceTimersByTimeAsync(600);
    const later = await begin(['b']);
    await vi.advanceTimersByTimeAsync(500);
    expect(reports).toEqual([['d-a', 'unknown', undefined, { changes: [] }]]);
    expect(await dropped.done('completed', 1)).toMatchObject({ kind: 'withheld', why: 'late' });
    expect(() => dropped.leave()).toThrow('has ended before');
    await later.done('completed', 1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(reports.map(([id, status]) => [id, status])).toEqual([
      ['d-a', 'unknown'],
      ['d-b', 'completed'],
    ]);
  });

  it('does not end at its deadline while its operation runs', async () => {
    const { begin, reports } = made({}, 1_000);
    const permit = await begin(['a']);
    const ended = permit.during(async () => {
      await vi.advanceTimersByTimeAsync(60_000);
      return permit.done('completed', 1);
    });
    expect(await ended).toEqual({ kind: 'accepted', result: 1 });
    expect(reports.map(([, status]) => status)).toEqual(['completed']);
  });
});

describe('the obligations of a permit', () => {
  const both = { a: { result: 'modify', obligations: [cap, redact] } } as const;
  const input = { amount: 9 };

  it('are carried out on the input before it is forwarded, and on the result before it is handed on', async () => {
    const { begin, reports } = made(both);
    const permit = await begin(['a'], { input, result: true });
    expect([permit.input, permit.changesResult]).toEqual([{ amount: 5 }, true]);
    const ended = await permit.done('failed', { ssn: '1' }, { error: ({ ssn }) => `failed for ${ssn}` });
    expect(ended).toEqual({ kind: 'accepted', result: { ssn: '[redacted]' } });
    expect(reports[0]).toMatchObject([
      'd-a',
      'failed',
      { ssn: '[redacted]' },
      {
        error: 'failed for [redacted]',
        changes: [
          { obligation: 'c', on: 'input' },
          { obligation: 'r', on: 'result' },
        ],
      },
    ]);
  });

  it.each<[string, Changeable | undefined]>([
    ['an operation that nothing is changed of', undefined],
    ['an operation whose result passes unread', { input, result: false }],
    ['an input that no longer fits', { input, result: true, schemaError: () => 'amount is too small' }],
    ['an input that has another form', { input: { amount: 'nine' }, result: true }],
  ])('refuse %s, which is reported as not executed', async (_what, changeable) => {
    const { enforcer, reports, released } = made(both);
    const begun = await enforcer.begin(operation(['a'], changeable), by);
    expect(begun).toMatchObject({ kind: 'obligation', decision: { id: 'd-a' }, error: { code: 'obligation_failed' } });
    expect([reports.map(([id, status]) => [id, status]), released()]).toEqual([[['d-a', 'not-executed']], 1]);
  });

  it.each<[string, unknown]>([
    ['was not read', undefined],
    ['has another form', { ssn: Array.from({ length: 3 }) }],
  ])('withhold a result that %s, and report that nobody reads it', async (_what, result) => {
    const mark: Obligation = { id: 'm', type: 'watermark', properties: { path: '$.ssn', text: 'x' } };
    const { begin, reports } = made({
      a: { result: 'modify', obligations: [{ ...mark, properties: { ...mark.properties, on: 'result' } }] },
    });
    const permit = await begin(['a'], { input, result: true });
    expect(await permit.done('completed', result)).toMatchObject({ kind: 'withheld', why: 'obligation' });
    expect(reports[0]?.slice(0, 3)).toEqual(['d-a', 'completed', null]);
  });

  it('ask nothing of a result that nobody is handed', async () => {
    const { begin } = made(both);
    const permit = await begin(['a'], { input, result: true });
    expect(await permit.done('completed', null)).toEqual({ kind: 'accepted', result: null });
  });
});

describe('an operation that is refused', () => {
  it.each<[string, readonly string[], Record<string, Partial<Decision> | Error>, object, unknown[]]>([
    ['is denied', ['a'], { a: { result: 'deny' } }, { kind: 'denied', decision: { id: 'd-a' } }, []],
    ['waits for facts to the end', ['a'], { a: { result: 'defer' } }, { kind: 'denied' }, []],
    ['waits for a person', ['held'], { held: { result: 'step_up' } }, { kind: 'held', reference: { id: 'r1' } }, []],
    ['nobody is asked about', ['a'], { a: { result: 'step_up' } }, { kind: 'denied', reference: undefined }, []],
    [
      'is denied in part',
      ['a', 'b', 'c'],
      { c: { result: 'deny' } },
      { kind: 'denied', decision: { id: 'd-c' } },
      [
        ['d-a', 'not-executed'],
        ['d-b', 'not-executed'],
      ],
    ],
    ['has no answer', ['a'], { a: new Error('down') }, { kind: 'unavailable' }, []],
    ['has no answer in part', ['a', 'b'], { b: new Error('down') }, { kind: 'unavailable' }, [['d-a', 'not-executed']]],
    ['its user has to explain', ['a'], { a: new JustificationNeeded('why?') }, { kind: 'justification' }, []],
  ])('because it %s has no permit', async (_what, names, answers, refused, reported) => {
    const { enforcer, reports } = made(answers);
    const begun = await enforcer.begin(operation(names), by);
    expect(begun).toMatchObject(refused);
    expect(reports.map((report) => report.slice(0, 2))).toEqual(reported);
  });

  it.each<[string, Error, string]>([
    ['of a bad mapping', new MappingError('no amount'), 'no amount'],
    ['of a fault in ours', new RangeError('stack'), 'call cannot be mapped'],
  ])('because %s is counted, and nothing is decided', async (_what, error, message) => {
    const { enforcer, attempts } = made({ a: new Error('must not be asked') });
    const requests = (): never => {
      throw error;
    };
    const begun = await enforcer.begin({ name: 'call', requests }, by);
    expect(begun).toMatchObject({ kind: 'mapping', error: { message } });
    expect(attempts).toEqual([{ at: 'proxy', operation: 'call', reason: 'invalid', caller: 'User::"ana"' }]);
  });

  it('because nobody answers is counted under the action that was asked for', async () => {
    const { enforcer, attempts } = made({ b: new Error('down') });
    await enforcer.begin(operation(['a', 'b']), by);
    expect(attempts).toEqual([{ at: 'proxy', operation: 'b', reason: 'unavailable', caller: 'User::"ana"' }]);
  });
});

describe('a permit that is continued in another request', () => {
  it('is reported under its decision, once for each', async () => {
    const { enforcer, begin, reports } = made();
    const { decisionId, ...begun } = await begin(['a']).then((permit) => {
      permit.sent();
      permit.leave();
      return { decisionId: permit.decisionId };
    });
    expect(begun).toEqual({});
    const again = enforcer.continued(decisionId);
    expect(again.handOn('a question')).toBe(true);
    await again.done('completed', { n: 1 });
    expect(reports).toEqual([['d-a', 'completed', { n: 1, 'dev.writ/handed-on': ['a question'] }, { changes: [] }]]);
  });
});

describe('an enforcer that stops', () => {
  it('permits nothing more, also what is being decided on', async () => {
    const { enforcer, reports } = made();
    const deciding = enforcer.begin(operation(['a']), by);
    await enforcer.close(1_000);
    expect((await deciding).kind).toBe('unavailable');
    expect(reports).toEqual([['d-a', 'not-executed', undefined, { changes: [] }]]);
    expect((await enforcer.begin(operation(['b']), by)).kind).toBe('unavailable');
    expect(reports.length).toBe(1);
  });

  it('waits for what is under way', async () => {
    const { enforcer, begin, reports } = made();
    const permit = await begin(['a']);
    let isClosed = false;
    const closing = enforcer.close(60_000).then(() => {
      isClosed = true;
    });
    await permit.during(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      expect(isClosed).toBe(false);
      await permit.done('completed', 1);
    });
    await closing;
    expect(reports).toEqual([['d-a', 'completed', 1, { changes: [] }]]);
  });

  it('ends as unknown what is not over in time, and what nobody runs', async () => {
    const { enforcer, begin, reports } = made();
    const ended: unknown[] = [];
    const stuck = await begin(['a']);
    let finish = (): void => undefined;
    const running = stuck.during(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const dropped = await begin(['b']);
    (await begin(['c'])).leave();
    await enforcer.close(10);
    expect(reports.map(([id, status]) => [id, status]).sort()).toEqual([
      ['d-a', 'unknown'],
      ['d-b', 'unknown'],
    ]);
    for (const permit of [stuck, dropped]) ended.push(await permit.done('completed', 1));
    expect(ended).toMatchObject([
      { kind: 'withheld', why: 'late' },
      { kind: 'withheld', why: 'late' },
    ]);
    finish();
    await running;
    expect(reports.length).toBe(2);
  });
});
