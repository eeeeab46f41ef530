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

/** Returns the values of an answer with their forms and words, without those that are too long to remember. */
export function saidIn(leaves: readonly Leaf[]): SaidValue[] {
  // The names of members are values too, and each record has the same.
  const known = new Map<string | number, Sought>();
  const said: SaidValue[] = [];
  for (const leaf of leaves) {
    const { value } = leaf;
    // One bit identifies nothing.
    if (typeof value === 'boolean' || isTooLong(leaf)) continue;
    let sought = known.get(value);
    if (sought === undefined) {
      sought = soughtOf(value);
      known.set(value, sought);
    }
    said.push(saidValue(leaf, value, sought));
  }
  return said;
}

function saidValue(leaf: Leaf, value: SaidValue['value'], { keys, form, words }: Sought): SaidValue {
  const { at, kind, isName, isSteered, isGiven, clears } = leaf;
  const labels = isName === true ? atMostAttested(leaf.labels) : leaf.labels;
  // A number that others wrote can be the identifier of a thing of ours; one of our own is no text.
  const isText = typeof value === 'string' || labels.integrity === 'external';
  // hot: a copy that is added to has a hidden class of its own, and takes some microseconds.
  return {
    at,
    value,
    labels,
    kind,
    keys,
    words: isText ? words : NO_WORDS,
    ...(form === undefined || !isText ? undefined : { form }),
    ...(isSteered && { isSteered }),
    ...(isGiven && { isGiven }),
    ...(clears && { clears }),
  };
}

/** The forms and words by which a value is found. */
interface Sought extends Pick<SaidValue, 'keys' | 'words'> {
  readonly form: string | undefined;
}

const NO_WORDS: readonly string[] = [];
/** A smaller number counts something, as a rule. */
const MIN_ID_NUMBER = 10;

function soughtOf(value: SaidValue['value']): Sought {
  const keys = keysOf(value);
  if (typeof value === 'number') {
    const id = value >= MIN_ID_NUMBER ? foldedId(value) : undefined;
    return id === undefined
      ? { keys, form: undefined, words: NO_WORDS }
      : { keys, form: String(value), words: [idWord(id)] };
  }
  const plain = value.length < MIN_TEXT ? NO_WORDS : wordsOf(value);
  const words = [...new Set([...plain, ...foldedIdsIn(value).map(idWord)])];
  return { keys, form: words.length === 0 ? undefined : plainForm(value), words };
}
