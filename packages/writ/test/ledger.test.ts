import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../src/bundle/bundle.js';
import { checkBundle } from '../src/bundle/check/check.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Running, run } from './running.js';

/** Accumulators as policies see them: sums, counts, sets and distinct values, under keys that nobody can choose anew. */

const BUNDLE = {
  'writ.yaml': 'name: ledger',
  'schema.cedarschema': `
entity User, Agent, Order;
type Ledger = { perCustomer: Long, recipients: Long, domains: Set<String>, inSession: Long };
action refund appliesTo { principal: [User, Agent], resource: [Order], context: { input: { customer: String, amount: Long }, ledger: Ledger } };
action mail appliesTo { principal: [User, Agent], resource: [Order], context: { input: { to: Set<String> }, ledger: { recipients: Long, domains: Set<String> } } };
action look appliesTo { principal: [User, Agent], resource: [Order] };
`,
  'ledger.yaml': `
accumulators:
  perCustomer: { key: input.customer, window: day, sum: input.amount, on: action == "refund" }
  recipients: { key: task, distinct: input.to, on: action == "mail" }
  domains: { key: task, set: 'input.to.map(one, one.split("@")[1])', on: action == "mail" }
  inSession: { key: session, count: true }
`,
  'policies/all.cedar': `
@id("all") permit (principal, action, resource);
@id("a-customer-a-day") forbid (principal, action == Action::"refund", resource) when { context.ledger.perCustomer > 100 };
@id("few-recipients") forbid (principal, action == Action::"mail", resource) when { context.ledger.recipients > 3 };
@id("one-way") forbid (principal, action == Action::"mail", resource == Order::"inside") when { context.ledger.domains.contains("evil.example") };
@id("busy") forbid (principal, action == Action::"refund", resource == Order::"busy") when { context.ledger.inSession > 2 };
`,
};

let writ: Running;
beforeAll(async () => {
  writ = await run(bundleOf(BUNDLE));
});
afterAll(() => writ.stop());

interface Asked {
  readonly user?: string;
  readonly agent?: string;
  readonly order?: string;
  readonly context?: object;
}
const ask = async (action: string, input: object, { user = 'ana', agent, order = '1', context = {} }: Asked = {}) =>
  (
    await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: user },
      action: { name: action },
      resource: { type: 'Order', id: order },
      context: { input, ...(agent === undefined ? {} : { agent }), detail: 'full', ...context },
    })
  ).json;

describe('an accumulator', () => {
  it('with a key of CEL is of the customer, whoever asks, in whatever task and session', async () => {
    const refund = (user: string, amount: number, more: object = {}) =>
      ask('refund', { customer: 'c1', amount }, { user, context: more });
    expect((await refund('ana', 60)).decision).toBe(true);
    const over = await refund('ben', 60, { task: 'another', session: 'another' });
    expect(over).toMatchObject({ decision: false, context: { ledger: { perCustomer: 120 } } });
    expect((await refund('ben', 40)).decision).toBe(true);
    expect((await ask('refund', { customer: 'c2', amount: 100 })).decision).toBe(true);
  });

  it('of distinct values counts those of the present action too, each once', async () => {
    const mail = (...to: string[]) => ask('mail', { to }, { context: { task: 'mails' } });
    expect((await mail('a@x.example', 'b@x.example')).decision).toBe(true);
    expect((await mail('b@x.example', 'c@evil.example')).context.ledger).toEqual({
      recipients: 3,
      domains: ['x.example'],
    });
    expect((await mail('d@x.example')).decision).toBe(false);
    expect((await mail('a@x.example')).decision).toBe(true);
    const inside = await ask('mail', { to: ['a@x.example'] }, { order: 'inside', context: { task: 'mails' } });
    expect(inside.context.reasons.map(({ policy }: { policy: string }) => policy)).toContain('one-way');
  });

  it('of a session is of that session of these identities: the name alone gives nobody another account', async () => {
    const refund = (user: string, session: string) =>
      ask('refund', { customer: `s-${user}`, amount: 0 }, { user, order: 'busy', context: { session } });
    for (const user of ['cy', 'dee'])
      for (let i = 0; i < 2; i += 1) expect((await refund(user, 's1')).decision).toBe(true);
    expect((await refund('cy', 's1')).decision).toBe(false);
    expect((await refund('cy', 's2')).decision).toBe(true);
  });

  it('is told only to actions whose schema has it, and is no reason to deny others', async () => {
    expect(await ask('look', {})).toMatchObject({ decision: true, context: { ledger: {} } });
  });

  it('that cannot be told for an action that would count is a denial', async () => {
    const { decision, context } = await ask('mail', { to: [] }, { order: 'x' });
    expect([decision, context.ledger.recipients]).toEqual([true, 0]);
    const failed = await ask('refund', { amount: 5 });
    expect(failed).toMatchObject({ decision: false, context: { refusal: { code: 'invalid_request' } } });
  });
});

