import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { stemmer } from 'stemmer';
import { isVerb } from './asked.js';

const MAX_KEPT = 10_000;
const kept = new BoundedCache<string, ReadonlySet<string>>(MAX_KEPT);

/**
 * Returns the stems of the nouns by which a person names the value of an argument: those in the names of the argument and of its
 * tool.
 *
 * @example [...nounsFor('delete_email', 'email_id')] // ['email', 'id']
 */
export function nounsFor(tool: string, argument: string): ReadonlySet<string> {
  const key = `${tool}\n${argument}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const ofArgument = wordsIn(argument);
  const words = [...ofArgument, ...wordsIn(tool).filter((word) => !isVerb(word))];
  const nouns = new Set(words.map((word) => stemmer(word)));
  kept.set(key, nouns);
  return nouns;
}

/** Returns the words of a name in lower case: `order` and `id` of `orderId`. */
export function wordsIn(name: string): string[] {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.split(/[^\p{L}]+/u).filter((word) => word.length > 1);
}

/** Nouns of any identifier. */
export const ANY_IDENTIFIER: ReadonlySet<string> = new Set(
  [
    'id',
    'ids',
    'identifier',
    'number',
    'numbers',
    'no',
    'nr',
    'num',
    'key',
    'ref',
    'reference',
    'name',
    'named',
    'called',
  ].map((word) => stemmer(word)),
);
/** Nouns that people use for one another. */
export const SYNONYMS: readonly ReadonlySet<string>[] = [
  'email mail message inbox',
  'file document doc note',
  'event meeting appointment calendar',
  'order purchase',
  'invoice bill',
  'transaction payment transfer',
  'ticket issue',
  'user person member contact',
  'channel room',
].map((group) => new Set(group.split(' ').map((word) => stemmer(word))));

/** Words in the names of tools that say of no thing what it is. */
const GENERIC = new Set(
  'all any api batch by content data detail entry from info item latest list many new next object of one page query record resource result row some the thing to top value with'
    .split(' ')
    .map((word) => stemmer(word)),
);

/** Returns whether a stem is a noun of anything. */
export function isGenericNoun(noun: string): boolean {
  return ANY_IDENTIFIER.has(noun) || GENERIC.has(noun);
}
