import { memo } from '../../lib/memo.js';
import { isGenericNoun, SYNONYMS } from './nouns.js';

/**
 * Whether an identifier is of another kind of thing than an argument needs: `list_events` gives out no ids of files. Tools whose names
 * say nothing of the kind give out ids of anything.
 *
 * @param given the stems of the nouns of the tool that gave it out
 * @param needed the stems of the nouns of the argument and its tool
 */
export function isOfOtherThings(given: ReadonlySet<string>, needed: ReadonlySet<string>): boolean {
  const [ours, theirs] = [meaningful(needed), meaningful(given)];
  return ours.length > 0 && theirs.length > 0 && !theirs.some((noun) => ours.some((other) => isOneThing(noun, other)));
}

const meaningful = memo((nouns: ReadonlySet<string>): readonly string[] =>
  [...nouns].filter((noun) => !isGenericNoun(noun)),
);

function isOneThing(one: string, other: string): boolean {
  return one === other || SYNONYMS.some((group) => group.has(one) && group.has(other));
}
