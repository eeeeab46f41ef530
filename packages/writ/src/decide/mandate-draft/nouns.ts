import { stemmer } from 'stemmer';
import { wordsIn } from '../../ledger/flow/nouns.js';

/** Words in the name of an argument that say nothing about the thing. */
const NO_THING = new Set([
  'id',
  'ids',
  'identifier',
  'number',
  'no',
  'nr',
  'name',
  'key',
  'ref',
  'reference',
  'uid',
  'the',
]);

/** Returns the stems of the nouns of the thing that an argument identifies; those of the tool if the argument names none. */
export function nounsOf(tool: string, argument: string): ReadonlySet<string> {
  const own = wordsIn(argument).filter((word) => !NO_THING.has(word));
  // A tool begins with its verb.
  const words = own.length > 0 ? own : wordsIn(tool).slice(1);
  return new Set(words.map((word) => stemmer(word)));
}

/** Returns whether a word is one of some nouns. */
export function isNounOf(word: string, nouns: ReadonlySet<string>): boolean {
  return nouns.has(stemmer(word));
}
