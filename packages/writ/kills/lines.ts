/** A file with a line of JSON for each try that was made, so that a run continues where the last one stopped. */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Reads the lines of a file. One that was cut off by the end of a run is left out: its try is made again. */
export function readLines<Line>(path: string): Line[] {
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

/** Adds lines to a file. */
export function appendLines(path: string, lines: readonly object[]): void {
  if (lines.length === 0) return;
  mkdirSync(dirname(path), { recursive: true });
  // A line before them can have been cut off.
  const isCut = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'));
  appendFileSync(path, `${isCut ? '\n' : ''}${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`);
}
