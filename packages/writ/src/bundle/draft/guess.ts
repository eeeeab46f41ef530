import type { EFFECTS } from '../format/tools.js';

/** A tool as its server lists it (MCP, `tools/list`). */
export interface ListedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
}

type Effect = (typeof EFFECTS)[number];
type GuessedRole = 'destination' | 'target' | 'secret' | 'amount' | 'content';

/** A guess at a tool from its name, its arguments and its annotations; a person has to review it. */
export interface GuessedTool {
  readonly effects: readonly Effect[];
  /** The reason of the guess, for that person. */
  readonly because: string;
  readonly roles: Readonly<Record<string, GuessedRole>>;
  /** Whether its results have what others wrote. */
  readonly isFromOutside: boolean;
  readonly reads: string | undefined;
  readonly writes: string | undefined;
}

const VERBS: Readonly<Record<'read' | 'send' | 'pay' | 'destroy' | 'write', readonly string[]>> = {
  read: 'get list search read find check view fetch describe show count lookup query download browse open load retrieve summarize inspect print calculate compute convert validate preview compare export visit whoami'.split(
    ' ',
  ),
  send: 'send post reply forward email mail message notify publish share invite tweet submit call webhook dm text broadcast respond contact push'.split(
    ' ',
  ),
  pay: 'pay transfer refund charge buy purchase order checkout book reserve subscribe invoice donate tip withdraw deposit rent sell trade'.split(
    ' ',
  ),
  destroy:
    'delete remove cancel drop purge clear destroy erase revoke kick unshare archive terminate uninstall disable trash reset'.split(
      ' ',
    ),
  write:
    'create add update set write append edit modify move rename save insert upload reschedule schedule register make put copy change mark assign comment merge commit configure enable start stop run execute deploy build install apply approve draft log record'.split(
      ' ',
    ),
};
const MONEY =
  /money|payment|transaction|fund|invoice|order|reservation|booking|salary|payroll|refund|credit|wallet|purchase/;
const ACCOUNT =
  /password|user|account|permission|role|credential|apikey|token|member|login|profile|access|policy|secret|key/;
const ABROAD =
  /email|mail|message|inbox|web|page|url|site|review|comment|post|file|document|doc|note|event|calendar|issue|ticket|pull|request|feed|news|transaction|chat|thread|conversation|transcript|attachment|article|tweet|content|crawl|scrape|rss|blog|wiki|description|resource|repo|code|log|record|row|query|sql|invoice|bill|survey|form|response/;
/** Lists of our own, whatever else their names say. */
const OWN = /contact|directory|employee|colleague|balance|whoami/;

const ROLES: readonly (readonly [GuessedRole, RegExp])[] = [
  ['secret', /^(password|passwd|secret|token|api_?key|pin|credential)s?$|password|secret/],
  ['amount', /^(amount|price|total|sum|value|cost|budget|quantity|limit_?amount)$|_amount$/],
  [
    'destination',
    /^(to|cc|bcc|recipients?|receivers?|emails?|user_?emails?|e_?mail_?address(es)?|url|uri|link|endpoint|webhook|channels?|channel_?(id|name)|participants?|attendees?|invitees?|guests?|payee|iban|beneficiary|host|domain|phone|phone_?number|chat_?id|share_?with|to_?account|address(es)?|remote|bucket|server)$|_(url|recipient|email|to)$/,
  ],
  [
    'content',
    /^(body|text|content|contents|message|subject|title|description|comment|note|notes|data|html|markdown|summary|details|caption|payload|query|command|sql|code|attachments?|new_?content|street|city|first_?name|last_?name)$/,
  ],
  [
    'target',
    /^(id|ids|id_|path|file|files|filename|name|key|event|table|resource|user|users|account|repo|repository|branch|project|issue|page|folder|directory|source|target|hotel|restaurant|company|item|product|order|customer|database|collection|document)$|(_|^)(id|ids|path|file|filename|name|key|number)$|file_?path/,
  ],
];

