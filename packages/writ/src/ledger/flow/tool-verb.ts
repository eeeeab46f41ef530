/** The verb in the name of a tool: `create` of `create_issue`, of `github_create_issue`, of `mcp__github__create_issue`, of `Issues.Create`. */

/** The effects that a verb is a sign of. */
export type VerbClass = 'read' | 'send' | 'pay' | 'destroy' | 'write';

const words = (text: string): readonly string[] => text.split(' ');

/** Words that are verbs wherever they are. */
const VERBS: Readonly<Record<VerbClass, readonly string[]>> = {
  read: words(
    'get read find fetch describe show download browse load retrieve summarize inspect calculate compute validate compare visit whoami geocode navigate analyze observe recall goto explore detect verify think wait sleep explain',
  ),
  send: words('send reply forward notify publish share invite tweet submit respond broadcast'),
  pay: words('pay buy purchase checkout reserve subscribe donate withdraw deposit sell refund'),
  destroy: words(
    'delete remove cancel drop purge clear destroy erase revoke kick unshare terminate uninstall disable reset unpublish wipe ban rm kill',
  ),
  write: words(
    'create add update set write append edit modify move rename save insert upload reschedule register make put copy change assign enable start stop run execute exec deploy approve reject mark upsert patch replace apply install click type fill press drag hover select evaluate eval invoke trigger pin unpin react follow unfollow star fork restore clone scale restart rollback resolve close reopen open configure connect attach detach sync import commit merge rebase generate convert init upgrade',
  ),
};

/** Verbs that only read, and are nouns before another verb: `search` of `search_orders`, and of `search_delete`. */
const SOFT = words(
  'list search check lookup query preview view scrape crawl extract watch monitor poll ping stat ls cat grep glob tail diff snapshot screenshot translate research map',
);

/** Words that are a verb at the beginning of a name, and mostly a noun elsewhere. */
const AMBIGUOUS: Readonly<Record<VerbClass, readonly string[]>> = {
  read: words('count print export display test probe help ask trace audit rank'),
  send: words('email mail message text post call dm contact push webhook comment'),
  pay: words('order book transfer charge invoice tip rent trade'),
  destroy: words('archive trash'),
  write: words('schedule record log draft tag label note build store document file link request plan review'),
};

const FIRM = classes(VERBS);
const CLEAR: ReadonlyMap<string, VerbClass> = new Map([...FIRM, ...SOFT.map((verb) => [verb, 'read'] as const)]);
const UNCLEAR = classes(AMBIGUOUS);

function classes(of: typeof VERBS): ReadonlyMap<string, VerbClass> {
  return new Map(Object.entries(of).flatMap(([name, list]) => list.map((verb) => [verb, name as VerbClass] as const)));
}

/** The verb of a tool, and the words around it. */
export interface ToolVerb {
  /** The verb; the first word if the name has no verb. */
  readonly verb: string;
  /** Undefined if the name has no verb. */
  readonly of: VerbClass | undefined;
  /** Other verbs that it is joined with, as in `find_and_delete`. */
  readonly also: readonly string[];
  /** Whether the word can also be a noun. */
  readonly isUnclear: boolean;
  /** The words after the verb; those before it if it is the last, without the prefix. */
  readonly about: readonly string[];
}

