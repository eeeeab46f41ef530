import { setImmediate } from 'node:timers/promises';
import type { AccessRequest, Decision, DecisionId, DecisionPoint, RequestReference } from '@writ/sdk/authzen';
import { describe, expect, it } from 'vitest';
import { JustificationNeeded } from '../errors.js';
import { CallQueue, type HeldCall } from './call-queue.js';
import type { HoldSettings } from './hold-settings.js';

type Result = Decision['result'];
const LIFTED = { policy: 'p', effect: 'forbid', liftedBy: 'request' } as unknown as Decision['reasons'][number];
const request = (id: string, input: object = {}): AccessRequest => ({
  subject: { type: 'User', id: 'ana' },
  action: { name: 'pay' },
  resource: { type: 'order', id },
  context: { input },
});

/** A queue whose decision point gives one result after another (the last again and again), and whose desk answers with a status. */
function queueOf(
  results: readonly Result[],
  settings: Partial<HoldSettings> = {},
  status = 'pending',
  asked: Partial<RequestReference> = {},
) {
  const left = [...results];
  const events: string[] = [];
  let count = 0;
  const point: DecisionPoint = {
    couldPermit: undefined,
    onRevoked: undefined,
    decide: async ({ resource }) => {
      const result = (left.length > 1 ? left.shift() : left[0]) as Result;
      count += 1;
      events.push(`${resource.id} ${result}`);
      const reasons = result === 'step_up' ? [LIFTED] : [];
      return { id: `d${count}` as DecisionId, result, reasons, policyVersion: 'v' };
    },
    denyFinally: async (decision, refusal) => ({ ...decision, result: 'deny', refusal }),
    report: async (id, outcome) => void events.push(`${id} ${outcome}`),
  };
  const desk = {
    find: async () => undefined,
    ask: async (_decision: Decision, said?: string) => {
      events.push(`asked ${said}`);
      return status === 'nobody' ? undefined : { id: 'r1', status: 'pending', ...asked };
    },
    settled: async (id: string, _ms: number, signal?: AbortSignal) => {
      if (signal !== undefined && !signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return { id, status };
    },
    withdraw: async (id: string) => void events.push(`withdrew ${id}`),
  };
  const all: HoldSettings = { stepUp: 'wait', waitMs: 5_000, justify: false, deferMs: 400, deferred: 1, ...settings };
  const queue = new CallQueue(point, () => all, desk);
  const decide = (id = 'o1', call: Partial<HeldCall> = {}, input?: object) =>
    queue.decide(request(id, input), {}, { task: 't', ...call });
  return { decide, events };
}

describe('a call that has to be approved', () => {
  it.each<[string, readonly Result[], Partial<HoldSettings>, string, Result, string | undefined]>([
    ['is permitted at once if nobody has to', ['allow'], {}, 'pending', 'allow', undefined],
    [
      'is denied with a reference, where it does not wait',
      ['step_up'],
      { stepUp: 'reference' },
      'approved',
      'step_up',
      undefined,
    ],
    ['is denied if nobody can be asked', ['step_up'], {}, 'nobody', 'step_up', undefined],
    ['is decided again once it is approved', ['step_up', 'allow'], {}, 'approved', 'allow', undefined],
    ['is denied by what changed meanwhile', ['step_up', 'deny'], {}, 'approved', 'deny', undefined],
    [
      'is not asked for a second time',
      ['step_up', 'step_up'],
      {},
      'approved',
      'deny',
      'it has to be approved once more',
    ],
    ['is denied if somebody denied it', ['step_up'], {}, 'denied', 'deny', 'it was denied'],
    ['is denied if nobody approved it in time', ['step_up'], {}, 'pending', 'deny', 'nobody approved it within 5 s'],
    ['is denied by a status that is not known', ['step_up'], {}, 'reviewing', 'deny', 'it was reviewing'],
  ])('%s', async (_what, results, settings, status, result, why) => {
    const { decision, release } = await queueOf(results, settings, status).decide();
    expect([decision.result, decision.refusal?.message, release]).toEqual([result, why, undefined]);
  });

  it('needs a justification where the user can give one, and hands it on', async () => {
    const asking = queueOf(['step_up'], { justify: true }, 'approved');
    await expect(asking.decide('o1', { justification: 'none' })).rejects.toThrow(JustificationNeeded);
    const declined = await asking.decide('o1', { justification: 'declined' });
    expect(declined.decision.refusal?.message).toBe('its user does not want to ask for it');
    expect(asking.events).not.toContain('asked undefined');
    await asking.decide('o1', { justification: { said: 'a refund' } });
    await asking.decide('o1', { justification: undefined });
    expect(asking.events.filter((event) => event.startsWith('asked'))).toEqual(['asked a refund', 'asked undefined']);
  });
});

describe('a call that waits for a fact', () => {
  it('is decided again until it is there', async () => {
    const { decide, events } = queueOf(['defer', 'defer', 'allow']);
    const { decision, release } = await decide();
    expect([decision.result, typeof release, events]).toEqual([
      'allow',
      'function',
      ['o1 defer', 'o1 defer', 'o1 allow'],
    ]);
  });

  it('is denied if it does not come in time, or its client is gone', async () => {
    const late = await queueOf(['defer']).decide();
    expect(late.decision).toMatchObject({ result: 'deny', refusal: { code: 'not_resolved' } });
    const signal = AbortSignal.abort();
    const { decide, events } = queueOf(['defer'], { deferMs: 60_000 });
    expect((await decide('o1', { signal })).decision.result).toBe('deny');
    expect(events).toEqual(['o1 defer']);
  });

  it('is denied at once if too many of its task wait, and not for those of another', async () => {
    const { decide } = queueOf(['defer']);
    const first = decide('o1');
    const second = await decide('o2');
    expect(second.decision).toMatchObject({ result: 'deny', refusal: { code: 'too_many_deferred' } });
    const other = await decide('o2', { task: 'other' });
    expect(other.decision.refusal?.code).toBe('not_resolved');
    expect((await first).decision.refusal?.code).toBe('not_resolved');
  });

  it.each<[string, string, object, boolean]>([
    ['about the same resource', 'o1', {}, true],
    ['that names it in its arguments', 'o2', { deep: ['o1'] }, true],
    ['about another resource', 'o2', { deep: ['o1x'] }, false],
  ])('lets a later call %s wait for it: %s', async (_what, id, input, depends) => {
    const { decide, events } = queueOf(['defer', 'allow']);
    const first = decide('o1');
    await setImmediate();
    const second = decide(id, {}, input);
    const { release } = await first;
    events.push('first is permitted');
    release?.();
    expect((await second).decision.result).toBe('allow');
    expect(events.lastIndexOf(`${id} allow`) > events.indexOf('first is permitted')).toBe(depends);
  });

  it('takes what depends on it along when it is denied', async () => {
    const { decide, events } = queueOf(['defer', 'deny', 'allow']);
    const first = decide('o1');
    await setImmediate();
    const second = decide('o1');
    expect((await first).decision.result).toBe('deny');
    expect((await second).decision).toMatchObject({
      result: 'deny',
      refusal: { message: 'it depends on d1, which was denied' },
    });
    expect(events).toEqual(['o1 defer', 'o1 deny', 'o1 allow', 'd3 not-executed']);
  });
});

describe('a call whose client hangs up', () => {
  const gone = () => {
    const stop = new AbortController();
    return { stop, call: { signal: stop.signal } };
  };

  it('withdraws the request that was made for it', async () => {
    const { decide, events } = queueOf(['step_up'], {}, 'pending', { isNew: true });
    const { stop, call } = gone();
    const decided = decide('o1', call);
    stop.abort();
    await decided;
    expect(events).toContain('withdrew r1');
  });

  it('leaves one that was there before, that was decided, or that another call waits for', async () => {
    for (const [status, asked] of [
      ['pending', {}],
      ['approved', { isNew: true }],
    ] as const) {
      const { decide, events } = queueOf(['step_up'], {}, status, asked);
      const { stop, call } = gone();
      const decided = decide('o1', call);
      stop.abort();
      await decided;
      expect(events).not.toContain('withdrew r1');
    }
    const { decide, events } = queueOf(['step_up'], {}, 'pending', { isNew: true });
    const [first, second] = [gone(), gone()];
    const [one, two] = [decide('o1', first.call), decide('o1', second.call)];
    await setImmediate();
    first.stop.abort();
    await one;
    expect(events).not.toContain('withdrew r1');
    second.stop.abort();
    await two;
    expect(events.filter((event) => event === 'withdrew r1')).toHaveLength(1);
  });

  it('that nobody can approve is not waited for', async () => {
    const { decide } = queueOf(['step_up'], {}, 'pending', { isNew: true, unapprovable: 'nobody owns it' });
    const { signal } = new AbortController();
    const { decision, reference } = await decide('o1', { signal });
    expect([decision.result, reference?.unapprovable]).toEqual(['step_up', 'nobody owns it']);
  });
});
