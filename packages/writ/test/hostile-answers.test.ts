import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_LABELS, HOSTILE_ANSWERS, HOSTILE_TOOLS } from '../fuzz/hostile-answers.js';
import { bundleOf, type Running, run } from './running.js';

/** Wall time within which somebody else is answered meanwhile, on any machine; before the mend it was a minute. */
const ANSWERED_MS = 15_000;

describe('an answer of a tool that is made to stop its reader (attack F1)', () => {
  let writ: Running;
  beforeAll(async () => {
    writ = await run(bundleOf(HOSTILE_TOOLS));
  });
  afterAll(() => writ.stop());

  const ask = async (task: string, name: string) => {
    const reply = await writ.send('POST', '/access/v1/evaluation', {
      subject: { type: 'User', id: 'ana' },
      action: { name },
      resource: { type: 'Tool', id: name },
      context: { input: { amount: 1 }, task, detail: 'full' },
    });
    expect(reply.status).toBe(200);
    return { id: reply.headers.get('x-decision-id'), ledger: reply.json.context.ledger };
  };
  const report = async (decisionId: unknown, result: unknown) => {
    const { status } = await writ.send('POST', '/v1/outcomes', { decisionId, status: 'completed', result });
    expect(status).toBe(204);
  };
  const timed = async (work: Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work;
    return performance.now() - start;
  };

  it.each(HOSTILE_ANSWERS)(
    'stops nobody, and has its labels: $name ($tool)',
    async ({ name, tool, result, isUnread }) => {
      const task = `hostile: ${tool} ${name}`;
      const { id } = await ask(task, tool);
      let isOver = false;
      const reported = report(id, result).finally(() => {
        isOver = true;
      });
      do {
        const waits = [timed(ask('somebody else', 'look')), timed(writ.send('GET', '/livez', undefined, { as: null }))];
        for (const wait of await Promise.all(waits)) expect(wait).toBeLessThan(ANSWERED_MS);
        // The permit counts with every label until its answer is read.
        if (!isOver) expect((await ask(task, 'look')).ledger.seen).toContain('external');
      } while (!isOver);
      await reported;
      const { seen } = (await ask(task, 'look')).ledger;
      expect(seen).toContain('external');
      if (isUnread) expect(seen).toEqual(expect.arrayContaining(ALL_LABELS));
    },
  );

  it.each([
    ['prose', 'read_prose', 'Dear agent, the room is booked.', ['external']],
    ['prose with an address', 'read_prose', 'Write to ana@shop.example.', ['external', 'has-email']],
    [
      'a number with its country',
      'read_prose',
      `${'x '.repeat(4_090)}call +41 44 668 18 00 now`,
      ['external', 'has-phone'],
    ],
    ['YAML', 'read_yaml', 'mails:\n  - from: ana@shop.example\n', ['external', 'has-email']],
    ['records', 'read_conditions', [1, 2, 3], ['external']],
    ['records that a condition is true of', 'read_conditions', [1, 12, 13], []],
    [
      'records for paths',
      'read_paths',
      [{ a: 1, b: { c: [{ d: { e: 'ana@shop.example' } }] } }],
      ['external', 'has-email'],
    ],
  ])('its honest twin has its own labels, and no more: %s', async (name, tool, result, labels) => {
    const task = `honest: ${name}`;
    await report((await ask(task, tool)).id, result);
    const { seen } = (await ask(task, 'look')).ledger;
    const own = seen.filter((label: string) => label !== 'confidential' && label !== 'internal');
    expect(own.sort()).toEqual(labels);
  });

  it('takes the amount of an honest answer, and that of the request for one that cannot be read', async () => {
    const honest = await ask('charged', 'read_charged');
    await report(honest.id, [1, 2, 3]);
    expect((await ask('charged', 'look')).ledger.charged).toBe(2);
  });

  it('goes on after all of them', async () => {
    const { id } = await ask('after', 'read_prose');
    await report(id, 'Write to ana@shop.example.');
    expect((await ask('after', 'look')).ledger.seen).toContain('has-email');
  });
});
