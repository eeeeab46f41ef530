import { visibleLine } from '../../lib/visible-text.js';

/** Returns a text of a bundle on one line, as a terminal can show it, cut to at most that many of its characters. */
export function oneLine(text: string, mostCharacters: number): string {
  return visibleLine(
    text
      .slice(0, 4 * mostCharacters)
      .replace(/\s+/g, ' ')
      .trim(),
    mostCharacters,
  );
}
