import { memo } from '../../lib/memo.js';
import { foldedId, foldedIdsIn } from './folded-id.js';
import { integrityLevel, type Labels } from './labels.js';
import { formsOf, plainForm, wordsOf } from './normal-form.js';
import type { Leaf } from './result-labels.js';

/** A longer text is not looked through: a value from it is not found. */
const MAX_VALUE = 256 * 1024;
/** A shorter text is a value, and not searched for others. */
const MIN_TEXT = 3;

/** A value of an answer as `TaskValues` remembers it. Its forms and words are found where the answer is read. */
export interface SaidValue extends Omit<Leaf, 'value' | 'isName'> {
  readonly value: string | number;
  /** The names of the value in the index. */
  readonly keys: readonly string[];
  /** The text that others are searched for in; undefined if the value is not searched. */
  readonly form?: string;
  readonly words: readonly string[];
}

/** Returns the names of a value in the index. Texts and numbers differ: an amount is never taken for an identifier. */
export function keysOf(value: string | number): string[] {
  if (typeof value === 'number') return [`#${String(value)}`];
  return formsOf(value).map((form) => `"${form}`);
}

/** Returns the word under which texts with an identifier are found. It is no other word. */
export function idWord(id: string): string {
  return `~${id}`;
}

/** Returns whether a word is that of an identifier. */
export function isIdWord(word: string): boolean {
  return word.startsWith('~');
}

/** Labels are made once and looked at often, so each is remembered. */
const atMostAttested = memo(
  (labels: Labels): Labels =>
    integrityLevel(labels.integrity) > integrityLevel('attested') ? { ...labels, integrity: 'attested' } : labels,
);

/** Returns whether a value is too long to be remembered. */
export function isTooLong({ value }: Leaf): boolean {
  return typeof value === 'string' && value.length > MAX_VALUE;
}

const BASE64 = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{8,4096}={0,2}(?![A-Za-z0-9+/_=-])/g;
/** The most codes of a text that are read. */
const MAX_CODES = 50;

/** Returns the texts that a text has in Base64: a model reads them as well. */
function decodedIn(text: string): readonly string[] {
  return (text.match(BASE64) ?? []).slice(0, MAX_CODES).flatMap((code) => {
    const decoded = Buffer.from(code, 'base64').toString();
    return /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n]+$/u.test(decoded) && !decoded.includes('\ufffd') ? [decoded] : [];
  });
}

/** Returns the words of a number: one that others wrote can be the identifier of a thing of ours. */
function numberWords({ labels }: Leaf, value: number): Pick<SaidValue, 'form' | 'words'> {
  const id = labels.integrity === 'external' && value >= MIN_ID_NUMBER ? foldedId(value) : undefined;
  return id === undefined ? { words: [] } : { form: String(value), words: [idWord(id)] };
}

/** A smaller number counts something, as a rule. */
const MIN_ID_NUMBER = 10;

/** Returns the values of an answer with their forms and words, without those that are too long to remember. */
export function saidIn(leaves: readonly Leaf[]): SaidValue[] {
  return leaves.flatMap(({ isName, ...said }): SaidValue[] => {
    const { value } = said;
    const leaf = isName === true ? { ...said, labels: atMostAttested(said.labels) } : said;
    // One bit identifies nothing.
    if (typeof value === 'boolean') return [];
    if (typeof value === 'number') return [{ ...leaf, value, keys: keysOf(value), ...numberWords(leaf, value) }];
    if (isTooLong(leaf)) return [];
    const plain = value.length < MIN_TEXT ? [] : wordsOf(value);
    const ids = [value, ...(leaf.labels.integrity === 'external' ? decodedIn(value) : [])].flatMap(foldedIdsIn);
    const words = [...new Set([...plain, ...ids.map(idWord)])];
    const form = words.length === 0 ? {} : { form: plainForm(value) };
    return [{ ...leaf, value, keys: keysOf(value), ...form, words }];
  });
}
