/** Kills by number, series after series, until the state has as many as are wanted. */

import { execFileSync } from 'node:child_process';
import { Postgres } from '../abuse/postgres.js';
import type { Durability } from './bundle.js';
import { groupsOf } from './groups.js';
import { appendLines, readLines } from './lines.js';
import { nameOf, type Planned, planned, seriesOf, type Wanted } from './plan.js';
import { randomOf } from './random.js';
import { type Made, Series } from './series.js';
import type { Line } from './state.js';

export interface RunOptions extends Wanted {
  readonly root: string;
  readonly count: number;
  readonly durability: Durability;
  readonly state: string;
  readonly say?: (text: string) => void;
  /** Stops after the kill that is under way. */
  readonly signal?: AbortSignal;
}

export interface RunReport {
  /** The kills that were made now. */
  readonly lines: readonly Line[];
  /** The folder that is kept, if a kill failed. */
  readonly kept?: string;
}

export async function run(options: RunOptions): Promise<RunReport> {
  const { seed, count, durability, state, say = () => undefined, signal } = options;
  const plan = nameOf(options, durability);
  const isMade = new Set(
    readLines<Line>(state).flatMap((line) => (line.seed === seed && line.plan === plan ? [line.kill] : [])),
  );
  const todo = Array.from({ length: count }, (_, i) => i + 1)
    .filter((number) => !isMade.has(number))
    .flatMap((number) => planned(number, options) ?? []);
  const commit = commitOf(options.root);
  const lines: Line[] = [];
  let postgres: Postgres | undefined;
  try {
    for (const group of groupsOf(todo, ({ kill }) => seriesOf(kill))) {
      const { store } = group[0] as Planned;
      if (store === 'postgres') postgres ??= await Postgres.start();
      const series = await Series.begin({ root: options.root, store, durability, postgres });
      for (const [i, one] of group.entries()) {
        const begin = performance.now();
        const before = series.book.decisions.size + series.book.outcomes.size;
        const isLast = (): boolean => i === group.length - 1 || signal?.aborted === true;
        const { watched, problems, isFinished } = await madeOn(series, one, { seed, isLast });
        const line: Line = {
          ...{ seed, commit, plan, ...one },
          result: problems.length === 0 ? 'held' : 'failed',
          ...(watched === undefined ? {} : { watched }),
          acknowledged: series.book.decisions.size + series.book.outcomes.size - before,
          ms: Math.round(performance.now() - begin),
          at: new Date().toISOString(),
          ...(problems.length === 0 ? {} : { problems: problems.slice(0, 20) }),
        };
        appendLines(state, [line]);
        lines.push(line);
        say(lineOf(line));
        if (problems.length > 0) return { lines, kept: await series.keep() };
        if (isFinished) break;
      }
      await series.remove();
      if (signal?.aborted === true) break;
    }
    return { lines };
  } finally {
    await postgres?.stop();
  }
}

async function madeOn(
  series: Series,
  one: Planned,
  { seed, isLast }: { readonly seed: number; readonly isLast: () => boolean },
): Promise<Made & { readonly isFinished: boolean }> {
  const made = await series.kill(one, randomOf(seed, one.kill));
  if (made.problems.length > 0 || !isLast()) return { ...made, isFinished: false };
  return { ...made, problems: await series.finish(), isFinished: true };
}

/** Returns the commit of a checkout, with a + if it was changed since. */
function commitOf(root: string): string {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

function lineOf({ seed, kill, kind, store, result, watched, acknowledged, ms, problems = [] }: Line): string {
  const said =
    watched === undefined
      ? ''
      : `, ${watched.how}${watched.saidAfterMs === undefined ? '' : ` after ${watched.saidAfterMs} ms`}`;
  const text = `${seed}:${kill} ${store} ${kind} (${(ms / 1_000).toFixed(1)} s, ${acknowledged} acknowledged${said}): ${result}`;
  return [text, ...problems.slice(0, 10).map((problem) => `  ${problem}`)].join('\n');
}