/** Returns the words of a name, in lower case. */
export function wordsInName(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** Returns the class of a verb, also in the third person as a description begins with; undefined if it is no verb. */
export function classOfVerb(word: string): VerbClass | undefined {
  for (const form of [
    word,
    word.replace(/ing$/, ''),
    word.replace(/ing$/, 'e'),
    word.replace(/s$/, ''),
    word.replace(/es$/, ''),
  ]) {
    const found = CLEAR.get(form) ?? UNCLEAR.get(form);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Finds the verb in the name of a tool. Before it is the name of a service, or the thing that it is done to.
 *
 * @param prefixLength the number of words that the names of the other tools of the server begin with too
 */
export function verbOf(name: string, prefixLength = 0): ToolVerb {
  const all = wordsInName(name);
  const start = Math.max(0, Math.min(prefixLength, all.length - 1));
  const its = all.slice(start);
  const begin = its.findIndex((word) => CLEAR.has(word) || UNCLEAR.has(word));
  if (begin === -1) return { verb: its[0] ?? '', of: undefined, also: [], isUnclear: true, about: its };
  const first = its[begin] as string;
  const isSoft = SOFT.includes(first);
  const later = laterVerb(its, begin, isSoft ? FIRM : CLEAR);
  const clear = its.findIndex((word) => CLEAR.has(word));
  const isNounFirst = (isSoft || UNCLEAR.has(first)) && later !== -1;
  // A noun in the middle of a name is no verb where there is another.
  const at = isNounFirst ? later : begin === 0 || clear === -1 ? begin : clear;
  const verb = its[at] as string;
  // Of `post_update` either word can be the verb; of `post_list` and `search_delete` only the second.
  const other = isNounFirst && !isSoft && begin === 0 && CLEAR.get(verb) !== 'read' ? [first] : [];
  const around = [its.slice(at + 1), its.slice(0, at), all.slice(Math.max(0, start - 1), start)];
  return {
    verb,
    of: CLEAR.get(verb) ?? UNCLEAR.get(verb),
    also: [...other, ...joinedWith(its, at)],
    isUnclear: !CLEAR.has(verb),
    about: around.find((some) => some.length > 0) ?? [],
  };
}

/** Returns the place of the verb that a noun is followed by: the next word, or the last; otherwise -1. */
function laterVerb(its: readonly string[], begin: number, verbs: ReadonlyMap<string, VerbClass>): number {
  return [begin + 1, its.length - 1].find((at) => at > begin && verbs.has(its[at] ?? '')) ?? -1;
}

function joinedWith(its: readonly string[], at: number): string[] {
  const also: string[] = [];
  for (let i = at + 1; i < its.length; i += 1) {
    const word = its[i] as string;
    const isJoined = ['and', 'or', 'then'].includes(its[i - 1] as string) || (i === at + 1 && JOINED.has(word));
    if (isJoined && (CLEAR.has(word) || UNCLEAR.has(word))) also.push(word);
  }
  return also;
}

/** Verbs that follow another without a word between: `find_replace`, `read_write`. */
const JOINED: ReadonlySet<string> = new Set(['replace', 'write', 'delete', 'update']);

/** The most words that the names of a server's tools are looked at for: a service, or `mcp` and a service. */
const MAX_PREFIX = 3;

/**
 * Returns, by the name of a tool, the number of words that its name begins with because of the service: those that other tools
 * share, and that are no verbs.
 */
export function prefixLengths(names: readonly string[]): ReadonlyMap<string, number> {
  const split = names.map(wordsInName);
  const counts = new Map<string, { shared: number; verbNext: number }>();
  for (const its of split) {
    for (let length = 1; length <= Math.min(MAX_PREFIX, its.length - 1); length += 1) {
      const key = its.slice(0, length).join(' ');
      const count = counts.get(key) ?? { shared: 0, verbNext: 0 };
      count.shared += 1;
      if (its.slice(length).some((word) => CLEAR.has(word))) count.verbNext += 1;
      counts.set(key, count);
    }
  }
  const lengthOf = (its: readonly string[]): number => {
    let length = 0;
    while (length < Math.min(MAX_PREFIX, its.length - 1)) {
      const { shared = 0, verbNext = 0 } = counts.get(its.slice(0, length + 1).join(' ')) ?? {};
      const word = its[length] as string;
      if (CLEAR.has(word) || shared < 2) break;
      // Of the tools of a mailbox all can begin with `mail`, and none has another verb.
      if (UNCLEAR.has(word) && verbNext * 2 <= shared) break;
      length += 1;
    }
    return length;
  };
  return new Map(names.map((name, i) => [name, lengthOf(split[i] as string[])]));
}
