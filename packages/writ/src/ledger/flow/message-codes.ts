import { linksIn } from './links.js';

/** The codes and links of a message, and the domain of its sender. They are found where the answer is read. */
export interface SentMessage {
  readonly by: string;
  readonly codes: readonly string[];
  /** To the sender's domain. */
  readonly links: readonly string[];
}

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
/** The most words, codes and links of a message that are looked at. */
const MAX_FOUND = 50;

/** Returns the codes in a message. */
function codesIn(text: string): readonly string[] {
  if (text.length > MAX_MESSAGE) return [];
  const words = [...text.matchAll(CODE_WORD)]
    .slice(0, MAX_FOUND)
    .map(({ index, 0: word }) => ({ start: index, end: index + word.length }));
  if (words.length === 0) return [];
  const found = [...text.matchAll(CODE)].filter(({ index, 0: code }) =>
    words.some(({ start, end }) => index < end + NEAR && start < index + code.length + NEAR),
  );
  return [...new Set(found.map(({ 0: code }) => codeForm(code)))].slice(0, MAX_FOUND);
}

/** Returns the codes and links of a message; undefined if it has none. */
export function messageOf(text: string, by: string): SentMessage | undefined {
  const codes = codesIn(text);
  const links = text.length > MAX_MESSAGE ? [] : linksIn(text).flatMap((link) => linkForm(link) ?? []);
  const own = links.filter(({ hostname }) => isOfService(hostname, by)).map(({ href }) => href);
  if (codes.length + own.length === 0) return undefined;
  return { by, codes, links: [...new Set(own)].slice(0, MAX_FOUND) };
}

/** Returns whether a host is of the service that a sender's domain is of: the same, or within it. */
export function isOfService(host: string, sender: string): boolean {
  const plain = host.replace(/^www\./, '');
  return sender.includes('.') && (plain === sender || plain.endsWith(`.${sender}`));
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
