import { classOfVerb, type ToolVerb, type VerbClass, verbOf, wordsInName } from '../../ledger/flow/tool-verb.js';
import type { EFFECTS } from '../format/tools.js';
import type { ListedTool } from './listed-tool.js';

export type Effect = (typeof EFFECTS)[number];

/** The effects of a tool, as far as its name, its description and its annotations say. */
export interface GuessedEffects {
  readonly effects: readonly Effect[];
  /** The reason, for the person who reviews it. */
  readonly because: string;
  readonly verb: ToolVerb;
}

/** Things that money moves with. */
const MONEY = new Set(
  'money payment payments transaction transactions fund funds invoice order orders reservation reservations booking bookings salary payroll refund credit wallet purchase subscription trade trades transfer transfers payout donation charge invoices bill'.split(
    ' ',
  ),
);
/** Things that say who may do what. */
const ACCOUNT = new Set(
  'password passwords user users account accounts permission permissions role roles credential credentials apikey token tokens member members login profile access policy policies secret secrets key keys collaborator collaborators admin'.split(
    ' ',
  ),
);
/** Things that run whatever they are handed. */
const CODE = new Set('shell command code script bash python terminal sql javascript js repl process eval'.split(' '));
const OPENED = new Set(
  'file page url document folder tab link website webpage email mail message app browser'.split(' '),
);
const URLS = /^(?:urls?|uris?|links?|endpoint|webhook|website|start_?url)$/i;
const INVITED = /^(?:participants?|attendees?|invitees?|guests?)$/i;

/** The effects of a tool of which nothing is known. */
export const EVERYTHING: readonly Effect[] = ['write', 'egress', 'money', 'account', 'destroy'];
const CLASS_EFFECT: Readonly<Record<VerbClass, Effect>> = {
  read: 'read',
  send: 'egress',
  pay: 'money',
  destroy: 'destroy',
  write: 'write',
};

/** Guesses the effects of a tool. One of which nothing is known can do everything. */
export function effectsOf(tool: ListedTool, args: readonly string[], prefixLength: number): GuessedEffects {
  const named = verbOf(tool.name, prefixLength);
  const { verb, because } = describedVerb(named, tool);
  const { readOnlyHint, destructiveHint } = tool.annotations ?? {};
  const goesOut = args.some((name) => URLS.test(name));
  const classes = new Set([verb.of, ...verb.also.map(classOfVerb)].filter((one) => one !== undefined));
  const isHarmless = !['send', 'pay', 'destroy'].some((one) => classes.has(one as VerbClass));
  if ((readOnlyHint === true && (isHarmless || verb.isUnclear)) || isReading(classes)) {
    const why = readOnlyHint === true ? 'the server says that it only reads' : because;
    const effects: Effect[] = goesOut ? ['read', 'egress'] : ['read'];
    return { effects, because: goesOut ? `${why}; it fetches an address` : why, verb };
  }
  const effects = changesOf(verb, classes, wordsInName(tool.name));
  const invites = args.some((name) => INVITED.test(name));
  if (effects.size > 0 && (goesOut || invites || verb.verb === 'share')) effects.add('egress');
  if (destructiveHint === true && effects.size === 0) effects.add('destroy');
  if (effects.size === 0) return { effects: EVERYTHING, because: 'nothing in its name tells: everything', verb };
  return { effects: [...effects], because: `${because}${invites ? '; it invites others' : ''}`, verb };
}

/** Returns the verb of the name; where that says little, the verb that the description begins with. */
function describedVerb(named: ToolVerb, { name, description = '' }: ListedTool): { verb: ToolVerb; because: string } {
  const isFirst = wordsInName(name)[0] === named.verb;
  const because = isFirst ? `its name begins with ${named.verb}` : `its verb is ${named.verb}`;
  // A page is opened to be read, and an account to have one.
  if (named.verb === 'open' && named.about.some((word) => OPENED.has(word)))
    return { verb: { ...named, of: 'read' }, because };
  // The names of a REST API begin with its methods.
  if (named.verb === 'post' && wordsInName(name)[0] === 'api') return { verb: { ...named, of: 'write' }, because };
  // A guest is checked in, and not read.
  if (named.verb === 'check' && /^(?:in|out)$/.test(named.about[0] ?? ''))
    return { verb: { ...named, of: 'write' }, because };
  if (named.of !== undefined && !named.isUnclear) return { verb: named, because };
  const [first = ''] = wordsInName(description.slice(0, 200));
  const of = /^(?:returns?|provides?|obtains?)$/.test(first) ? 'read' : classOfVerb(first);
  if (of === undefined || (named.of !== undefined && of !== 'read')) return { verb: named, because };
  return { verb: { ...named, verb: first, of }, because: `its description begins with ${first}` };
}

function isReading(classes: ReadonlySet<unknown>): boolean {
  return classes.has('read') && classes.size === 1;
}

function changesOf(verb: ToolVerb, classes: ReadonlySet<VerbClass>, words: readonly string[]): Set<Effect> {
  const effects = new Set<Effect>();
  const isMoney = classes.has('pay') || (words.some((word) => MONEY.has(word)) && !classes.has('destroy'));
  if (verb.of === undefined && !isMoney) return effects;
  if (isMoney) effects.add('money');
  else if (classes.has('send')) effects.add('egress');
  for (const one of ['destroy', 'write', 'read'] as const) if (classes.has(one)) effects.add(CLASS_EFFECT[one]);
  const about = words.filter((word) => word !== verb.verb && !(verb.verb === 'press' && /^keys?$/.test(word)));
  if (about.some((word) => ACCOUNT.has(word)) || /^(?:invite|grant|revoke|login|logout)$/.test(verb.verb))
    effects.add('account');
  const runs = /^(?:run|invoke|start)$/.test(verb.verb) && about.some((word) => CODE.has(word));
  if (runs || /^(?:exec|execute|eval|evaluate)$/.test(verb.verb))
    for (const one of ['write', 'egress', 'destroy'] as const) effects.add(one);
  return effects;
}
