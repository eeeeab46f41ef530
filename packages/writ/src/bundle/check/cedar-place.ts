import { positionAt } from '@writ/cedar';

/**
 * Returns the place of the last of some words that stand one after another in a Cedar text, outside of comments; of the last that is
 * found, if not all are. A schema keeps no places, so this is the best there is: with a common type it is the first use of the word.
 */
export function placeOfWords(text: string, words: readonly PropertyKey[]): { line: number; column: number } {
  const plain = text.replace(/\/\/[^\n]*/g, (comment) => ' '.repeat(comment.length));
  let found = 0;
  let from = 0;
  for (const word of words) {
    const at = indexOfWord(plain, String(word), from) ?? indexOfWord(plain, String(word), 0);
    if (at === undefined) continue;
    found = at;
    from = at + String(word).length;
  }
  return positionAt(text, found);
}

function indexOfWord(text: string, word: string, from: number): number | undefined {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`(?<![\\w@])${escaped}(?!\\w)`, 'g');
  match.lastIndex = from;
  return match.exec(text)?.index;
}
