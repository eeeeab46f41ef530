import { SCHEME } from '../../lib/domain.js';
import { type Currency, currencyBeside } from './prompt-currencies.js';
import { DATE, dateIn } from './prompt-dates.js';
import { numbersIn } from './prompt-numbers.js';

/** A kind of value that a prompt can name. */
export type NamedKind = 'email' | 'url' | 'iban' | 'amount' | 'date' | 'id';

/** A value that a prompt names, and the words that name it. */
export interface NamedValue {
  readonly kind: NamedKind;
  /** In the one form that values of the kind are compared in. */
  readonly value: string;
  /** As the prompt has it. */
  readonly text: string;
  /** Its place in the prompt (UTF-16 units). */
  readonly at: number;
  /** Of an amount. */
  readonly currency?: Currency | undefined;
  /** Of an id: the noun before it, in lower case; empty if it has quotes, a # or digits alone for an anchor. */
  readonly noun?: string;
}

/** A number, or a text with digits, that names nothing as far as it is understood. */
export interface UnclearValue {
  readonly text: string;
  readonly at: number;
  readonly why: string;
}

export interface NamedInPrompt {
  readonly values: readonly NamedValue[];
  readonly unclear: readonly UnclearValue[];
  /** Whether the prompt is too long to say what it names: it then names nothing. */
  readonly isTooLong: boolean;
}

/** Others are decided on in the same thread: a prompt of this length takes some milliseconds. */
const MAX_PROMPT = 16 * 1024;
/** A prompt with more values is a document. */
const MAX_VALUES = 200;
const TOO_LONG: NamedInPrompt = { values: [], unclear: [], isTooLong: true };

/** Every repetition has a bound: the writer of the text must not choose how long it takes. */
const EMAIL =
  /(?<![\p{L}\p{N}.@_%+-])[\p{L}\p{N}_][\p{L}\p{N}_.+'-]{0,63}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const URL_TEXT =
  /(?<![\p{L}\p{N}@._-])(?:[a-z][a-z0-9+.-]{0,20}:\/\/|www\.)[^\s<>"'`)\]}|]{1,2000}|(?<![\p{L}\p{N}@._/-])(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|io|dev|app|co|me|info|biz|xyz|ru|cn|uk|de|fr|ch|eu|us|example)(?![\p{L}\p{N}_.-]*[\p{L}\p{N}])(?:\/[^\s<>"'`)\]}|]{0,2000})?/giu;
const IBAN = /(?<![\p{L}\p{N}])[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{1,4}){3,9}(?![\p{L}\p{N}])/gu;
const QUOTED = /(?<![\p{L}\p{N}])(?:"[^"\n]{1,200}"|'[^'\n]{1,200}'|“[^”\n]{1,200}”|`[^`\n]{1,200}`|«[^»\n]{1,200}»)/gu;
const WITH_DIGITS =
  /(?<![\p{L}\p{N}@._/-]|[0-9][,])(?=[\p{L}_-]{0,20}[0-9])[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}])?(?![\p{L}\p{N}@]|[.,][0-9])/gu;

/** Returns the values that a prompt names, with their places, and what of it is unclear. */
export function namedIn(prompt: string): NamedInPrompt {
  return prompt.length > MAX_PROMPT ? TOO_LONG : readNamed(prompt);
}

function readNamed(prompt: string): NamedInPrompt {
  const taken = new Uint8Array(prompt.length);
  const values: NamedValue[] = [];
  const unclear: UnclearValue[] = [];
  let isFull = false;
  const take = (at: number, length: number): boolean => {
    if (taken.subarray(at, at + length).includes(1)) return false;
    isFull ||= values.length + unclear.length >= MAX_VALUES;
    if (isFull) return false;
    taken.fill(1, at, at + length);
    return true;
  };
  for (const { index: at, 0: found } of prompt.matchAll(EMAIL)) {
    const text = trimmed(found);
    if (take(at, text.length)) values.push({ kind: 'email', value: emailForm(text), text, at });
  }
  for (const { index: at, 0: found } of prompt.matchAll(URL_TEXT)) {
    const text = trimmed(found);
    if (take(at, text.length)) values.push({ kind: 'url', value: urlForm(text), text, at });
  }
  for (const { index: at, 0: found } of prompt.matchAll(IBAN)) {
    const text = accountIn(found);
    if (take(at, text.length)) values.push({ kind: 'iban', value: accountForm(text), text, at });
  }
  for (const { index: at, 0: text } of prompt.matchAll(DATE)) {
    const value = dateIn(text);
    if (!take(at, text.length)) continue;
    if (value === undefined) unclear.push({ text, at, why: 'the date can be read in two ways, or has no year' });
    else values.push({ kind: 'date', value, text, at });
  }
  for (const { start, end, sense, form } of numbersIn(prompt)) {
    if (sense === 'plain' || sense === 'identifier') continue;
    const beside = sense === 'amount' ? currencyBeside(prompt, start, end) : undefined;
    const [at, until] = beside?.span ?? [start, end];
    if (!take(at, until - at)) continue;
    const text = prompt.slice(at, until);
    if (beside !== undefined) values.push({ kind: 'amount', value: form, text, at, currency: beside.currency });
    else if (sense === 'amount') unclear.push({ text, at, why: 'it is a part, and no amount' });
  }
  addIds(prompt, take, values, unclear);
  if (isFull) return TOO_LONG;
  return {
    values: values.sort((a, b) => a.at - b.at),
    unclear: unclear.sort((a, b) => a.at - b.at),
    isTooLong: false,
  };
}

