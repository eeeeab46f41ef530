import { plainForm } from './normal-form.js';

/**
 * Text that somebody else dictated, in whatever dress: in quotation marks, with a greeting, in tags, with other points or characters
 * that nobody sees. A text of the agent itself shares words with others, but not a run of most of its own.
 */

/** A shorter text is found as it is, or is of words that everybody uses. */
const MIN_RUN = 4;
/** The share of its words that a dictated text has in one run. */
const MOST = 0.6;
/** The most words of a content that are looked at. */
const MAX_WORDS = 2_000;
/** The most words that are compared. */
const MAX_STEPS = 1_000_000;
const ESCAPES = /(?:%[0-9a-f]{2})+/gi;
const HIDDEN = /\p{Default_Ignorable_Code_Point}/gu;
/** The space between two letters that stand alone, as in `l i k e   t h i s`. */
const GAPS = /(?<![\p{L}\p{N}])(\p{L}) (?=\p{L}(?![\p{L}\p{N}]))/gu;
const TAGS = /<\/?[a-z][^<>]{0,200}>/gi;
const ENTITIES: Readonly<Record<string, string>> = { nbsp: ' ', amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Returns the words of a text as they are read: without tags, entities, and characters that nobody sees. */
export function readWords(text: string): readonly string[] {
  const plain = text
    .replace(ESCAPES, decoded)
    .replace(TAGS, ' ')
    .replace(/&(?:#([0-9]{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (found, decimal, hexadecimal, name) =>
      name === undefined
        ? characterOf(decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal))
        : (ENTITIES[name.toLowerCase()] ?? found),
    )
    .replace(HIDDEN, '')
    .replace(GAPS, '$1');
  return plainForm(plain).match(/[\p{L}\p{N}]+/gu) ?? [];
}

function decoded(escapes: string): string {
  return Buffer.from(escapes.replaceAll('%', ''), 'hex').toString();
}

function characterOf(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
}

/** The words of a content, as they are looked for in the texts of others. */
export class Dictated {
  private readonly least: number;

  private constructor(
    private readonly words: readonly string[],
    /** A word that every run of most of the words has, and its place: the longest, which is in the fewest texts. */
    readonly core: string,
    private readonly at: number,
  ) {
    this.least = leastOf(words.length);
  }

  /** @returns undefined if it has too few words to be known again, or too many */
  static of(content: string): Dictated | undefined {
    const words = readWords(content);
    const least = leastOf(words.length);
    if (words.length < least || words.length > MAX_WORDS) return undefined;
    let at = words.length - least;
    for (let i = at; i < least; i += 1) if ((words[i] as string).length > (words[at] as string).length) at = i;
    return new Dictated(words, words[at] as string, at);
  }

  /** Returns whether a text has most of the words in one run. */
  isFrom(text: readonly string[]): boolean {
    let steps = 0;
    for (let i = text.indexOf(this.core); i !== -1; i = text.indexOf(this.core, i + 1)) {
      let [first, last] = [0, 0];
      while (this.words[this.at - first - 1] !== undefined && this.words[this.at - first - 1] === text[i - first - 1])
        first += 1;
      while (this.words[this.at + last + 1] !== undefined && this.words[this.at + last + 1] === text[i + last + 1])
        last += 1;
      steps += first + last;
      // No honest text repeats itself as often.
      if (first + last + 1 >= this.least || steps > MAX_STEPS) return true;
    }
    return false;
  }
}

function leastOf(count: number): number {
  return Math.max(MIN_RUN, Math.ceil(count * MOST));
}
