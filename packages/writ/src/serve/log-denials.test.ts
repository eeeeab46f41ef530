import { expect, test } from 'vitest';
import type { EntryNote } from '../audit/log/entry-notes.js';
import type { LogWriter } from '../audit/log/log-writer.js';
import { logDenials } from './log-denials.js';
import type { Runtime } from './runtime.js';

const note = (more: object): EntryNote =>
  ({
    kind: 'decision',
    id: '01M',
    result: 'deny',
    client: 'Agent::"bot"',
    tool: 'shop/pay',
    reasons: [],
    ...more,
  }) as unknown as EntryNote;

/** Returns the lines that are logged, and a function that takes notes at a time in ms. */
function watched() {
  const lines: [object, string][] = [];
  let listener: ((notes: readonly EntryNote[]) => void) | undefined;
  let time = 0;
  const log = { onEntries: (given: typeof listener) => (listener = given) } as unknown as LogWriter;
  const logger = { info: (fields: object, text: string) => lines.push([fields, text]) };
  logDenials(log, { logger } as unknown as Runtime, () => time);
  const take = (at: number, ...notes: EntryNote[]): void => {
    time = at;
    listener?.(notes);
  };
  return { lines, take };
}

const limit = { policy: 'limit', effect: 'forbid', reason: 'at most 500.00 in 24 hours' };

test.each<[string, object, string]>([
  [
    'a policy, once for all identities',
    { reasons: [limit, { ...limit, identity: {} }] },
    'denied: shop/pay by Agent::"bot": at most 500.00 in 24 hours [limit]',
  ],
  ['a policy without a reason', { reasons: [{ policy: 'p' }] }, 'denied: shop/pay by Agent::"bot": forbidden [p]'],
  ['no permit', { refusal: 'not_permitted' }, 'denied: shop/pay by Agent::"bot": no policy permits it'],
  [
    'a request that does not fit',
    { refusal: 'invalid_request' },
    'denied: shop/pay by Agent::"bot": the request does not fit the schema, or contradicts itself',
  ],
  [
    'another refusal',
    { refusal: 'token_invalid', tool: undefined },
    'denied: a request by Agent::"bot": token invalid',
  ],
  [
    'a question',
    { result: 'step_up', reasons: [limit] },
    'denied until a person approves it: shop/pay by Agent::"bot": at most 500.00 in 24 hours [limit]',
  ],
  [
    'a deferral',
    { result: 'defer', refusal: 'fact_missing' },
    'not decided yet: shop/pay by Agent::"bot": fact missing',
  ],
  [
    'a name with ends of lines',
    { tool: 'a\n{"level":"fatal"}', refusal: 'revoked' },
    'denied: a<U+000A>{"level":"fatal"} by Agent::"bot": revoked',
  ],
])('a line for %s', (_what, more, text) => {
  const { lines, take } = watched();
  take(0, note(more));
  expect(lines).toEqual([[{ decision: '01M', result: (more as { result?: string }).result ?? 'deny' }, text]]);
});

test('permits and other entries have no line', () => {
  const { lines, take } = watched();
  take(0, note({ result: 'allow' }), note({ result: 'modify' }), note({ result: undefined, kind: 'outcome' }));
  expect(lines).toEqual([]);
});

test('a flood has as many lines as it may, and the next line says how many it left out', () => {
  const { lines, take } = watched();
  take(0, ...Array.from({ length: 1_000 }, () => note({})));
  expect(lines).toHaveLength(50);
  take(1_000, ...Array.from({ length: 1_000 }, () => note({})));
  expect(lines).toHaveLength(60);
  expect(lines[50]?.[0]).toMatchObject({ unlogged: 950 });
  take(3_600_000, note({}));
  expect(lines[60]?.[0]).toMatchObject({ unlogged: 990 });
  take(3_600_001, note({}));
  expect(lines[61]?.[0]).not.toHaveProperty('unlogged');
});

test('a line is bounded', () => {
  const { lines, take } = watched();
  take(0, note({ tool: 'x'.repeat(100_000), client: 'y'.repeat(100_000), reasons: [{ policy: 'z'.repeat(100_000) }] }));
  expect(lines[0]?.[1].length).toBeLessThan(1_000);
});
