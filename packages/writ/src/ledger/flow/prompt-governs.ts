import { stemmer } from 'stemmer';
import { isReadingVerb, isVerb } from './asked.js';
import { wordsOf } from './normal-form.js';

/** Words by which the user says that a thing is no more than like the one that is meant, or beside it. */
const COMPARED =
  /(?<!\p{L})(?:(?:cop(?:y|ies)|duplicates?|versions?) of|(?:same|identical) (?:as|to)|similar to|like|\p{L}{2,12}er than|(?:refers?|linked|related|belongs?) to|mentioned in)(?: the)?(?: \p{L}+){0,2}[ "'“‘#]{1,4}$|(?<!\p{L})(?:everything|anything|all|each|every|any)(?: \p{L}+){0,3} but(?: not)?(?: the)?(?: \p{L}+){0,2}[ "'“‘#]{1,4}$/iu;
/** An object that is another thing than the one before it. */
const ANOTHER =
  /^(?:the |my |our )?(?:\p{L}{2,12}est|first|last|other|others|rest|next|previous)(?!\p{L})|^(?:an?|another|all|every|any)(?!\p{L})/iu;
const MAX_AFTER = 400;

/** Returns whether the words before a value say that the thing is compared with what is meant, or is not meant. */
export function isCompared(clause: string): boolean {
  return COMPARED.test(clause);
}

/**
 * Returns whether the user has a thing read and something else changed: "read file 7, and delete the oldest file".
 *
 * @param clause the words before the thing
 * @param after the words behind it
 * @param verbs the stems of the words that ask for the change
 * @param isNoun a function that says whether a word is a noun of the thing
 */
export function isOnlyRead(
  clause: string,
  after: string,
  verbs: ReadonlySet<string>,
  isNoun: (word: string) => boolean,
): boolean {
  const before = wordsOf(clause).filter((word) => !isNoun(word));
  const governing = before.findLast((word) => isVerb(word) || isReadingVerb(word) || verbs.has(stemmer(word)));
  if (governing === undefined || !isReadingVerb(governing) || verbs.has(stemmer(governing))) return false;
  const words = [...after.slice(0, MAX_AFTER).matchAll(/\p{L}+/gu)];
  const changes = words.filter(([word]) => verbs.has(stemmer(word.toLowerCase())) && !isNoun(word.toLowerCase()));
  return changes.every(({ index, 0: word }) => ANOTHER.test(after.slice(index + word.length).trimStart()));
}
