import { linksIn } from './links.js';

/** A longer text is a page, and no message with a code. */
const MAX_MESSAGE = 64 * 1024;
/** A word that says that a code follows, or was before. */
const CODE_WORD =
  /(?<!\p{L})(?:codes?|passcodes?|pass[ -]?phrases?|passwords?|pins?|otps?|tokens?|kennw[oö]rt\p{L}*|passw[oö]rt\p{L}*)(?!\p{L})/giu;
/** A code: digits, also in two groups, or capitals with digits. */
const CODE =
  /(?<![\p{L}\p{N}@./_-])(?:[0-9]{3}[ -][0-9]{3}|[0-9]{4,10}|(?=[A-Z-]{0,20}[0-9])(?=[0-9-]{0,20}[A-Z])[A-Z0-9]{3,12}(?:-[A-Z0-9]{3,12}){0,3})(?![\p{L}\p{N}@/_-]|[.,][0-9])/gu;
/** The most characters between the word and the code. */
const NEAR = 80;

/** Returns the codes in a message. */
export function codesIn(text: string): readonly string[] {
  if (text.length > MAX_MESSAGE) return [];
  const words = [...text.matchAll(CODE_WORD)].map(({ index, 0: word }) => ({ start: index, end: index + word.length }));
  if (words.length === 0) return [];
  const found = [...text.matchAll(CODE)].filter(({ index, 0: code }) =>
    words.some(({ start, end }) => index < end + NEAR && start < index + code.length + NEAR),
  );
  return [...new Set(found.map(({ 0: code }) => codeForm(code)))];
}

/** Returns the form that all writings of a code share. */
export function codeForm(code: string): string {
  return code.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();
}

/** Returns an address as a browser follows it; undefined for any other text. */
export function linkForm(link: string): URL | undefined {
  const text = link.trim();
  if (!/^https:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  // A reader of the address must not take another part of it for the host.
  return url.username === '' && url.password === '' && !text.includes('\\') ? url : undefined;
}

/** Returns the `https` addresses in a message. */
export function linksToHttps(text: string): readonly URL[] {
  return text.length > MAX_MESSAGE ? [] : linksIn(text).flatMap((link) => linkForm(link) ?? []);
}
