import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../src/lib/clock.js';
import { guardedClock } from '../src/lib/guarded-clock.js';
import { bundleOf, type Running, run } from './running.js';

/** A clock of the machine that is set frees no budget, and makes no token count (F19). */

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const BUNDLE = bundleOf({
  'writ.yaml': `
name: clock
tokens: { trustDomain: shop.example, lifetime: 30m }
gateway: { clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"', scopes: [read] } } }
`,
  'schema.cedarschema': `
entity User, Agent, Doc;
action read, wire appliesTo { principal: [User, Agent], resource: [Doc] };
action pay appliesTo { principal: [User], resource: [Doc], context: { input: { amount: Long }, ledger: { paid: Long, today: Long } } };
`,
  'ledger.yaml': `
accumulators:
  paid: { key: originator, window: 24h, sum: input.amount, on: action == "pay" }
  today: { key: originator, window: day, count: true, on: action == "pay" }
`,
  'policies/all.cedar': `
@id("all") permit (principal, action in [Action::"read", Action::"pay"], resource);
@id("wire") @highRisk permit (principal, action == Action::"wire", resource);
@id("limit") forbid (principal, action == Action::"pay", resource) when { context.ledger.paid > 100 };
`,
});

describe.each(['is set', 'only sleeps'] as const)('a machine that %s', (how) => {
  /** The time by which the clock was set, and how long the machine slept, in milliseconds. */
  let set = 0;
  let slept = 0;
  /** The time that the machine was awake, in addition to the real time. */
  let awake = 0;
  const isSet = how === 'is set';
  const jump = (ms: number): void => {
    if (isSet) set += ms;
    else {
      slept += ms;
      awake += 2 * SECOND;
    }
  };
  let writ: Running;
  const logged: string[] = [];
  beforeAll(async () => {
    const logger = pino({ level: 'warn' }, { write: (line) => logged.push(line) });
    const clock: Clock = guardedClock((doubt) => logger.error({ doubt }, 'the clock'), {
      day: () => Date.now() + set + slept + awake,
      monotonic: () => performance.now() + awake,
      uptime: () => performance.now() + slept + awake,
    });
    writ = await run(BUNDLE, { clock, logger });
  }, 60_000);
  afterAll(() => writ.stop());

  let people = 0;
  const ask = async (user: string, action: string, context: object = {}, headers = {}): Promise<boolean> => {
    const body = {
      subject: { type: 'User', id: user },
      action: { name: action },
      resource: { type: 'Doc', id: '1' },
      context: { ...context, detail: 'full' },
    };
    return (await writ.send('POST', '/access/v1/evaluation', body, { headers })).json.decision;
  };
  const pay = (user: string, amount: number): Promise<boolean> => ask(user, 'pay', { input: { amount } });
  const issue = (): Promise<string | undefined> => issuedBy(writ);
  const counts = (token: string): Promise<boolean> => ask('ana', 'read', {}, { 'Txn-Token': token });
  const health = async (): Promise<{ ready: unknown; ahead: string | undefined }> => ({
    ready: (await writ.send('GET', '/readyz', undefined, { as: null })).json.clockAhead,
    ahead: /^writ_clock_ahead_seconds (.*)$/m.exec(
      (await writ.send('GET', '/metrics', undefined, { as: null })).text,
    )?.[1],
  });

  it('by seconds changes nothing', async () => {
    for (const ms of isSet ? [3 * SECOND, -3 * SECOND] : [3 * SECOND]) {
      jump(ms);
      expect(await ask('ana', 'wire')).toBe(true);
      expect(await counts((await issue()) as string)).toBe(true);
      expect(await health()).toEqual({ ready: undefined, ahead: '0' });
    }
  });

  it.runIf(isSet).each([365 * DAY, 25 * HOUR, -365 * DAY])(
    'by %i ms and back: no budget is free, nothing of high risk is permitted, no token counts',
    async (ms) => {
      const user = `u${++people}`;
      const token = (await issue()) as string;
      expect(await counts(token)).toBe(true);
      expect(await pay(user, 90)).toBe(true);
      jump(ms);
      expect(await pay(user, 50)).toBe(false);
      expect(await pay(user, 1)).toBe(true);
      expect(await ask(user, 'wire')).toBe(false);
      // Requests that need no clock are decided as before.
      expect(await ask(user, 'read')).toBe(true);
      // Remembered, and new.
      expect(await counts(token)).toBe(false);
      expect(await issue().then((made) => made !== undefined && counts(made))).toBe(false);
      const { ready, ahead } = await health();
      expect(ready).toBe(ms / SECOND);
      expect(Math.abs(Number(ahead) - ms / SECOND)).toBeLessThan(1);
      jump(-ms);
      expect(await pay(user, 50)).toBe(false);
      expect(await ask(user, 'wire')).toBe(true);
      expect(await counts(token)).toBe(true);
      expect(await health()).toEqual({ ready: undefined, ahead: '0' });
      expect(logged.length).toBeGreaterThan(1);
    },
  );

  it.runIf(!isSet)('for 8 hours goes on at once, with the time that passed', async () => {
    const user = `u${++people}`;
    const token = (await issue()) as string;
    expect(await pay(user, 90)).toBe(true);
    jump(8 * HOUR);
    expect(await ask(user, 'wire')).toBe(true);
    // The token is past its time; a new one counts.
    expect(await counts(token)).toBe(false);
    expect(await counts((await issue()) as string)).toBe(true);
    expect(await pay(user, 50)).toBe(false);
    jump(17 * HOUR);
    expect(await pay(user, 50)).toBe(true);
    expect(await health()).toEqual({ ready: undefined, ahead: '0' });
    expect(logged).toEqual([]);
  });
});

/** A token for a task of the bot. */
async function issuedBy(writ: Running): Promise<string | undefined> {
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: 'shop.example',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    subject_token: writ.key('bot'),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'read',
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return (await writ.send('POST', '/token', body.toString(), { headers })).json?.access_token;
}

describe('a remembered token', () => {
  it('is checked again when the clock went back behind its issue', async () => {
    let ahead = 10 * MINUTE;
    const writ = await run(BUNDLE, { clock: () => new Date(Date.now() + ahead) });
    try {
      const token = await issuedBy(writ);
      const counts = async (): Promise<boolean> =>
        (
          await writ.send(
            'POST',
            '/access/v1/evaluation',
            {
              subject: { type: 'User', id: 'ana' },
              action: { name: 'read' },
              resource: { type: 'Doc', id: '1' },
            },
            { headers: { 'Txn-Token': token } },
          )
        ).json.decision;
      expect(await counts()).toBe(true);
      ahead = 0;
      expect(await counts()).toBe(false);
      ahead = 10 * MINUTE;
      expect(await counts()).toBe(true);
    } finally {
      await writ.stop();
    }
  });
});
