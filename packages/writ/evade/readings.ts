import { domainToASCII } from 'node:url';
import { DIGIT_WORDS, LOOKALIKES, rotated, turned, ZEROS } from './letters.js';

/**
 * Reads values as those do who get them: a mail program, a browser, a bank, a person or a model. Nothing here knows how a mutation
 * was made, and nothing of it is used to decide.
 */

const LOOKS_LIKE = new Map(Object.entries(LOOKALIKES).map(([plain, other]) => [other, plain]));
const UNSEEN = /\p{Default_Ignorable_Code_Point}|\p{Cc}(?<![\n\t ])/gu;
/** The most readings of one text. */
const MAX_READINGS = 60;
const DEPTH = 2;

/** Returns the letters and digits of a text as a person reads them, and nothing else. */
export function squeezed(text: string): string {
  const folded = text.normalize('NFKD').replace(UNSEEN, '').toLowerCase();
  return [...folded]
    .map((c) => digitOf(c) ?? LOOKS_LIKE.get(c) ?? c)
    .join('')
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function digitOf(c: string): string | undefined {
  const code = c.codePointAt(0) as number;
  const zero = ZEROS.find((one) => code >= one && code < one + 10);
  return zero === undefined ? undefined : String(code - zero);
}

type Decoder = (text: string) => string;

/** Signs that a mail program shows as others, and words that a person reads as signs. */
const SHOWN: readonly Decoder[] = [
  (text) => text.replace(/(?:%[0-9a-f]{2})+/gi, unescaped),
  (text) =>
    text
      .replace(/&#(\d{1,7});/g, (_, code: string) => characterOf(Number(code)))
      .replace(/&#x([0-9a-f]{1,6});/gi, (_, code: string) => characterOf(Number.parseInt(code, 16)))
      .replace(/&nbsp;/g, ' ')
      .replace(/&amp;/g, '&'),
  (text) => text.replace(/<[^<>]{1,200}>/g, ' '),
  (text) =>
    text
      .replace(/\s*[[(]?\b(?:at)\b[\])]?\s*/gi, '@')
      .replace(/\s*[[(]?\b(?:dot)\b[\])]?\s*/gi, '.')
      .replace(/\s*\bslash\b\s*/gi, '/')
      .replace(/hxxp/gi, 'http'),
  (text) => text.replace(new RegExp(`\\b(?:${DIGIT_WORDS.join('|')})\\b`, 'gi'), (word) => numberOf(word)),
  (text) => text.replace(/(?<![0-9])0+(?=[0-9])/g, ''),
];
/** Codes that a model reads, and a person who is knows them. */
const CODES: readonly Decoder[] = [
  (text) => text.replace(/[A-Za-z0-9+/]{8,}={0,2}/g, (code) => Buffer.from(code, 'base64').toString()),
  turned,
  rotated,
  (text) => text.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => characterOf(Number.parseInt(code, 16))),
];
const DECODERS = { person: SHOWN, model: [...SHOWN, ...CODES] } as const;

/** Somebody who reads a text. */
export type Reader = keyof typeof DECODERS;

function numberOf(word: string): string {
  return String(DIGIT_WORDS.indexOf(word.toLowerCase()));
}

function characterOf(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

function unescaped(text: string): string {
  return Buffer.from(text.replaceAll('%', ''), 'hex').toString();
}

/** Returns a text as it stands, and as it reads when one or two codes are taken off it. */
function readingsOf(text: string, reader: Reader): readonly string[] {
  const all = new Set([text]);
  let last = [text];
  for (let depth = 0; depth < DEPTH; depth += 1) {
    last = last.flatMap((one) => DECODERS[reader].map((decode) => decode(one))).filter((one) => !all.has(one));
    for (const one of last) if (all.size < MAX_READINGS) all.add(one);
  }
  return [...all];
}

/** Returns whether a reader finds a meaning in a text. */
export function isReadIn(text: string, meaning: string, reader: Reader): boolean {
  return readingsOf(text, reader).some((one) => squeezed(one).includes(meaning));
}

/** Returns what an address, an account, a path or an id leads to: one or more, as a list of addressees. */
export function meaningsOf(value: string | number, kind: string | undefined): readonly string[] {
  const text = String(value);
  switch (kind) {
    case 'email':
      return mailboxesIn(text);
    case 'url':
      return [pageOf(text)];
    case 'iban':
      return text.split(/[,;\n]/).map((one) => one.normalize('NFC').replace(/[\s-]/g, '').toUpperCase());
    case 'path':
      return [pathOf(text)];
    default:
      return text
        .trim()
        .split(/[,;\s]+/)
        .map((one) => one.replace(/^["'[({]+|["'\])}]+$/g, '').replace(/^0+(?=[0-9]+$)/, ''))
        .filter((one) => one !== '');
  }
}

/** Reads a list of addressees (RFC 5322): names, comments and links are taken off, and hosts are those of IDNA. */
function mailboxesIn(text: string): string[] {
  const link = /^\s*mailto:([^?]*)(?:\?(.*))?$/is.exec(text);
  const all = link === null ? text : `${unescapedText(link[1] ?? '')},${moreIn(link[2] ?? '')}`;
  return all.split(/[,;\r\n]+/).flatMap((one) => {
    const bare = (/<([^<>]*)>\s*$/.exec(one)?.[1] ?? one)
      .replace(/^\s*(?:to|cc|bcc):/i, '')
      .replace(/\([^()]*\)/g, '')
      .replace(/^"([^"]*)"@/, '$1@')
      .trim();
    const at = bare.lastIndexOf('@');
    if (at < 1) return [];
    const host = domainToASCII(bare.slice(at + 1).replace(/\.$/, ''));
    return host === '' ? [] : [`${bare.slice(0, at).normalize('NFC').toLowerCase()}@${host}`];
  });
}

function moreIn(query: string): string {
  return query
    .split('&')
    .map((one) => unescapedText(one.replace(/^(?:to|cc|bcc)=/i, '')))
    .join(',');
}

function unescapedText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads an address as a browser does (WHATWG URL): the place it leads to, without names, ports of its scheme and fragments. */
function pageOf(text: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(text.trim()) ? text : `https://${text}`;
  if (!URL.canParse(whole)) return text.trim();
  const { protocol, hostname, port, pathname, search } = new URL(whole);
  return `${protocol}//${hostname.replace(/\.$/, '')}${port === '' ? '' : `:${port}`}${unescapedText(pathname)}${search}`;
}

function pathOf(text: string): string {
  const parts: string[] = [];
  const plain = unescapedText(text.trim().replace(/^file:(?:\/\/)?/i, '')).replaceAll('\\', '/');
  for (const part of plain.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${plain.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}