/** Adds the identifiers: what has quotes or digits, and a noun before it. */
function addIds(
  prompt: string,
  take: (at: number, length: number) => boolean,
  values: NamedValue[],
  unclear: UnclearValue[],
): void {
  const quoted = [...prompt.matchAll(QUOTED)].map(({ index, 0: text }) => ({
    at: index + 1,
    text: text.slice(1, -1),
    isQuoted: true,
  }));
  const plain = [...prompt.matchAll(WITH_DIGITS)].map(({ index, 0: text }) => ({ at: index, text, isQuoted: false }));
  let before: { readonly end: number; readonly noun: string } | undefined;
  for (const { at, text, isQuoted } of [...quoted, ...plain].sort((a, b) => a.at - b.at)) {
    if (!take(at, text.length)) continue;
    const noun = isNext(prompt, before?.end, at) ? before?.noun : nounBefore(prompt, at);
    if (noun === undefined && !isQuoted && !isLong(text)) {
      unclear.push({ text, at, why: 'nothing before it says what it is' });
      continue;
    }
    before = { end: at + text.length, noun: noun ?? '' };
    values.push({ kind: 'id', value: text.trim(), text, at, noun: noun ?? '' });
  }
}

/** Returns whether a value is the next of a list. */
function isNext(prompt: string, end: number | undefined, at: number): boolean {
  if (end === undefined || at - end > 12) return false;
  return /^['"”`»]?\s?(?:,|,?\s?(?:and|or|&|und|et|y)\s|\/)\s?#?['"“`«]?$/u.test(prompt.slice(end, at));
}

/** Words that say that an identifier follows, and not of what. */
const GENERIC = new Set([
  'id',
  'ids',
  'identifier',
  'number',
  'numbers',
  'no',
  'nr',
  'num',
  'ref',
  'reference',
  'named',
  'called',
  'name',
  'titled',
  'is',
  'with',
  'the',
]);
/** Words that no identifier belongs to. */
const NO_NOUN = new Set(
  'a about after all also an and any are as at be before but by can do every for from get give has have he her him his if in into it its just make me more my next not of off on one only or our out over pay please say send set she show so some take tell than that their them then there these they this those to until up us use was we when where which who will you your'.split(
    ' ',
  ),
);

/** Returns the noun that a value stands behind: `order` in "order no. 17". Empty if there is an anchor and no noun. */
function nounBefore(prompt: string, at: number): string | undefined {
  const before = prompt.slice(Math.max(0, at - 100), at);
  const isMarked = /#\s?['"“`«]?$/u.test(before);
  const words = before.match(/(?:\p{L}+\.?|[^\p{L}\s]+)/gu) ?? [];
  let isGeneric = false;
  for (const word of words.toReversed().slice(0, 5)) {
    if (!/\p{L}/u.test(word)) {
      if (/^[:#=('"“`«]{1,4}$/u.test(word)) continue;
      break;
    }
    const plain = word.replace(/\.$/, '').toLowerCase();
    if (GENERIC.has(plain)) {
      isGeneric ||= plain !== 'the' && plain !== 'is' && plain !== 'with';
      continue;
    }
    if (NO_NOUN.has(plain) || (word.endsWith('.') && !isGeneric)) break;
    return plain;
  }
  return isMarked || isGeneric ? '' : undefined;
}

/** Returns whether a text is long enough not to be there by chance. */
function isLong(text: string): boolean {
  return text.length >= 6 && /[0-9]/.test(text) && /\p{L}|^[0-9]{6,}$/u.test(text);
}

function trimmed(found: string): string {
  return found.replace(/[.,;:!?'*_~]+$/u, '');
}

/** Returns a mailbox in the form that addresses are compared in. */
export function emailForm(text: string): string {
  return text
    .normalize('NFC')
    .trim()
    .replace(/^mailto:/i, '')
    .toLowerCase();
}

/** Returns an address as a browser would write it; the text itself if it is not one. */
export function urlForm(text: string): string {
  const plain = text.normalize('NFC').trim();
  const url = SCHEME.test(plain.toLowerCase()) ? plain : `https://${plain}`;
  return URL.canParse(url) ? new URL(url).href.replace(/\/$/, '') : plain;
}

/** Returns an account number without its spaces. */
export function accountForm(text: string): string {
  return text.replace(/[\s-]/g, '').toUpperCase();
}

/** Returns the groups of a match that have digits: a word in capitals after an account is not part of it. */
function accountIn(found: string): string {
  let text = found;
  while (/[ -][A-Z]{1,4}$/.test(text)) text = text.replace(/[ -][A-Z]{1,4}$/, '');
  return text;
}
