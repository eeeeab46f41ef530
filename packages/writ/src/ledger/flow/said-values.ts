import { memo } from '../../lib/memo.js';
import { foldedId, foldedIdsIn } from './folded-id.js';
import { integrityLevel, type Labels } from './labels.js';
import { messageOf, type SentMessage } from './message-codes.js';
import { formsOf, plainForm, wordsOf } from './normal-form.js';
import type { Leaf } from './result-labels.js';

/** A longer text is not looked through: a value from it is not found. */
const MAX_VALUE = 256 * 1024;
/** A shorter text is a value, and not searched for others. */
const MIN_TEXT = 3;

/** A value of an answer as `TaskValues` remembers it. Its forms and words are found where the answer is read. */
export interface SaidValue extends Omit<Leaf, 'value' | 'isName' | 'sentBy'> {
  readonly value: string | number;
  /** The names of the value in the index. */
  readonly keys: readonly string[];
  /** The text that others are searched for in; undefined if the value is not searched. */
  readonly form?: string;
  readonly words: readonly string[];
  /** The codes and links in it, if it is a message whose sender was checked. */
  readonly sent?: SentMessage;
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

/** Returns the values of an answer with their forms and words, without those that are too long to remember. */
export function saidIn(leaves: readonly Leaf[]): SaidValue[] {
  // The names of members are values too, and each record has the same.
  const known = { ours: new Map<string | number, Sought>(), others: new Map<string | number, Sought>() };
  const said: SaidValue[] = [];
  for (const leaf of leaves) {
    const { value } = leaf;
    // One bit identifies nothing.
    if (typeof value === 'boolean' || isTooLong(leaf)) continue;
    const isOfOthers = leaf.labels.integrity === 'external';
    const soughts = isOfOthers ? known.others : known.ours;
    let sought = soughts.get(value);
    if (sought === undefined) {
      sought = soughtOf(value, isOfOthers);
      soughts.set(value, sought);
    }
    said.push(saidValue(leaf, value, sought));
  }
  return said;
}

/** The members of a value that are copied or used up here. A member that is not named is an error of types. */
type Copied = 'at' | 'value' | 'labels' | 'kind' | 'isName' | 'isSteered' | 'isGiven' | 'clears' | 'sentBy';
type WithCopied = Leaf & Record<Exclude<keyof Leaf, Copied>, never>;

function saidValue(leaf: WithCopied, value: SaidValue['value'], { keys, form, words }: Sought): SaidValue {
  const { at, kind, isName, isSteered, isGiven, clears, sentBy } = leaf;
  const sent = sentBy === undefined || typeof value !== 'string' ? undefined : messageOf(value, sentBy);
  const labels = isName === true ? atMostAttested(leaf.labels) : leaf.labels;
  // hot: a copy that is added to has a hidden class of its own, and takes some microseconds.
  return {
    at,
    value,
    labels,
    kind,
    keys,
    words,
    ...(form === undefined ? undefined : { form }),
    ...(isSteered && { isSteered }),
    ...(isGiven && { isGiven }),
    ...(clears && { clears }),
    ...(sent && { sent }),
  };
}

/** The forms and words by which a value is found. */
interface Sought extends Pick<SaidValue, 'keys' | 'words'> {
  readonly form: string | undefined;
}

const NO_WORDS: readonly string[] = [];
/** A smaller number counts something, as a rule. */
const MIN_ID_NUMBER = 10;

/** @param isOfOthers whether others wrote it: their numbers and codes can be identifiers of things of ours */
function soughtOf(value: SaidValue['value'], isOfOthers: boolean): Sought {
  const keys = keysOf(value);
  if (typeof value === 'number') {
    const id = isOfOthers && value >= MIN_ID_NUMBER ? foldedId(value) : undefined;
    return id === undefined
      ? { keys, form: undefined, words: NO_WORDS }
      : { keys, form: String(value), words: [idWord(id)] };
  }
  const plain = value.length < MIN_TEXT ? NO_WORDS : wordsOf(value);
  const ids = (isOfOthers ? [value, ...decodedIn(value)] : [value]).flatMap(foldedIdsIn);
  const words = [...new Set([...plain, ...ids.map(idWord)])];
  return { keys, form: words.length === 0 ? undefined : plainForm(value), words };
}
