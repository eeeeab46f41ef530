import { fileURLToPath } from 'node:url';
import { OUTCOME_DEADLINE_MS, type OutcomeStatus } from '@writ/sdk/authzen';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inProcess } from '../src/decide/caller.js';
import { OutcomeContradicts } from '../src/decide/errors.js';
import { UNREAD } from '../src/decide/outcome.js';
import { offlineDecider } from '../src/decide/plane-of.js';
import type { DecisionRecord, LogEntry } from '../src/decide/record.js';
import { LedgerError } from '../src/ledger/errors.js';
import { connectTo, refusal } from './mcp-clients.js';
import { bundleFrom } from './planes.js';
import { commandHere as command } from './printed.js';
import { bundleOf, type Reply, run } from './running.js';

/** Accumulators over results: what tools answered is counted once, when the outcome brings it, and only as far as it is trusted. */

const FILES = {
  'schema.cedarschema': `
entity User, Tool;
action find, status, list, next appliesTo { principal: [User], resource: [Tool], context: { input: { id?: String, q?: String }, ledger: {
  customer: Set<String>, customers: Long, anyone: Set<String>, found: Long, paid: Long, delayed: Set<String>, listed: Long, named: Set<String>, cost: decimal } } };
`,
  'tools.yaml': `
tools:
  find: { effects: [read], result: { $: external, $.customer_id: system, $.name: internal, $.balance: internal, '$.ids[*]': system, $.found: internal, $.cost: internal, $.nested: internal } }
  status: { effects: [read], result: internal }
  list: { effects: [read], result: { $: external, '$[*].id': system } }
  next: { effects: [read], result: [system, public] }
`,
  'ledger.yaml': `
accumulators:
  customer: { key: task, set: result.customer_id, on: action == "find" }
  customers: { key: task, distinct: result.customer_id, on: action == "find" }
  anyone: { key: task, set: result.note, on: action == "find", integrity: external }
  found: { key: originator, count: true, on: action == "find" && result.found }
  paid: { key: originator, sum: result.balance, on: action == "find" }
  cost: { key: originator, sum: result.cost, decimal: true, on: action == "find" }
  delayed: { key: task, set: input.id, on: 'action == "status" && result.status == "delayed"' }
  listed: { key: task, distinct: 'result.map(one, one.id)', on: action == "list" }
  named: { key: task, set: 'result.nested.map(key, key)', on: action == "find" }
`,
  'policies/all.cedar': '@id("all") permit (principal, action, resource);',
};
const BUNDLE = bundleFrom(FILES);
const caller = inProcess('gateway');

function desk() {
  const entries: LogEntry[] = [];
  const append = async (some: readonly LogEntry[]) => void entries.push(...some);
  let at = Date.parse('2026-12-01T08:00:00Z');
  const decider = offlineDecider(BUNDLE, { append }, () => new Date(at));
  const ask = async (action: string, input: object = {}, task = 't'): Promise<DecisionRecord> => {
    const subject = { type: 'User', id: 'ana' };
    const resource = { type: 'Tool', id: action };
    const request = { subject, action: { name: action }, resource, context: { input, task } };
    const decision = await decider.decide(request, caller, undefined);
    decider.expectOutcome(decision);
    return decision;
  };
  const report = (decision: DecisionRecord, result: unknown, status: OutcomeStatus = 'completed'): Promise<void> =>
    decider.report(decision.id, status, caller, result);
  return {
    ...{ entries, ask, report },
    wait(ms: number): void {
      at += ms;
    },
    answered: async (action: string, result: unknown, input: object = {}, status?: OutcomeStatus) =>
      report(await ask(action, input), result, status),
    ledger: async (): Promise<DecisionRecord['ledger']> => (await ask('next')).ledger,
  };
}

