import { stemmer } from 'stemmer';
import { wordsOf } from './normal-form.js';

/** The most words of a prompt of which the stem is found: some milliseconds. A word past that asks for nothing. */
const MAX_STEMMED = 20_000;

/**
 * The words of a prompt by their stems. A stem begins as its word does, so that only the words that can have a stem are looked at
 * when something asks for it.
 */
export class PromptStems {
  private byLetter: ReadonlyMap<string, readonly string[]> | undefined;
  private readonly stems = new Map<string, ReadonlySet<string>>();
  private stemmed = 0;

  constructor(private readonly prompt: string) {}

  /** Returns whether a word has this stem. */
  has(stem: string): boolean {
    const letter = stem.charAt(0);
    let stems = this.stems.get(letter);
    if (stems === undefined) {
      this.byLetter ??= wordsByLetter(this.prompt);
      const words = (this.byLetter.get(letter) ?? []).slice(0, MAX_STEMMED - this.stemmed);
      this.stemmed += words.length;
      stems = new Set(words.map((word) => stemmer(word)));
      this.stems.set(letter, stems);
    }
    return stems.has(stem);
  }
}

/** Returns the different words of a text by their first character. */
function wordsByLetter(text: string): ReadonlyMap<string, readonly string[]> {
  const byLetter = new Map<string, string[]>();
  for (const word of new Set(wordsOf(text))) {
    const letter = word.charAt(0);
    const words = byLetter.get(letter);
    if (words === undefined) byLetter.set(letter, [word]);
    else words.push(word);
  }
  return byLetter;
}
