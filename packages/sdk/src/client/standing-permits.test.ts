import { afterEach, describe, expect, it } from 'vitest';
import type { DecisionId } from '../authzen/ids.js';
import type { ServiceAnswer } from './service-client.js';
import { StandingPermits } from './standing-permits.js';

type Answer = (ids: readonly string[]) => Partial<ServiceAnswer> | Promise<Partial<ServiceAnswer>>;

const open: { standing: StandingPermits; ids: DecisionId[] }[] = [];
afterEach(() => {
  for (const { standing, ids } of open.splice(0)) for (const id of ids) standing.end(id);
});

/** Watches actions at a service. */
function watched(count: number, answer: Answer, silentMs = 60_000) {
  const asked: (readonly string[])[] = [];
  const cut: Record<string, string> = {};
  const send = async (_method: string, _path: string, body: unknown): Promise<ServiceAnswer> => {
    const { decisionIds } = body as { decisionIds: string[] };
    asked.push(decisionIds);
    return { status: 200, body: { revoked: [] }, decisionId: undefined, ...(await answer(decisionIds)) };
  };
  const log = { warn: () => undefined, error: () => undefined };
  const standing = new StandingPermits({ send } as never, log, { askMs: 5, silentMs });
  const ids = Array.from({ length: count }, (_one, i) => `D${i}` as DecisionId);
  for (const id of ids)
    standing.watch(id, (why) => {
      cut[id] = why;
    });
  open.push({ standing, ids });
  return { asked, cut, standing };
}

describe('the actions under way of a remote decision point', () => {
  it('are cut when the service says that they are revoked, and no others', async () => {
    const { cut } = watched(2, () => ({ body: { revoked: [{ decisionId: 'D1', why: 'stolen' }] } }));
    await expect.poll(() => cut).toEqual({ D1: 'stolen' });
  });

  it('are asked about in parts, and no longer once they are over', async () => {
    const { asked, standing } = watched(150, () => ({}));
    // The first question can come when only some of them are due.
    await expect.poll(() => new Set(asked.flat()).size).toBe(150);
    expect(Math.max(...asked.map(({ length }) => length))).toBeLessThanOrEqual(100);
    for (let i = 0; i < 150; i += 1) standing.end(`D${i}` as DecisionId);
    await expect.poll(() => (standing as unknown as { stop: unknown }).stop).toBeUndefined();
  });

  const broken: readonly (readonly [string, Answer])[] = [
    ['does not answer', () => Promise.reject(new Error('nothing listens'))],
    ['fails', () => ({ status: 500 })],
    ['does not know the question', () => ({ status: 404, body: { revoked: [] } })],
    ['answers with nothing', () => ({ body: undefined })],
    ['answers with junk', () => ({ body: { revoked: 'none' } })],
  ];
  it.each(broken)('are cut after a time if the service %s', async (_what, answer) => {
    const { cut } = watched(1, answer, 20);
    await expect.poll(() => cut.D0).toMatch('nobody could say');
  });

  it('go on while the service is away for a moment', async () => {
    let isAway = true;
    const { cut, asked } = watched(1, () => (isAway ? Promise.reject(new Error('away')) : {}));
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    isAway = false;
    const before = asked.length;
    await expect.poll(() => asked.length).toBeGreaterThan(before + 1);
    expect(cut).toEqual({});
  });
});
