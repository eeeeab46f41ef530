import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Book } from '../kills/book.js';
import { LIMITS } from '../kills/bundle.js';
import { type Entry, problemsOf } from '../kills/check.js';
import { readLines } from '../kills/lines.js';
import { KINDS, planned, STORES } from '../kills/plan.js';
import { randomOf } from '../kills/random.js';
import { run } from '../kills/run.js';
import { Series } from '../kills/series.js';
import { type Line, tally } from '../kills/state.js';

/** A sample; `npm run kills -- --count N` makes more. Other test files run beside this one. */
process.env.WRIT_ABUSE_PATIENCE ??= '6';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MOST_KILLS = 12;
const folder = mkdtempSync(join(tmpdir(), 'writ-kills-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('kills under load lose nothing, double nothing and overrun no budget; a later run continues', async () => {
  const state = join(folder, 'kills.jsonl');
  const options = { root: ROOT, seed: 7, kinds: ['service', 'paused'], stores: ['sqlite'], state } as const;
  const begun = await run({ ...options, durability: 'before-response', count: 2 });
  const { lines, kept } = await run({ ...options, durability: 'before-response', count: 3 });
  expect([...begun.lines, ...lines].map(({ kill, result, problems }) => [kill, result, problems])).toEqual(
    [1, 2, 3].map((kill) => [kill, 'held', undefined]),
  );
  expect(kept).toBeUndefined();
  expect(lines.map(({ kill }) => kill)).toEqual([3]);
  expect(readLines<Line>(state)).toEqual([...begun.lines, ...lines]);
  expect(tally(readLines<Line>(state))).toContain('3 kills: 3 held, 0 failed');
}, 300_000);

it('a kill is the same for the same seed and number', () => {
  const kinds = (seed: number) =>
    Array.from({ length: 200 }, (_, i) => planned(i + 1, { seed, kinds: KINDS, stores: STORES })?.kind);
  expect(kinds(1)).toEqual(kinds(1));
  expect(kinds(1)).not.toEqual(kinds(2));
  expect(new Set(kinds(1))).toEqual(new Set(KINDS));
});

describe('on the record of a service that was killed, the checker finds', () => {
  const asked = { user: 'ana', action: 'refund', amount: 60 } as const;
  let real: { readonly entries: readonly Entry[]; readonly book: Book } | undefined;

  /** Kills until an outcome was acknowledged, which a fast kill can forestall, and the record as it is afterwards. */
  async function killed(): Promise<{ readonly entries: readonly Entry[]; readonly book: Book }> {
    if (real !== undefined) return real;
    const series = await Series.begin({ root: ROOT, store: 'sqlite', durability: 'before-response' });
    for (let kill = 1; kill === 1 || (series.book.outcomes.size === 0 && kill <= MOST_KILLS); kill += 1) {
      const { problems } = await series.kill({ kill, kind: 'service', store: 'sqlite' }, randomOf(3, kill));
      expect(problems).toEqual([]);
    }
    expect(series.book.outcomes.size).toBeGreaterThan(0);
    const kept = await series.keep();
    const entries = JSON.parse(readFileSync(join(kept, 'record.json'), 'utf8')) as Entry[];
    rmSync(kept, { recursive: true, force: true });
    real = { entries, book: series.book };
    return real;
  }
  const found = async (change: (entries: Entry[], book: Book) => readonly Entry[]): Promise<readonly string[]> => {
    const { entries, book } = await killed();
    return problemsOf(book, change([...entries], book), 'before-response');
  };
  const permit = (id: string, amount: number, user = 'ana'): Entry => ({
    ...{ kind: 'decision', id, result: 'allow' },
    request: { subject: { id: user }, action: { name: 'refund' }, context: { input: { amount } } },
  });

  it('nothing where nothing is wrong', async () => {
    expect(await found((entries) => entries)).toEqual([]);
  }, 300_000);

  it('a loss: an acknowledged decision that is not there', async () => {
    let lost = '';
    const problems = await found((entries, book) => {
      lost = [...book.decisions.keys()][0] as string;
      return entries.filter(({ id }) => id !== lost);
    });
    expect(problems).toContain(`${lost} was answered, and is not on the record`);
  });

  it('a loss: an acknowledged outcome that is not there', async () => {
    let lost = '';
    const problems = await found((entries, book) => {
      lost = [...book.outcomes][0] as string;
      return entries.filter(({ decisionId }) => decisionId !== lost);
    });
    expect(problems).toContain(`the outcome of ${lost} was acknowledged, and is not on the record`);
  });

  it('a double', async () => {
    let twice = '';
    const problems = await found((entries, book) => {
      twice = [...book.decisions.keys()][0] as string;
      return [...entries, entries.find(({ id }) => id === twice) as Entry];
    });
    expect(problems).toContain(`${twice} is 2 times on the record (decision)`);
  });

  it('another answer than was given', async () => {
    const problems = await found((entries) =>
      entries.map((entry) => (entry.result === undefined ? entry : { ...entry, result: 'deny' })),
    );
    expect(problems.some((problem) => problem.endsWith('was answered true, recorded deny'))).toBe(true);
  });

  it('an overrun, also one that was given back afterwards, and none in what was given back before', async () => {
    const back: Entry = { kind: 'outcome', id: 'y', decisionId: 'a', status: 'failed' };
    const over = `ana had 120 of ${LIMITS.refunded} in 2 of ${LIMITS.refunds} refunds`;
    const [a, b] = [permit('a', 60), permit('b', 60)];
    expect(await found((entries) => [...entries, a, b])).toEqual([over]);
    expect(await found((entries) => [...entries, a, b, back])).toEqual([over]);
    expect(await found((entries) => [...entries, a, back, b])).toEqual([]);
  });

  it('what is missing with durability async only where the record has a gap, and never of a budget', () => {
    const book = new Book();
    book.answered('b', { user: 'ana', action: 'look', amount: 0 }, true);
    const gap = (after: string, id: string): Entry => ({ kind: 'change', id, what: 'record.gap', detail: { after } });
    expect(problemsOf(book, [], 'async')).toHaveLength(1);
    expect(problemsOf(book, [gap('a', 'c')], 'async')).toEqual([]);
    expect(problemsOf(book, [gap('c', 'd')], 'async')).toHaveLength(1);
    book.answered('bb', asked, true);
    expect(problemsOf(book, [gap('a', 'c')], 'async')).toEqual(['bb was answered, and is not on the record']);
  });
});