describe('an accumulator over results', () => {
  it('counts what was answered, when it is, and not what was asked', async () => {
    const { ask, report, ledger, entries } = desk();
    const found = await ask('find', { q: 'ana' });
    expect(await ledger()).toMatchObject({ customer: [], customers: 0, found: 0, paid: 0 });
    await report(found, { customer_id: 'c-1', balance: 40, cost: 1.25, found: true, note: 'hello' });
    expect(await ledger()).toMatchObject({
      ...{ customer: ['c-1'], customers: 1, found: 1, paid: 40, cost: '1.25', anyone: ['hello'] },
    });
    const outcome = entries.find(({ kind }) => kind === 'outcome');
    const held = outcome?.kind === 'outcome' ? outcome.held : [];
    expect(held?.find(({ accumulator }) => accumulator === 'customer')).toMatchObject({ amount: ['c-1'] });
  });

  it.each([
    ['failed', { customer_id: 'c-1', found: true }, 'failed'],
    ['was not executed', null, 'not-executed'],
    ['had no result', undefined, 'completed'],
    ['was not read', UNREAD, 'completed'],
    ['found nobody', { found: false }, 'completed'],
    ['found nothing', null, 'completed'],
    ['answered with another type', { customer_id: 7, found: 'yes', balance: '5', cost: 'x' }, 'completed'],
    ['gave a negative amount', { balance: -5 }, 'completed'],
    ['answered with a text of an error', 'Error: c-1 not found', 'completed'],
    ['answered with a value that is no identifier', { customer_id: 'x'.repeat(1_025) }, 'completed'],
  ] as const)('counts nothing of a look-up that %s', async (_what, result, status) => {
    const { answered, ledger } = desk();
    await answered('find', result, {}, status);
    expect(await ledger()).toMatchObject({ customer: [], customers: 0, found: 0, paid: 0, cost: '0.0' });
  });

  it('reads the answers of MCP, and not their errors', async () => {
    const { answered, ledger } = desk();
    await answered('find', { content: [{ type: 'text', text: '{"customer_id":"c-1","found":true}' }] });
    await answered('find', { structuredContent: { customer_id: 'c-2' }, content: [] });
    expect(await ledger()).toMatchObject({ customer: ['c-1', 'c-2'], customers: 2, found: 1 });
  });

  it('takes no value that others may have written, unless its author says that less is enough', async () => {
    const { answered, ledger } = desk();
    await answered('find', { note: 'c-9', nested: { 'c-8': 1 }, ids: ['c-1'] });
    expect(await ledger()).toMatchObject({ customer: [], anyone: ['c-9'], named: [] });
    // The same place, in a list that strangers may have written.
    const other = desk();
    await other.answered('list', [{ id: 'a' }, { id: 'b' }, { id: 'a' }]);
    expect(await other.ledger()).toMatchObject({ listed: 2 });
  });

  it('is not moved by an answer that repeats what the agent made up', async () => {
    const { answered, ledger } = desk();
    // A stranger may have written the note, and the agent may make up values from it.
    await answered('find', { note: 'you are c-77' });
    await answered('find', { customer_id: 'c-77' }, { id: 'c-77' });
    expect(await ledger()).toMatchObject({ customer: [], customers: 0 });
    await answered('find', { customer_id: 'c-78' }, { id: 'x' });
    expect(await ledger()).toMatchObject({ customer: ['c-78'] });
  });

  it('can hang on the answer, and count what was asked', async () => {
    const { answered, ledger } = desk();
    await answered('status', { status: 'delayed' }, { id: 'HAT001' });
    await answered('status', { status: 'on time' }, { id: 'HAT002' });
    await answered('status', { status: 'delayed' }, { id: 'HAT003' }, 'failed');
    expect(await ledger()).toMatchObject({ delayed: ['HAT001'] });
  });

  it('counts an answer once, however often it is reported', async () => {
    const { ask, report, ledger } = desk();
    const found = await ask('find');
    const answer = { customer_id: 'c-1', balance: 40, found: true };
    await Promise.all([report(found, answer), report(found, answer)]);
    await report(found, answer);
    await expect(report(found, { ...answer, balance: 41 })).rejects.toThrow(OutcomeContradicts);
    expect(await ledger()).toMatchObject({ paid: 40, found: 1 });
  });

  it('counts an answer that comes late, from when it came', async () => {
    const { ask, report, ledger, wait } = desk();
    const found = await ask('find');
    wait(OUTCOME_DEADLINE_MS + 1);
    await report(found, { customer_id: 'c-1', balance: 5 });
    await report(found, { customer_id: 'c-1', balance: 5 });
    expect(await ledger()).toMatchObject({ customer: ['c-1'], paid: 5 });
  });

  it('refuses an answer with more values than it counts', async () => {
    const { ask, report, ledger } = desk();
    const many = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `i${i}` }));
    const found = await ask('list');
    await expect(report(found, many(1_001))).rejects.toThrow(LedgerError);
    await report(await ask('list'), many(1_000));
    expect(await ledger()).toMatchObject({ listed: 1_000 });
  });

  it('gives the same, whatever the order and the batches of outcomes, and never counts one twice', async () => {
    const answers = fc.array(
      fc.record({
        id: fc.constantFrom('c-1', 'c-2', 'c-3'),
        balance: fc.nat(100),
        status: fc.constantFrom<OutcomeStatus[]>('completed', 'failed', 'unknown'),
        reports: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const property = fc.asyncProperty(
      answers,
      fc.array(fc.nat(11)),
      fc.integer({ min: 1, max: 5 }),
      async (some, order, size) => {
        const { ask, report, ledger } = desk();
        const asked: DecisionRecord[] = [];
        for (const _one of some) asked.push(await ask('find'));
        const places = [...new Set([...order.filter((i) => i < some.length), ...some.keys()])];
        for (let from = 0; from < places.length; from += size) {
          const batch = places
            .slice(from, from + size)
            .flatMap((i) => new Array<number>(some[i]?.reports ?? 0).fill(i));
          await Promise.all(
            batch.map((i) => {
              const { id, balance, status } = some[i] as (typeof some)[number];
              return report(asked[i] as DecisionRecord, { customer_id: id, balance, found: true }, status);
            }),
          );
        }
        const counted = some.filter(({ status }) => status !== 'failed');
        expect(await ledger()).toMatchObject({
          paid: counted.reduce((sum, { balance }) => sum + balance, 0),
          found: counted.length,
          customer: [...new Set(counted.map(({ id }) => id))].sort(),
          customers: new Set(counted.map(({ id }) => id)).size,
        });
      },
    );
    await fc.assert(property, { numRuns: 25 });
  });
});

describe('a service', () => {
  it('keeps what was answered over a restart, and counts it once', async () => {
    const folder = bundleOf({ 'writ.yaml': 'name: found', ...FILES });
    let ahead = 0;
    const clock = (): Date => new Date(Date.now() + ahead);
    let writ = await run(folder, { clock });
    const again = async (): Promise<void> => {
      const { data } = writ;
      await writ.writ.close();
      writ = await run(folder, { clock, data });
    };
    const find = (): Promise<Reply> =>
      writ.send('POST', '/access/v1/evaluation', {
        subject: { type: 'User', id: 'ana' },
        action: { name: 'find' },
        resource: { type: 'Tool', id: 'find' },
        context: { input: { q: 'ana' }, detail: 'full', task: 't' },
      });
    const outcome = (reply: Reply, balance: number) => ({
      decisionId: reply.headers.get('x-decision-id'),
      status: 'completed',
      result: { customer_id: 'c-1', balance, found: true },
    });
    const shown = async () => {
      const query = new URLSearchParams({ originator: 'User::"ana"' });
      return (await writ.send('GET', `/v1/ledger?${query}`, undefined, { as: 'admin' })).json.values;
    };
    try {
      const [one, two, open] = [await find(), await find(), await find()];
      const batch = { outcomes: [outcome(one, 5), outcome(two, 7)] };
      expect((await writ.send('POST', '/v1/outcomes', batch)).status).toBeLessThan(300);
      expect((await writ.send('POST', '/v1/outcomes', batch)).status).toBeLessThan(300);
      expect(await shown()).toMatchObject({ paid: 12, found: 2 });
      await again();
      expect(await shown()).toMatchObject({ paid: 12, found: 2 });
      expect((await writ.send('POST', '/v1/outcomes', outcome(open, 11))).status).toBe(204);
      expect((await writ.send('POST', '/v1/outcomes', outcome(one, 5))).status).toBe(204);
      await again();
      // The arguments of a call from before a restart are not known exactly, so its answer may repeat them.
      expect(await shown()).toMatchObject({ paid: 12, found: 2 });
      expect((await find()).json.context.ledger).toMatchObject({ customer: ['c-1'], customers: 1 });
      // One that comes after the deadline.
      const late = await find();
      ahead += OUTCOME_DEADLINE_MS + 1;
      for (let i = 0; i < 2; i += 1) {
        expect((await writ.send('POST', '/v1/outcomes', outcome(late, 9))).status).toBe(204);
        expect(await shown()).toMatchObject({ paid: 21, found: 3 });
        await again();
      }
      expect(await shown()).toMatchObject({ paid: 21, found: 3 });
    } finally {
      await writ.stop();
    }
  }, 300_000);

  it('counts what a server answered through the gateway, for the task of its client, and no error', async () => {
    const server = fileURLToPath(new URL('servers/plain.mjs', import.meta.url));
    const folder = bundleOf({
      'writ.yaml': `
name: gateway
gateway:
  servers: { plain: { command: node, args: ["${server}", "\${data}/journal.txt"] } }
  clients: { bot: { agent: 'Agent::"bot"', for: 'User::"ana"', task: small } }
`,
      'schema.cedarschema': `entity User, Agent, Tool;
action nothing, fails appliesTo { principal: [User, Agent], resource: [Tool], context: { input: { text?: String } } };`,
      'tasks.yaml': 'default: any\ntasks: { any: { mandate: any }, small: { mandate: any } }\n',
      'tools.yaml': `tools:
  nothing: { effects: [read], result: internal }
  fails: { effects: [read], result: internal }
`,
      'ledger.yaml': `accumulators:
  total: { key: originator, sum: result.a, on: 'action == "nothing" && kind == "small"' }
  failed: { key: originator, count: true, on: action == "fails" && size(result) > 0 }
`,
      'policies/all.cedar': `@id("all") permit (principal, action, resource);
@id("two") forbid (principal, action, resource) when { context.ledger.total >= 2 || context.ledger.failed >= 1 };`,
    });
    const writ = await run(folder);
    const client = await connectTo(writ.writ.gatewayUrl, writ.key('bot'));
    try {
      const call = (name: string) => client.callTool({ name, arguments: { text: 'x' } });
      expect(await call('fails')).toMatchObject({ isError: true });
      for (let i = 0; i < 2; i += 1) expect(await call('nothing')).toMatchObject({ structuredContent: { a: 1 } });
      expect((await refusal(call('nothing'))).message).toContain('two');
      const { out } = await command(
        'ledger',
        'show',
        '--originator',
        'User::"ana"',
        '--service',
        writ.url,
        '--key-file',
        writ.writ.keyFileOf('admin'),
      );
      expect(out).toMatch(/total +2/);
      expect(out).toMatch(/failed +0/);
    } finally {
      await client.close();
      await writ.stop();
    }
  }, 300_000);
});
