import { RE2JS } from 're2js';
import type { Work } from './work.js';

/** In characters, of all patterns of a schema with their repetitions written out: compiling takes long. */
const MAX_SIZE_OF_ALL = 10_000;
/** The size of a pattern that takes a step for each character of a text. */
const SIZE_OF_A_STEP = 8;

interface Pattern {
  readonly size: number;
  /** Undefined for a pattern that needs more than linear time (look-around, back references), or is too large. */
  readonly compiled: RE2JS | undefined;
}

/** The patterns of one schema, in linear time: pattern and text come from strangers, who together must not block. */
export class Patterns {
  private readonly known = new Map<string, Pattern>();
  private left = MAX_SIZE_OF_ALL;

  /** Returns whether a text has the pattern. One that cannot be looked for is left to the server. @throws {TooMuchWork} */
  fits(pattern: string, text: string, work: Work): boolean {
    let known = this.known.get(pattern);
    if (known === undefined) {
      const size = sizeOf(pattern);
      this.left -= size;
      known = { size, compiled: this.left < 0 ? undefined : compiled(pattern) };
      this.known.set(pattern, known);
    }
    work.take(1);
    if (known.compiled === undefined) return true;
    work.take(Math.ceil((text.length * known.size) / SIZE_OF_A_STEP));
    return known.compiled.test(text);
  }
}

function compiled(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch {
    return undefined;
  }
}

/** Returns the size of a pattern with its repetitions written out, at most: as if each were in all the others. */
function sizeOf(pattern: string): number {
  let size = pattern.length + 1;
  for (const [, least = '1', most = ''] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    size *= Math.max(Number(least), Number(most), 1);
    if (size > MAX_SIZE_OF_ALL) break;
  }
  return size;
}
