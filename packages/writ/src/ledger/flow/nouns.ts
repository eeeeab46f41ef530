import { stemmer } from 'stemmer';
import { BoundedCache } from '../../lib/bounded-cache.js';
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
