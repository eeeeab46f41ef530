/**
 * Returns a text as a terminal can show it, with invisible characters as their numbers: none moves the cursor, changes colours or
 * reverses the order of what is read. Ends of lines stay.
 *
 * @example visibleText('a\u202Eb') // 'a<U+202E>b'
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => `<U+${numberOf(character)}>`);
}

/** Returns a text on one line, as {@link visibleText} does, cut to at most that many characters of its own. */
export function visibleLine(text: string, mostCharacters: number): string {
  const start = [...text.slice(0, 2 * mostCharacters + 2)];
  const isCut = start.length > mostCharacters;
  const shown = visibleText((isCut ? start.slice(0, mostCharacters) : start).join('')).replaceAll('\n', '<U+000A>');
  return isCut ? `${shown}…` : shown;
}

const INVISIBLE = /[^\P{C}\n]|[\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0]|[\u{E0100}-\u{E01EF}]/gu;

function numberOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
