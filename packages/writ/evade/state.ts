import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change } from './mutant.js';
import type { Trial } from './trial.js';

/** The tries that were made: a file with a line of JSON for each, so that a run continues where the last one stopped. */
export interface Line extends Trial {
  readonly seed: number;
  readonly try: number;
  /** The written evasions and the operators that the numbers are of. */
  readonly plan: string;
  readonly commit: string;
  readonly class: string;
  readonly evasion: string;
  readonly changes: readonly Change[];
}

/** Reads the lines of a state. One that was cut off by the end of a run is passed over: its try is made again. */
export function readState(path: string): Line[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return text === '' ? [] : [JSON.parse(text) as Line];
      } catch {
        return [];
      }
    });
}

/** Adds lines to a state. */
export function appendLines(path: string, lines: readonly Line[]): void {
  if (lines.length === 0) return;
  mkdirSync(dirname(path), { recursive: true });
  // A line before them can have been cut off.
  const isCut = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
  appendFileSync(path, `${isCut ? '\n' : ''}${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`);
}
