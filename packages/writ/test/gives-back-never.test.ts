import { OUTCOME_DEADLINE_MS } from '@writ/sdk/authzen';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from './postgres.js';
import { bundleOf, type Reply, type Running, run } from './running.js';

/** An enforcement point that says `failed` after each payment has no more budget for it (F19). */

const bundle = (givesBack: string): string =>
  bundleOf({
    'writ.yaml': 'name: payments',
    'schema.cedarschema': `
entity User, Account;
action pay, note appliesTo {
  principal: [User], resource: [Account],
  context: { input: { amount: Long }, ledger: { paid: Long, times: Long } }
};`,
    'tools.yaml':
      'tools: { pay: { effects: [money], arguments: { amount: amount }, result: pii }, note: { effects: [read] } }',
    'ledger.yaml': `
accumulators:
  paid: { key: originator, sum: input.amount, actual: result.charged, window: 24h${givesBack} }
  times: { key: originator, count: true }
`,
    'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("limit") forbid (principal, action, resource) when { context.ledger.paid > 100 };
`,
  });
const NEVER = bundle(', givesBack: never');
const USUAL = bundle('');

/** The fewest outcomes that an alarm is about. */
const ALARM_LEAST = 20;

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

describe.each(['SQLite', 'PostgreSQL'] as const)('givesBack: never, %s', (kind) => {
  let writ: Running;
  let ahead = 0;
  let people = 0;
  const clock = (): Date => new Date(Date.now() + ahead);
  const storeFor = async () => (kind === 'SQLite' ? undefined : postgres.database());
  let services: Record<'never' | 'usual', Running>;
  beforeAll(async () => {
    services = {
      never: await run(NEVER, { clock, store: await storeFor() }),
      usual: await run(USUAL, { clock, store: await storeFor() }),
    };
  }, 60_000);
  afterAll(async () => {
    await services.never.stop();
    await services.usual.stop();
  });
  const pay = (user: string, amount: number, action = 'pay'): Promise<Reply> =>
    writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: user },
      action: { name: action },
      resource: { type: 'Account', id: '1' },
      context: { input: { amount }, detail: 'full' },
    });
  const report = (reply: Reply, status: string, more: object = {}): Promise<Reply> =>
    writ.send('POST', '/v1/outcomes', { decisionId: reply.headers.get('x-decision-id'), status, ...more });
  const paid = async (user: string): Promise<number> => {
    const query = new URLSearchParams({ originator: `User::"${user}"` });
    const { json } = await writ.send('GET', `/v1/ledger?${query}`, undefined, { as: 'admin' });
    return json.values.paid;
  };
  const restarted = async (name: 'never' | 'usual'): Promise<void> => {
    const { data, store } = services[name];
    await services[name].writ.close();
    const folder = name === 'never' ? NEVER : USUAL;
    services[name] = await run(folder, { clock, data, store: kind === 'SQLite' ? undefined : store });
    writ = services[name];
  };

  it.each([
    { name: 'never', left: 60 },
    { name: 'usual', left: 0 },
  ] as const)('of payments that are reported as not done, $left stay with `$name`', async ({ name, left }) => {
    writ = services[name];
    const user = `u${++people}`;
    for (const status of ['failed', 'not-executed']) {
      const payment = await pay(user, 20);
      expect((await report(payment, status)).status).toBe(204);
      // The same report again changes nothing.
      expect((await report(payment, status)).status).toBe(204);
    }
    // The error of one that failed was read: what it brings stays, and so does the amount.
    await report(await pay(user, 20), 'failed', { result: { isError: true, content: [] } });
    expect(await paid(user)).toBe(left);
    const open = await pay(user, 30);
    await restarted(name);
    expect(await paid(user)).toBe(left + 30);
    // Reported after a restart.
    expect((await report(open, 'failed')).status).toBe(204);
    const sum = name === 'never' ? 90 : 0;
    expect(await paid(user)).toBe(sum);
    await restarted(name);
    expect(await paid(user)).toBe(sum);
    expect((await pay(user, 20)).json.decision).toBe(name === 'usual');
  });

  it('a late report gives nothing back, and counts nothing twice', async () => {
    writ = services.never;
    const user = `u${++people}`;
    const payment = await pay(user, 40);
    ahead += OUTCOME_DEADLINE_MS + 1_000;
    expect((await report(payment, 'failed')).status).toBe(204);
    expect(await paid(user)).toBe(40);
    await restarted('never');
    expect(await paid(user)).toBe(40);
  });

  it('the actual figure adds to what was asked for, and takes nothing off', async () => {
    writ = services.never;
    const user = `u${++people}`;
    await report(await pay(user, 20), 'completed', { result: { charged: 1 } });
    expect(await paid(user)).toBe(20);
    await report(await pay(user, 20), 'completed', { result: { charged: 25 } });
    expect(await paid(user)).toBe(45);
    writ = services.usual;
    await report(await pay(user, 20), 'completed', { result: { charged: 1 } });
    expect(await paid(user)).toBe(1);
  });

  it('others of the same permit are given back, and their window ends as before', async () => {
    writ = services.never;
    const user = `u${++people}`;
    await report(await pay(user, 20, 'note'), 'failed');
    const query = new URLSearchParams({ originator: `User::"${user}"` });
    const shown = await writ.send('GET', `/v1/ledger?${query}`, undefined, { as: 'admin' });
    expect(shown.json).toMatchObject({ values: { paid: 20, times: 0 }, givesBackNever: ['paid'] });
    ahead += 25 * 3_600_000;
    expect(await paid(user)).toBe(0);
  });
});

describe('a caller that reports most of its permits as failed', () => {
  it('is counted by name, and is warned of once, in the log and on the record', async () => {
    const warnings: unknown[] = [];
    const logger = pino({ level: 'warn' }, { write: (line) => warnings.push(JSON.parse(line)) });
    const writ = await run(USUAL, { logger });
    try {
      for (let i = 0; i < ALARM_LEAST + 5; i += 1) {
        const { headers } = await writ.send('POST', '/access/v1/evaluation', {
          subject: { type: 'User', id: 'eve' },
          action: { name: 'pay' },
          resource: { type: 'Account', id: '1' },
          context: { input: { amount: 100 } },
        });
        await writ.send('POST', '/v1/outcomes', { decisionId: headers.get('x-decision-id'), status: 'failed' });
      }
      const { text } = await writ.send('GET', '/metrics', undefined, { as: null });
      expect(text).toMatch(/^writ_outcomes_total\{status="failed",caller="default"\} 25$/m);
      const alarms = async (): Promise<unknown[]> =>
        (await writ.writ.records.read({ seq: 0, index: -1 }, 1_000)).flatMap(({ entry }) =>
          entry.kind === 'change' && entry.what === 'outcomes.undone' ? [entry.detail] : [],
        );
      await expect.poll(alarms).toEqual([{ caller: 'default', undone: ALARM_LEAST, of: ALARM_LEAST, minutes: 15 }]);
      expect(warnings).toMatchObject([{ caller: 'default', undone: ALARM_LEAST }]);
    } finally {
      await writ.stop();
    }
  });
});
