import type { DraftedLabels } from './drafted-labels.js';

/**
 * The label of what a roster says. Members give the names in it, and one of them can write instructions into a name: it marks the task
 * as what others wrote does.
 */
const ROSTER = 'roster';

/** Places that an organisation opens for its own members. */
const PLACE =
  /^(?:channel|room|workspace|team|group|space|board|calendar|project|repo|repository)(?:s|es)?$|^repositories$/;
const MEMBER = /^(?:user|member|teammate|participant)s?$/;
const LISTS = /^(?:get|list|show|ls)$/;
const AROUND = /^(?:get|list|show|ls|all|my|our|the|a|available|current|joined|in|of|names?|ids?|lists?)$/;
/** Arguments that choose a part of a roster, or its form. */
const CHOOSES =
  /^(?:limit|cursor|page|page_?size|per_?page|offset|sort|order|include_?archived|exclude_?archived|types?)$/i;

/** A tool, as far as its name and its arguments go. */
interface Named {
  readonly words: readonly string[];
  readonly arguments: readonly string[];
  /** The words in the names of all tools of its server. */
  readonly others: ReadonlySet<string>;
}

/**
 * Returns whether a tool lists the places of the organisation, or the members of one: `list_channels`, `get_users_in_channel`. A
 * stranger can add nothing to such a list. Not a search, which finds what anybody has, and no list of users where no place is: those
 * can be customers.
 */
export function isRoster({ words, arguments: args, others }: Named): boolean {
  const [verb] = words;
  if (verb === undefined || !LISTS.test(verb)) return false;
  const rest = words.filter((word) => !AROUND.test(word));
  const isOfPlaces = rest.length === 1 && PLACE.test(rest[0] as string);
  const isOfMembers =
    rest.length <= 2 &&
    rest.some((word) => MEMBER.test(word)) &&
    rest.every((word) => MEMBER.test(word) || PLACE.test(word));
  if (!isOfPlaces && !(isOfMembers && [...others].some((word) => PLACE.test(word)))) return false;
  return args.every((name) => CHOOSES.test(name) || PLACE.test(name.replace(/_?(?:id|name)$/i, '').toLowerCase()));
}

const OURS: DraftedLabels = { integrity: 'internal', labels: [ROSTER] };
/** A record in a list is not ours as a whole: it can have the last message, or a topic that somebody wrote. */
const OURS_IF_NAME: DraftedLabels = { ...OURS, when: 'type(value) == string' };

/** Returns the labels of a roster: the names in it are ours, and what members wrote beside them is not. */
export function rosterRules(): ReadonlyMap<string, DraftedLabels> {
  return new Map<string, DraftedLabels>([
    ['$', { integrity: 'external', labels: [ROSTER] }],
    ...['$[*]', '$.*[*]'].flatMap((items) => [
      [items, OURS_IF_NAME] as const,
      [`${items}.name`, OURS] as const,
      [`${items}['id','id_']`, 'system'] as const,
    ]),
  ]);
}
