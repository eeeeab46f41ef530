import { positionAt } from '@writ/cedar';
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
    if (typeof at === 'number') return positionAt(text, at);
    if ('line' in at) return at;
    return file.includes('.cedar') ? placeOfWords(text, at) : placeOfPath(text, at);
  }
}