export function guessTool(tool: ListedTool): GuessedTool {
  const words = wordsOf(tool.name);
  const [verb = ''] = words;
  const args = Object.keys((tool.inputSchema?.properties ?? {}) as object);
  const { effects, because } = effectsOf(tool, verb, words, args);
  const isReading = effects.length === 1 && effects[0] === 'read';
  const roles: Record<string, GuessedRole> = {};
  for (const name of args) {
    const role = roleOf(name, words, effects);
    if (role !== undefined && (!isReading || role === 'target')) roles[name] = role;
  }
  const store = storeOf(words);
  const doesWrite = effects.some((effect) => effect === 'write' || effect === 'egress');
  return {
    effects,
    because,
    roles,
    isFromOutside: effects.includes('read') && ABROAD.test(words.join(' ')) && !OWN.test(words.join(' ')),
    reads: effects.includes('read') ? store : undefined,
    writes: doesWrite && !effects.includes('read') ? store : undefined,
  };
}

function effectsOf(
  { annotations = {} }: ListedTool,
  verb: string,
  words: readonly string[],
  args: readonly string[],
): { effects: Effect[]; because: string } {
  const rest = words.slice(1).join(' ');
  const isAbout = (what: keyof typeof VERBS): boolean => VERBS[what].includes(verb);
  const goesOut = args.some((name) => /^(url|uri|link|endpoint|webhook)$/.test(name));
  if (annotations.readOnlyHint === true || isAbout('read')) {
    const because =
      annotations.readOnlyHint === true ? 'the server says that it only reads' : `its name begins with ${verb}`;
    return goesOut
      ? { effects: ['read', 'egress'], because: `${because}; it fetches an address` }
      : { effects: ['read'], because };
  }
  const effects = new Set<Effect>();
  if (isAbout('pay') || (MONEY.test(words.join(' ')) && !isAbout('destroy'))) effects.add('money');
  else if (isAbout('send')) effects.add('egress');
  if (isAbout('destroy')) effects.add('destroy');
  if (isAbout('write')) effects.add('write');
  if (ACCOUNT.test(rest) || /^(invite|grant|revoke|login|logout)$/.test(verb)) effects.add('account');
  const invites = args.some((name) => /^(participants?|attendees?|invitees?|guests?)$/.test(name));
  if (goesOut || invites || verb === 'share') effects.add('egress');
  if (annotations.destructiveHint === true && effects.size === 0) effects.add('destroy');
  if (effects.size > 0)
    return { effects: [...effects], because: `its name begins with ${verb}${invites ? '; it invites others' : ''}` };
  return {
    effects: ['write', 'egress', 'money', 'account', 'destroy'],
    because: 'nothing in its name tells: everything',
  };
}

function roleOf(argument: string, words: readonly string[], effects: readonly Effect[]): GuessedRole | undefined {
  const name = argument.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  // Whom a payment or an invitation is for is where it goes.
  const isWhom = /^(user|users|account|hotel|restaurant|company|merchant|vendor|shop|customer)$/.test(name);
  const goesTo = effects.some((effect) => effect === 'egress' || effect === 'money');
  if (isWhom && goesTo) return 'destination';
  const found = ROLES.find(([, pattern]) => pattern.test(name));
  if (found !== undefined) return found[0];
  const isReading = effects.length === 1 && effects[0] === 'read';
  return words.slice(1).includes(name) && !isReading ? 'target' : undefined;
}

/** Returns the store of a tool: tools on one kind of thing share a store. */
function storeOf(words: readonly string[]): string | undefined {
  const nouns = words
    .slice(1)
    .filter(
      (word) =>
        !/^(by|in|of|for|to|from|the|a|an|all|day|most|recent|unread|received|sent|draft|and|with|on|at|info|information|participants|name|filename|id|content|list|multiple)$/.test(
          word,
        ),
    );
  const noun = nouns[nouns.length - 1] ?? nouns[0];
  return noun?.replace(/ies$/, 'y').replace(/([^s])s$/, '$1');
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}
