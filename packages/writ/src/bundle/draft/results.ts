import { wordsInName } from '../../ledger/flow/tool-verb.js';
import { sensitivitiesIn } from './confidential.js';
import type { Confidentiality, DraftedLabels } from './drafted-labels.js';
import type { GuessedEffects } from './effects.js';
import type { FieldKind } from './field-kinds.js';
import { argumentsIn } from './json-schema.js';
import type { ListedTool } from './listed-tool.js';
import { saysSendersAreChecked, withPeople } from './record-people.js';
import { fieldRules } from './result-fields.js';
import { isRoster, rosterRules } from './rosters.js';

/** The guessed labels of what a tool answers. */
export interface GuessedResult {
  /** By JSONPath; `$` is always there. */
  readonly rules: ReadonlyMap<string, DraftedLabels>;
  /** Whether it counts as written by others. */
  readonly isFromOutside: boolean;
  /** The reason why it counts as our own; undefined if it does not. */
  readonly because: string | undefined;
}

/** The base of an answer: the labels of whatever is in it that no rule names. */
interface Base {
  readonly integrity: 'external' | 'internal' | 'system';
  readonly confidentiality: Confidentiality | undefined;
  readonly because?: string;
  readonly isOfDirectory?: boolean;
  /** Whether it answers a change: then it says only what was given, and what was there. */
  readonly isOfChange?: boolean;
  /** Whether its form is that of a file, which a stranger may have chosen, unless the server says which fields it has. */
  readonly isRaw?: boolean;
  /** Whether a stranger chooses even the names and the ids in it: a page. */
  readonly isOfWeb?: boolean;
}

const WEB = new Set(
  'web webpage website internet bing brave duckduckgo tavily firecrawl exa serp wikipedia arxiv rss weather'.split(' '),
);
const DIRECTORY = new Set('contact employee colleague coworker staff addressbook phonebook'.split(' '));
const OF_PEOPLE = /^(?:employee|employees|staff|people|company|colleague|colleagues|phone)$/;
/** Arguments that choose no other account. */
const HARMLESS = /^(?:currency|unit|units|format|verbose|fields|page|limit|timezone|time_?zone|tz|locale|language)$/i;
/** The answers of a service about the account of its own user. */
const OWN = new Set('balance balances iban quota quotas limits whoami settings preferences'.split(' '));
const OWN_USER = /^(?:me|myself|profile|user|account)$/;
const USER_PART =
  /^(?:get|read|show|fetch|view|describe|retrieve|my|me|current|own|the|user|account|profile|info|information|details|detail|data|whoami|authenticated|myself|logged|in|personal)$/;
const CLOCK =
  /^(?:get|read|show|fetch|what|is|the|it|current|today|todays|now|day|date|time|datetime|timezone|utc|clock|in|of|week)$/;
/** Tools that answer with a file as it is. */
const RAW_VERB = /^(?:read|cat|head|tail|load|download|open)$/;
const RUNS = /^(?:run|execute|exec|eval|evaluate|invoke|call)$/;
const RAW_THING = /^(?:file|page|attachment|resource|log|output)$/;
const RAW_PART = /^(?:contents?|raw|text|body|markdown|html)$/;
const MADE = new Set('create add schedule make insert write save upload register'.split(' '));

/**
 * Guesses the labels of the answer of a tool. Strangers may have written it, unless there is a reason: it is the
 * directory, the own account of the user, or a clock. The answer to a change repeats what is stored and what was given. Only the ids that a service gives out itself have authority of their own.
 *
 * @param thing the thing that the tool is about
 */
export function resultOf(
  tool: ListedTool,
  { effects, verb }: GuessedEffects,
  thing: string | undefined,
  {
    answers,
    isId,
    others,
  }: {
    readonly answers: readonly unknown[];
    readonly isId: (name: string) => boolean;
    /** The words in the names of all tools of the server. */
    readonly others: ReadonlySet<string>;
  },
): GuessedResult {
  const words = wordsInName(tool.name);
  const { of, isOpen } = argumentsIn(tool.inputSchema);
  if (
    effects.every((effect) => effect === 'read') &&
    !isOpen &&
    isRoster({ words: wordsFrom(verb, words), arguments: [...of.keys()], others })
  )
    return {
      rules: rosterRules(),
      isFromOutside: true,
      because: 'it lists places of our own, or members of one',
    };
  const base = baseOf(tool, { effects, verb }, thing, words);
  const isSenderChecked = saysSendersAreChecked(tool.description);
  const known = fieldRules({ thing, words, base, schema: tool.outputSchema, answers, isId, isSenderChecked });
  const whole = wholeOf(base, tool, words, known.kind);
  const { $: ofRecord, ...ofParts } = Object.fromEntries(known.rules);
  const labels =
    typeof ofRecord === 'object' && !Array.isArray(ofRecord) ? withPeople(whole, ofRecord as object) : whole;
  const rules = new Map<string, DraftedLabels>([['$', labels], ...Object.entries(ofParts)]);
  return { rules, isFromOutside: base.integrity === 'external', because: base.because };
}

