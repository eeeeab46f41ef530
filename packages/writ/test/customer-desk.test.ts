import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandHere as command } from './printed.js';
import { EXAMPLES } from './running.js';

/** The recorded conversations of examples/customer-desk, decided again. Its own tests are run by examples.test.ts. */

const DESK = join(EXAMPLES, 'customer-desk');

interface Replayed {
  readonly tasks: {
    readonly task: string;
    readonly calls: { readonly result: string; readonly reasons: string[] }[];
  }[];
}

async function replayed(...more: string[]): Promise<Record<string, string[]>> {
  const trace = join(DESK, 'desk.jsonl');
  const { code, out } = await command('bundle', 'replay', '--bundle', DESK, '--trace', trace, '--json', ...more);
  expect(code).toBe(0);
  const { tasks } = JSON.parse(out) as Replayed;
  return Object.fromEntries(tasks.map(({ task, calls }) => [task, calls.map(({ result }) => result)]));
}

describe('writ replay-trace of the customer desk', () => {
  it('knows what tools answered: the customer who was found, the state of the order, the delay', async () => {
    expect(await replayed()).toEqual({
      exchange: ['allow', 'allow', 'allow', 'step_up', 'step_up'],
      'two customers': ['allow', 'allow', 'allow', 'deny', 'deny'],
      delay: ['allow', 'deny', 'allow', 'step_up'],
    });
  });

  it('counts what the customer said yes to: an order is exchanged once', async () => {
    const { exchange } = await replayed('--approve');
    expect(exchange).toEqual(['allow', 'allow', 'allow', 'step_up', 'deny']);
  });

  it('shows with writ label what each answer counts, and why it does not', async () => {
    const trace = join(DESK, 'desk.jsonl');
    const { code, out } = await command('bundle', 'label', '--bundle', DESK, '--trace', trace, '--json');
    expect(code).toBe(0);
    const { answers } = JSON.parse(out) as { answers: { tool: string; counts?: object[] }[] };
    const counts = answers.filter(({ tool }) => tool !== 'exchange_items').map((one) => one.counts);
    expect(counts.slice(0, 3)).toEqual([
      [
        { accumulator: 'customer', why: '`set` failed: No such key: customer_id' },
        { accumulator: 'customers', why: '`distinct` failed: No such key: customer_id' },
      ],
      [
        { accumulator: 'customer', amount: ['c-mia'] },
        { accumulator: 'customers', amount: ['c-mia'] },
      ],
      [{ accumulator: 'pending' }, { accumulator: 'delivered', amount: ['o-1'] }],
    ]);
    const { out: text } = await command('bundle', 'label', '--bundle', DESK, '--trace', trace);
    expect(text).toContain('counts c-mia in customer\n');
    expect(text).toContain('counts nothing in customer: `set` failed: No such key: customer_id');
    expect(text).toContain('counts nothing in pending\n');
  });

  it('shows every rule of the desk with --by-policy', async () => {
    const trace = join(DESK, 'desk.jsonl');
    const { out } = await command('bundle', 'replay', '--bundle', DESK, '--trace', trace, '--by-policy');
    for (const policy of ['one-customer', 'late-was-seen', 'the-customer-says-yes']) expect(out).toContain(policy);
  });
});
