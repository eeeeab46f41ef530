import type { Scalar } from 'yaml';

/**
 * Returns where a character of a text stands in the YAML that it is read from.
 *
 * Line breaks and indentation can be read as other white space, or as none, and every other character stays one. The characters that
 * are no white space are therefore counted, in the text and in the source.
 *
 * @param source the whole file
 * @param offset of the character in the text, in UTF-16 units; at most its length
 */
export function offsetInScalar(source: string, { value, type, range }: Scalar, offset: number): number {
  const [start, end] = range ?? [0, 0];
  const text = String(value);
  const written = source.slice(start, end);
  const isBlock = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
  const from = isBlock ? written.indexOf('\n') + 1 : type === 'PLAIN' ? 0 : 1;
  const before = text.slice(0, offset);
  const solid = before.replace(/\s/g, '').length;
  const after = place(written, from, solid, type);
  const isAtSpace = offset >= text.length || /\s/.test(text.charAt(offset));
  // Within white space, the place counts from the character before it.
  if (isAtSpace) return start + Math.min(after + before.length - before.trimEnd().length, written.length);
  return start + skipSpace(written, after, type);
}

/** Returns the offset after a number of characters that are no white space. */
function place(written: string, from: number, count: number, type: Scalar['type']): number {
  let at = from;
  for (let seen = 0; seen < count && at < written.length; ) {
    const { length, characters } = unitAt(written, at, type);
    at += length;
    seen += characters;
  }
  return at;
}

function skipSpace(written: string, from: number, type: Scalar['type']): number {
  let at = from;
  while (at < written.length) {
    const { length, characters } = unitAt(written, at, type);
    if (characters > 0) break;
    at += length;
  }
  return at;
}

const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))/y;
/** The escapes that are white space: tab, line breaks, spaces, and the end of a line that continues. */
const SPACES = new Set(['t', '\t', 'n', 'v', 'f', 'r', ' ', '_', 'L', 'P', '\n', '\r']);

/** Returns the length of what stands for the next character, and how many UTF-16 units that are no white space it is. */
function unitAt(written: string, at: number, type: Scalar['type']): { length: number; characters: number } {
  if (type === 'QUOTE_SINGLE' && written.startsWith("''", at)) return { length: 2, characters: 1 };
  ESCAPE.lastIndex = at;
  const escaped = type === 'QUOTE_DOUBLE' ? ESCAPE.exec(written) : null;
  if (escaped === null) return { length: 1, characters: /\s/.test(written.charAt(at)) ? 0 : 1 };
  const [{ length }, x, u, U, plain] = escaped;
  if (plain !== undefined) return { length, characters: SPACES.has(plain) ? 0 : 1 };
  const code = Number.parseInt(x ?? u ?? U ?? '', 16);
  const character = code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  return { length, characters: /\s/.test(character) ? 0 : character.length };
}