describe('writ ledger show, and /v1/ledger', () => {
  const show = (...args: string[]) =>
    command('ledger', 'show', ...args, '--service', writ.url, '--key-file', writ.writ.keyFileOf('admin'));

  it('tells what a key has', async () => {
    await writ.stop();
    const bundle = {
      ...BUNDLE,
      'ledger.yaml':
        'accumulators: { inSession: { key: originator, count: true }, domains: { key: originator, set: action }, perCustomer: { key: actor, sum: input.amount, on: action == "refund" }, recipients: { key: resource, distinct: action } }',
    };
    writ = await run(bundleOf(bundle));
    await ask('refund', { customer: 'c', amount: 7 }, { agent: 'bot' });
    await ask('mail', { to: ['x@y'] }, { agent: 'bot' });
    expect(await show('--originator', 'User::"ana"')).toEqual({
      code: 0,
      out: 'originator User::"ana"\n  inSession  2\n  domains    mail, refund\n',
    });
    expect((await show('--actor', 'Agent::"bot"')).out).toBe('actor Agent::"bot"\n  perCustomer  7\n');
    expect(JSON.parse((await show('--resource', 'Order::"1"', '--json')).out).values).toEqual({ recipients: 2 });
    expect((await show('--task', 'nothing')).out).toBe('no accumulator has the key task\n');
    expect((await show()).code).toBe(2);
    expect((await show('--actor', 'bot')).out).toContain('an entity is written Type::"id"');
  });

  it('is for administrators and auditors', async () => {
    const path = `/v1/ledger?originator=${encodeURIComponent('User::"ana"')}`;
    expect((await writ.send('GET', path)).status).toBe(403);
    expect((await writ.send('GET', path, undefined, { as: 'admin' })).status).toBe(200);
    expect((await writ.send('GET', `${path}&task=1`, undefined, { as: 'admin' })).status).toBe(400);
  });
});

describe('writ check', () => {
  const findings = (ledger: string, schema = BUNDLE['schema.cedarschema']): string =>
    (() => {
      const { bundle, findings: found } = readBundle(
        bundleOf({ ...BUNDLE, 'ledger.yaml': ledger, 'schema.cedarschema': schema }),
      );
      return [...found, ...(bundle === undefined ? [] : checkBundle(bundle))]
        .map(({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`)
        .join('\n');
    })();

  it('has nothing to say of a ledger that is right', () => {
    expect(findings(BUNDLE['ledger.yaml'])).toBe('');
  });

  it.each([
    ['two folds', 'accumulators: { recipients: { key: task, count: true, set: action } }', /exactly one of/],
    [
      'a window that is none',
      'accumulators: { recipients: { key: task, count: true, window: fortnight } }',
      /ledger.yaml:1 .*a window is/,
    ],
    [
      'an accumulator that is missing',
      'accumulators: {}',
      /error schema.cedarschema:3 the context of refund has ledger.perCustomer/,
    ],
    [
      'a set where the schema has a number',
      BUNDLE['ledger.yaml'].replace('distinct: input.to', 'set: input.to'),
      /error .*ledger.recipients as another type/,
    ],
    [
      'a number where the schema has a set',
      BUNDLE['ledger.yaml'].replace("set: 'input", "distinct: 'input"),
      /error .*ledger.domains as another type/,
    ],
    [
      'an argument that no action has',
      BUNDLE['ledger.yaml'].replace('sum: input.amount', 'sum: input.amuont'),
      /warning ledger.yaml:3 perCustomer: no action has an argument amuont/,
    ],
  ])('finds %s', (_what, ledger, message) => {
    expect(findings(ledger)).toMatch(message);
  });
});
