import { describe, expect, it } from 'vitest';
import type { DecisionId } from '../authzen/ids.js';
import { Outcomes } from './outcomes.js';
import type { ServiceAnswer, ServiceClient } from './service-client.js';

/** A service that is away, or answers with a status. */
function serviceOf() {
  const came: unknown[] = [];
  const warned: string[] = [];
  const errors: unknown[] = [];
  const service = { answers: undefined as number | undefined };
  const client = {
    async send(_method: string, _path: string, body: { outcomes?: object[] }): Promise<ServiceAnswer> {
      const { answers: status } = service;
      if (status === undefined) throw new Error('nothing listens');
      if (status < 300) came.push(...(body.outcomes ?? [body]));
      return { status, body: {}, decisionId: undefined };
    },
  } as unknown as ServiceClient;
  const log = { warn: (text: string) => warned.push(text), error: (error: unknown) => errors.push(error) };
  return { service, outcomes: new Outcomes(client, log), came, warned, errors };
}
const outcome = (decisionId: string): object => ({ decisionId: decisionId as DecisionId, status: 'completed' });

describe('an outcome that a service does not take', () => {
  it.each([undefined, 401, 429, 500, 503])('is kept while the service is away (%s), and sent again', async (status) => {
    const { service, outcomes, came } = serviceOf();
    service.answers = status;
    await expect(outcomes.send([outcome('a')])).rejects.toThrow();
    outcomes.later(outcome('b'), 0);
    service.answers = 204;
    await expect.poll(() => came.length, { timeout: 5_000 }).toBe(2);
    await outcomes.settled();
    expect(came.map((one) => (one as { decisionId: string }).decisionId).sort()).toEqual(['a', 'b']);
  });

  it('is kept in order, and the rest is given up at the end', async () => {
    const { service, outcomes, came, warned } = serviceOf();
    for (const id of ['a', 'b', 'c']) await expect(outcomes.send([outcome(id)])).rejects.toThrow();
    await outcomes.settled();
    expect([came, warned]).toEqual([[], [expect.stringContaining('3 outcomes could not be reported')]]);
    service.answers = 204;
    await outcomes.settled();
    expect(came).toEqual([]);
  });

  it.each([403, 404, 409])('is not sent again if it never will be accepted: %s', async (status) => {
    const { service, outcomes, came, warned } = serviceOf();
    service.answers = status;
    await expect(outcomes.send([outcome('a'), outcome('b')])).rejects.toThrow(`status ${status}`);
    service.answers = 204;
    await outcomes.settled();
    expect([came, warned]).toEqual([[], []]);
  });
});
