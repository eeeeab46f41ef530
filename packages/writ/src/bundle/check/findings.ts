import { placeOfWords } from './cedar-place.js';
import type { Finding } from './finding.js';
import { placeOfPath } from './yaml-place.js';

/**
 * A place in a file: an offset (UTF-16 units); a line and a column; or the way to it, which is the keys of a YAML or JSON file, and
 * the words of a Cedar file, from the outermost in.
 */
export type At = number | { readonly line: number; readonly column: number } | readonly PropertyKey[];

/** Adds findings of one code in one file. */
interface FileFindings {
  error(message: string, help: string | undefined, at: At): undefined;
  warning(message: string, help: string | undefined, at: At): undefined;
}

/** Adds findings of one code. */
export interface Find {
  in(file: string): FileFindings;
}

/** The one maker of findings. */
export class Findings {
  readonly all: Finding[] = [];
  /** The offsets of the lines of a file: each of thousands of findings in it has a place. */
  private readonly lines = new Map<string, readonly number[]>();

  /** @param texts the texts of the bundle, by file */
  constructor(private readonly texts: ReadonlyMap<string, string>) {}

  get hasErrors(): boolean {
    return this.all.some(({ severity }) => severity === 'error');
  }

  /** Returns what adds findings of a code. */
  of(code: string): Find {
    return {
      in: (file) => {
        const add =
          (severity: Finding['severity']) =>
          (message: string, help: string | undefined, at: At): undefined => {
            const { line, column } = this.placeOf(file, at);
            this.all.push({ severity, code, file, line, column, message, help });
          };
        return { error: add('error'), warning: add('warning') };
      },
    };
  }

  private placeOf(file: string, at: At): { line: number; column: number } {
    const text = this.texts.get(file) ?? '';
    if (typeof at === 'number') return this.placeAt(file, text, at);
    if ('line' in at) return at;
    return file.includes('.cedar') ? placeOfWords(text, at) : placeOfPath(text, at);
  }

  private placeAt(file: string, text: string, offset: number): { line: number; column: number } {
    let lines = this.lines.get(file);
    if (lines === undefined) {
      lines = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
      this.lines.set(file, lines);
    }
    let [first, after] = [0, lines.length];
    while (after - first > 1) {
      const middle = (first + after) >> 1;
      if ((lines[middle] as number) <= offset) first = middle;
      else after = middle;
    }
    return { line: first + 1, column: offset - (lines[first] as number) + 1 };
  }
}
