import { retryAfter } from '@writ/sdk/authzen';
import { expect, it } from 'vitest';
import { explain } from '../src/audit/explain/explain.js';
import { loadBundle } from '../src/bundle/bundle.js';
import { inProcess } from '../src/decide/caller.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import type { DecisionRecord } from '../src/decide/record.js';
import { recordShape } from '../src/record/entries.js';
import { bundleOf, run } from './running.js';

/** Denials by limits with a window say when the limit is over. */

const BUNDLE = {
  'writ.yaml': 'name: limits\n',
  'schema.cedarschema': `
    entity User, Order;
    type Ledger = { paid: Long, orders: Long, ever: Long, today: Long };
    action pay, count appliesTo { principal: [User], resource: [Order], context: { input: { amount: Long }, ledger: Ledger } };`,
  'ledger.yaml': `accumulators:
  paid: { key: originator, window: 1h, sum: input.amount, on: action == "pay" }
  orders: { key: originator, window: 30m, distinct: resource.id, on: action == "count" }
  ever: { key: originator, count: true, on: action == "pay" }
  today: { key: originator, window: day, count: true }
`,
  'policies/all.cedar': `
    @id("all") permit (principal, action, resource) unless { resource == Order::"shut" };
    @id("an-hour") @reason("at most 100 in an hour") forbid (principal, action == Action::"pay", resource) when { context.ledger.paid > 100 };
    @id("few") @requestable("x") forbid (principal, action == Action::"count", resource) when { context.ledger.orders > 2 };
    @id("ever") forbid (principal == User::"eve", action, resource) when { context.ledger.ever > 1 };
    @id("a-day") forbid (principal == User::"day", action, resource) when { context.ledger.today > 1 };
    @id("hot") forbid (principal == User::"cold", action == Action::"pay", resource) when { context.ledger.paid < 1000 };`,
};
const START = Date.parse('2026-11-24T06:00:00.000Z');
const MINUTE = 60_000;

function limits() {
  let now = START;
  const decider = offlineDecider(loadBundle(bundleOf(BUNDLE)), { append: async () => undefined }, () => new Date(now));
  const ask = (minute: number, user: string, action = 'pay', amount = 60, order = '1'): Promise<DecisionRecord> => {
    now = START + minute * MINUTE;
    const [subject, resource] = [
      { type: 'User', id: user },
      { type: 'Order', id: order },
    ];
    return decider.decide(
      { subject, action: { name: action }, resource, context: { input: { amount } } },
      inProcess('t'),
      undefined,
    );
  };
  return { ask };
}

/** Returns the minutes after the start at which a decision may be asked for again. */
const minutes = ({ retryAt }: DecisionRecord): number | undefined =>
  retryAt === undefined ? undefined : (Date.parse(retryAt) - START) / MINUTE;

it('of a sum is when enough of it has left the window, and not when the first of it has', async () => {
  const { ask } = limits();
  await ask(0, 'ana', 'pay', 10);
  await ask(10, 'ana', 'pay', 30);
  await ask(20, 'ana', 'pay', 50);
  const denied = await ask(30, 'ana', 'pay', 40);
  // 10 + 30 + 50 + 40 are 130: without the first two it is 90. The end of a window is rounded up by less than a thousandth.
  expect([denied.result, minutes(denied)]).toEqual(['deny', expect.closeTo(70, 0)]);
  expect((await ask(69, 'ana', 'pay', 40)).result).toBe('deny');
  expect((await ask((minutes(denied) as number) + 0.001, 'ana', 'pay', 40)).result).toBe('allow');
});

it('of a question about different values is when the oldest has left', async () => {
  const { ask } = limits();
  await ask(0, 'ana', 'count', 0, 'a');
  await ask(5, 'ana', 'count', 0, 'b');
  const asked = await ask(6, 'ana', 'count', 0, 'c');
  expect([asked.result, minutes(asked)]).toEqual(['step_up', expect.closeTo(30, 0)]);
});

it('of a day is its end', async () => {
  const { ask } = limits();
  await ask(0, 'day');
  expect((await ask(1, 'day', 'count', 0)).retryAt).toBe('2026-11-25T00:00:00.000Z');
});

it('is not there if waiting does not help', async () => {
  const { ask } = limits();
  await ask(0, 'eve');
  expect(minutes(await ask(1, 'eve', 'pay', 1))).toBeUndefined();
  expect(minutes(await ask(2, 'cold'))).toBeUndefined();
  await ask(3, 'ana');
  const both = await ask(4, 'ana', 'pay', 60, 'shut');
  expect([both.reasons.map(({ policy }) => policy), minutes(both)]).toEqual([['an-hour'], undefined]);
});

it('is on the record, in the explanation and in seconds', async () => {
  const { ask } = limits();
  await ask(0, 'ana');
  const denied = await ask(30, 'ana');
  expect(recordShape.safeParse(JSON.parse(JSON.stringify({ v: 1, ...denied }))).error).toBeUndefined();
  expect(explain({ decision: denied, outcome: undefined })).toContain(
    `  the limit is over at ${denied.retryAt}, if nothing more`,
  );
  expect(retryAfter(denied, Date.parse(denied.time))).toEqual(expect.closeTo(1_800, -1));
  expect(retryAfter(denied, Date.parse(denied.retryAt as string) + MINUTE)).toBe(1);
});

it('is in the context of the answer, also of a bare denial, and of no other', async () => {
  const writ = await run(bundleOf(BUNDLE));
  const ask = async (user: string) =>
    (
      await writ.send('POST', '/access/v1/evaluation', {
        subject: { type: 'User', id: user },
        action: { name: 'pay' },
        resource: { type: 'Order', id: '1' },
        context: { input: { amount: 60 } },
      })
    ).json;
  expect(await ask('ana')).toEqual({ decision: true });
  const { decision, context } = await ask('ana');
  expect([decision, Object.keys(context).sort(), context.retry_after]).toEqual([
    false,
    ['id', 'result', 'retry_after'],
    expect.closeTo(3_600, -1),
  ]);
  expect(await ask('cold')).toEqual({ decision: false });
  await writ.stop();
});
