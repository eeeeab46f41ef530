import { appendLines, readLines } from '../kills/lines.js';
import { randomOf } from '../kills/random.js';
import { generate } from './generate.js';
import type { Oracle, Outcome, Verdict } from './oracle.js';

/** A text that was judged. A run continues after those of its seed. */
export interface Line extends Outcome {
  readonly seed: number;
  readonly number: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly count: number;
  /** The file with the lines; without one nothing is kept. */
  readonly state?: string;
  readonly say?: (line: Line) => void;
}

const BATCH = 200;

/** Judges the texts of a seed that the state lacks. @returns all lines of the seed, up to the count */
export async function run(oracle: Oracle, { seed, count, state, say }: RunOptions): Promise<readonly Line[]> {
  const old = state === undefined ? [] : readLines<Line>(state).filter((line) => line.seed === seed);
  const known = new Map(old.map((line) => [line.number, line]));
  const lines: Line[] = [];
  const fresh: Line[] = [];
  for (let number = 1; number <= count; number += 1) {
    const text = generate(randomOf(seed, number));
    const before = known.get(number);
    // Another generator makes another text of the same number.
    const line = before?.text === text ? before : { seed, number, ...(await oracle.judge(text)) };
    lines.push(line);
    if (line === before) continue;
    fresh.push(line);
    if (line.verdict === 'open') say?.(line);
    if (state !== undefined && fresh.length >= BATCH) appendLines(state, fresh.splice(0));
  }
  if (state !== undefined) appendLines(state, fresh);
  return lines;
}

/** Returns how many texts have each verdict. */
export function tally(lines: readonly Line[]): Readonly<Record<Verdict, number>> {
  const of = (verdict: Verdict): number => lines.filter((line) => line.verdict === verdict).length;
  return { held: of('held'), 'not understood': of('not understood'), error: of('error'), open: of('open') };
}
