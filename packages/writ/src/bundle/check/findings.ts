import { placeOfWords } from './cedar-place.js';
import type { Finding } from './finding.js';
import { overlaidPart } from './overlaid-part.js';
import { keyAt, type Place, type YamlPart, YamlPlaces } from './yaml-places.js';

/**
 * A place in a file: an offset (UTF-16 units); a line and a column; a key or a value of a YAML or JSON file, by {@link keyAt} or
 * `valueAt`; or the way to a key alone. In a Cedar file, the way is words, from the outermost in.
 */
export type At = number | Place | readonly PropertyKey[] | YamlPart;

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
  private readonly yaml = new Map<string, YamlPlaces>();

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
            this.all.push({ severity, code, ...this.placeOf(file, at), message, help });
          };
        return { error: add('error'), warning: add('warning') };
      },
    };
  }

  private placeOf(file: string, at: At): Pick<Finding, 'file' | 'line' | 'column'> {
    const text = this.texts.get(file) ?? '';
    if (typeof at === 'number') return { file, ...this.placeAt(file, text, at) };
    if ('line' in at) return { file, line: at.line, column: at.column };
    const part = 'part' in at ? at : keyAt(at);
    if (file.includes('.cedar')) return { file, ...placeOfWords(text, part.path) };
    const changed = overlaidPart(this.texts, file, part.path);
    if (changed !== undefined && this.placesIn(changed.file).hasLeaf(changed.path))
      return { file: changed.file, ...this.placesIn(changed.file).placeOf({ ...part, path: changed.path }) };
    return { file, ...this.placesIn(file).placeOf(part) };
  }

  private placesIn(file: string): YamlPlaces {
    let places = this.yaml.get(file);
    if (places === undefined) {
      places = new YamlPlaces(this.texts.get(file) ?? '');
      this.yaml.set(file, places);
    }
    return places;
  }

  private placeAt(file: string, text: string, offset: number): Place {
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
