/**
 * The lexical rules that the official parser has (Cedar grammar, "Lexical grammar"), for what reads policy text beside
 * it. A comment ends at CR or LF. White space is Unicode's, which has NEL and not the byte order mark.
 */

const COMMENT = /\/\/[^\n\r]*/;
const STRING = /"(?:[^"\\]|\\[\s\S])*"/;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/;
const INTEGER = /[0-9]+/;
const OTHER = /\uFEFF|[^\s\u0085]/;

/** Returns a global pattern of the tokens and comments of a text: those of `more` before single characters. */
export function tokenPattern(...more: readonly RegExp[]): RegExp {
  return new RegExp([COMMENT, STRING, IDENTIFIER, INTEGER, ...more, OTHER].map(({ source }) => source).join('|'), 'g');
}

const RESERVED = new Set(['true', 'false', 'if', 'then', 'else', 'in', 'is', 'like', 'has', '__cedar']);
const WHOLE_IDENTIFIER = new RegExp(`^${IDENTIFIER.source}$`);

/** Returns whether a text can be the name of an annotation; reserved words can. */
export function isIdentifier(text: string): boolean {
  return WHOLE_IDENTIFIER.test(text);
}

/** Returns whether a text is the name of a type: identifiers that are not reserved, joined by `::`. */
export function isTypeName(text: string): boolean {
  return text.split('::').every((part) => isIdentifier(part) && !RESERVED.has(part));
}
