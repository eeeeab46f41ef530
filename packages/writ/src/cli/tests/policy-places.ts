import type { Policy } from '@writ/cedar';
import type { Bundle } from '../../bundle/bundle.js';

/** A place in a file of a bundle. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** The policies of a bundle with their texts, and where these stand. */
export class PolicyPlaces {
  /** By id, in the order of the bundle. */
  readonly policies: ReadonlyMap<string, Policy>;
  private readonly files = new Map<string, string>();
  private readonly lines = new Map<string, readonly number[]>();

  constructor(private readonly bundle: Pick<Bundle, 'policies' | 'sources' | 'texts'>) {
    const sources = new Map(bundle.sources.map((source) => [source.id, source]));
    const policies = new Map<string, Policy>();
    for (const policy of bundle.policies.asts) {
      const source = sources.get(policy.id);
      if (source === undefined) continue;
      const text = bundle.texts.get(source.file) ?? '';
      const { offset: start } = source;
      policies.set(policy.id, { ...policy, source: { text, start, end: start + source.source.length } });
      this.files.set(policy.id, source.file);
    }
    this.policies = policies;
  }

  /** Returns the place of an offset in the file of a policy; of the policy itself if there is no offset. */
  placeIn({ id, source }: Pick<Policy, 'id' | 'source'>, offset = source?.start ?? 0): Place {
    const file = this.files.get(id) ?? 'policies';
    const lines = this.linesOf(file);
    let [first, after] = [0, lines.length];
    while (after - first > 1) {
      const middle = (first + after) >> 1;
      if ((lines[middle] as number) <= offset) first = middle;
      else after = middle;
    }
    return { file, line: first + 1, column: offset - (lines[first] as number) + 1 };
  }

  private linesOf(file: string): readonly number[] {
    let lines = this.lines.get(file);
    if (lines === undefined) {
      const text = this.bundle.texts.get(file) ?? '';
      lines = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
      this.lines.set(file, lines);
    }
    return lines;
  }
}

/** Returns the text of a condition on one line, without its comments. */
export function conditionText(text: string): string {
  return text
    .replace(/"(?:[^"\\]|\\[\s\S])*"|\/\/[^\n\r]*/g, (part) => (part.startsWith('"') ? part : ''))
    .replace(/"(?:[^"\\]|\\[\s\S])*"|\s+/g, (part) => (part.startsWith('"') ? part : ' '))
    .trim();
}
