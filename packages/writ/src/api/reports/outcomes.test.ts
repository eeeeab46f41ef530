import { CedarError } from '@writ/cedar';
import { describe, expect, test } from 'vitest';
import type { Decider } from '../../decide/decide.js';
import { UNREAD } from '../../decide/outcome.js';
import { LedgerError } from '../../ledger/errors.js';
import { Problem } from '../http/problem.js';
import { type Call, readShape } from '../http/route.js';
import { outcomeRoute } from './outcomes.js';

/** Reports a body; resolves to what the decider was given, or to the problem. */
async function report(body: unknown, { mayReport = true, fails = (_id: string): Error | undefined => undefined } = {}) {
  const given: unknown[][] = [];
  const decider = {
    report: async (id: string, status: string, _caller: unknown, result: unknown, details: object) => {
      await new Promise((resolve) => setImmediate(resolve));
      const error = fails(id);
      if (error !== undefined) throw error;
      given.push([id, status, result, details]);
    },
  } as unknown as Decider;
  const route = outcomeRoute(() => decider);
  const statuses: number[] = [];
  const call = {
    caller: { enforcementPoint: 'pep', mayReport: () => mayReport },
    reply: { code: (status: number) => statuses.push(status) },
  } as unknown as Call;
  try {
    await route.handle({ ...call, body: readShape(route.body as NonNullable<typeof route.body>, body, 'body') });
    return { given, statuses };
  } catch (error) {
    if (error instanceof Problem) return { given, status: error.status, retryAfter: error.retryAfter };
    throw error;
  }
}

const nothing = { changes: undefined, error: undefined };
const one = (id: string, more: object = {}): object => ({ decisionId: id, status: 'completed', ...more });

describe('POST /v1/outcomes', () => {
  test.each<[string, unknown, unknown[][]]>([
    ['one', one('a', { result: { x: 1 } }), [['a', 'completed', { x: 1 }, nothing]]],
    ['one that nobody read', one('a', { unread: true, result: 1 }), [['a', 'completed', UNREAD, nothing]]],
    [
      'one that failed',
      one('a', { status: 'failed', error: 'no' }),
      [['a', 'failed', undefined, { ...nothing, error: 'no' }]],
    ],
    ['several', { outcomes: [one('a'), one('b')] }, ['a', 'b'].map((id) => [id, 'completed', undefined, nothing])],
  ])('reports %s', async (_what, body, given) => {
    expect(await report(body)).toEqual({ given, statuses: [204] });
  });

  test.each<[string, unknown]>([
    ['none', { outcomes: [] }],
    ['101', { outcomes: Array.from({ length: 101 }, (_, i) => one(String(i))) }],
    ['a status that is none', one('a', { status: 'done' })],
    ['no decision', { status: 'completed' }],
    ['unread that is false', one('a', { unread: false })],
    ['a change on nothing', one('a', { changes: [{ obligation: 'o', type: 't', on: 'x', before: '', after: '' }] })],
  ])('refuses %s', async (_what, body) => {
    expect(await report(body)).toEqual({ given: [], status: 400, retryAfter: undefined });
  });

  test('refuses a caller that may not report', async () => {
    expect(await report(one('a'), { mayReport: false })).toEqual({ given: [], status: 403, retryAfter: undefined });
  });

  test('waits for the others when one fails, and is to be sent again', async () => {
    const fails = (id: string): Error | undefined => (id === 'a' ? new LedgerError('the ledger is behind') : undefined);
    const done = await report({ outcomes: [one('a'), one('b')] }, { fails });
    expect(done).toEqual({ given: [['b', 'completed', undefined, nothing]], status: 503, retryAfter: 1 });
  });

  test('does not hide a fault', async () => {
    const fault = new CedarError('request', 'a fault');
    await expect(report(one('a'), { fails: () => fault })).rejects.toBe(fault);
  });
});