/** Returns the words from the verb on: before it stands the name of the service. */
function wordsFrom(verb: GuessedEffects['verb'], words: readonly string[]): readonly string[] {
  const start = words.indexOf(verb.verb);
  return start === -1 ? words : words.slice(start);
}

function baseOf(
  tool: ListedTool,
  { effects, verb }: Pick<GuessedEffects, 'effects' | 'verb'>,
  thing: string | undefined,
  words: readonly string[],
): Base {
  if (!effects.includes('read')) {
    // The answer to a message says what was given, and the answer to a change what was there before.
    // The output of a program has whatever form.
    const isRaw = verb.of === undefined || RUNS.test(verb.verb);
    const isMade = verb.of === 'send' || verb.of === 'pay' || MADE.has(verb.verb);
    return { integrity: 'external', confidentiality: isMade ? 'internal' : undefined, isOfChange: true, isRaw };
  }
  if (words.some((word) => WEB.has(word))) return { integrity: 'external', confidentiality: 'public', isOfWeb: true };
  if (effects.includes('egress')) return { integrity: 'external', confidentiality: undefined, isOfWeb: true };
  if (effects.length > 1) return { integrity: 'external', confidentiality: undefined };
  const isDirectory = thing === 'directory' && words.some((word) => OF_PEOPLE.test(word));
  if (isDirectory || DIRECTORY.has(thing ?? ''))
    return {
      integrity: 'internal',
      confidentiality: 'internal',
      because: 'it is a directory of our own',
      isOfDirectory: true,
    };
  const isOwnUser = words.some((word) => OWN_USER.test(word)) && words.every((word) => USER_PART.test(word));
  if ((isOwnUser || OWN.has(words.at(-1) ?? '')) && choosesNobody(tool))
    return { integrity: 'internal', confidentiality: 'internal', because: 'it is of the account of the user' };
  if (words.every((word) => CLOCK.test(word)))
    return { integrity: 'system', confidentiality: 'public', because: 'it is a clock' };
  const isRaw =
    (RAW_VERB.test(verb.verb) && RAW_THING.test(thing ?? 'file')) || words.some((word) => RAW_PART.test(word));
  return { integrity: 'external', confidentiality: undefined, isRaw };
}

function choosesNobody({ inputSchema }: ListedTool): boolean {
  const { of, isOpen } = argumentsIn(inputSchema);
  return !isOpen && [...of.keys()].every((name) => HARMLESS.test(name));
}

function wholeOf(base: Base, tool: ListedTool, words: readonly string[], kind: FieldKind | undefined): DraftedLabels {
  const { integrity, confidentiality } = base;
  const named = sensitivitiesIn(words.join(' '));
  const found =
    base.isOfChange !== true && base.isOfWeb !== true
      ? [...new Set([...named, ...sensitivitiesIn(tool.description?.slice(0, 4_000) ?? '')])]
      : [];
  const labels = [...new Set(found.map(({ label }) => label))].sort();
  if (labels.length === 0 && kind === undefined) {
    if (integrity === 'internal') return 'internal';
    if (confidentiality === undefined) return integrity;
    if (confidentiality === 'public') return [integrity, 'public'];
    return { integrity, confidentiality };
  }
  // A description that only mentions a credential is no reason to stop whatever was read.
  const isRestricted = named.some(({ ofWhole }) => ofWhole === 'restricted');
  const isFound = found.length > 0;
  const most = isRestricted ? 'restricted' : isFound ? 'confidential' : confidentiality;
  return {
    integrity,
    ...(most === undefined ? {} : { confidentiality: most }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(kind === undefined ? {} : { kind }),
  };
}
