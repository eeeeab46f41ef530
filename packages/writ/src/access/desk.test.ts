import { describe, expect, it } from 'vitest';
import type { AccessRequests } from './access-requests.js';
import type { AccessTask } from './access-task.js';
import { ApprovalDesk } from './desk.js';
import { AccessRequestError, TooManyRequests } from './errors.js';
import type { Denial, Submission } from './submission.js';

const denial = { record: { enforcementPoint: 'shop' }, task: 't-1', template: 'default' } as unknown as Denial;
const taskOf = (id: string, status: string, expiresAt = '2026-01-01T11:00:00.000Z') =>
  ({ id, expiresAt, items: [{ status }] }) as unknown as AccessTask;

function deskWith(last: AccessTask | undefined, error?: Error, unapprovable?: string) {
  const submitted: Submission[] = [];
  const cancelled: unknown[] = [];
  const requests = {
    lastFor: async () => last,
    async submit(submission: Submission) {
      submitted.push(submission);
      if (error !== undefined) throw error;
      return { task: taskOf('new', 'pending'), isNew: true };
    },
    async cancel(...given: unknown[]) {
      cancelled.push(given);
      if (error !== undefined) throw error;
    },
    settled: async (id: string) => taskOf(id, 'approved'),
  } as unknown as AccessRequests;
  const desk = new ApprovalDesk({
    requests,
    denial: async (id) => (id === 'denied' ? denial : undefined),
    unapprovable: () => unapprovable,
    clock: () => new Date('2026-01-01T10:00:00.000Z'),
  });
  return { desk, submitted, cancelled };
}

describe('the same is asked once', () => {
  const counts = { id: 'last', status: 'pending' };
  it.each<[what: string, last: AccessTask | undefined, found: { id: string; status: string } | undefined]>([
    ['while it is pending', taskOf('last', 'pending'), counts],
    ['until its end when it was denied', taskOf('last', 'denied'), { id: 'last', status: 'denied' }],
    ['and again past its end', taskOf('last', 'denied', '2026-01-01T09:00:00.000Z'), undefined],
    ['and again when it was approved', taskOf('last', 'approved'), undefined],
    ['and again when it expired', taskOf('last', 'expired'), undefined],
    ['and first', undefined, undefined],
  ])('%s', async (_what, last, found) => {
    const { desk, submitted } = deskWith(last);
    expect(await desk.find({ id: 'denied' })).toEqual(found);
    expect(submitted).toEqual([]);
    expect(await desk.ask({ id: 'denied' }, 'broken')).toEqual(found ?? { id: 'new', status: 'pending', isNew: true });
    expect(submitted).toHaveLength(found === undefined ? 1 : 0);
    for (const one of submitted)
      expect(one).toEqual({
        enforcementPoint: 'shop',
        denials: [denial],
        isBulk: false,
        requested: {},
        justification: 'broken',
      });
  });
});

it('does not ask for a decision that nobody can lift', async () => {
  const { desk, submitted } = deskWith(undefined);
  expect([await desk.find({ id: 'other' }), await desk.ask({ id: 'other' })]).toEqual([undefined, undefined]);
  expect(submitted).toEqual([]);
});

it('lets the denial stand when people have too much to decide', async () => {
  expect(await deskWith(undefined, new TooManyRequests('full')).desk.ask({ id: 'denied' })).toBeUndefined();
  await expect(deskWith(undefined, new Error('disk')).desk.ask({ id: 'denied' })).rejects.toThrow('disk');
});

it('says why nobody can approve it, of one that waits already too', async () => {
  const why = 'nobody owns the agent';
  const first = { id: 'new', status: 'pending', isNew: true, unapprovable: why };
  expect(await deskWith(undefined, undefined, why).desk.ask({ id: 'denied' })).toEqual(first);
  const known = { id: 'last', status: 'pending', unapprovable: why };
  expect(await deskWith(taskOf('last', 'pending'), undefined, why).desk.ask({ id: 'denied' })).toEqual(known);
});

it('withdraws a request, and leaves one that was decided meanwhile', async () => {
  const { desk, cancelled } = deskWith(undefined);
  await desk.withdraw('arq_1', 'gateway');
  expect(cancelled).toEqual([['arq_1', 'gateway', { reason: 'its caller hung up' }]]);
  await deskWith(undefined, new AccessRequestError('invalid_task_state', 'it is approved')).desk.withdraw('arq_1', 'g');
  await expect(deskWith(undefined, new Error('disk')).desk.withdraw('arq_1', 'gateway')).rejects.toThrow('disk');
});

it('says what became of a request', async () => {
  expect(await deskWith(undefined).desk.settled('arq_1', 10, undefined)).toEqual({ id: 'arq_1', status: 'approved' });
});
