import type { ToolVerb } from '../../ledger/flow/tool-verb.js';
import { type Effect, EVERYTHING } from './effects.js';
import { type FieldKind, kindOfField } from './field-kinds.js';
import { saidOf } from './json-schema.js';

export type GuessedRole = 'destination' | 'target' | 'secret' | 'amount' | 'content';

/** An argument with its guessed role, and the kind of its values. */
export interface GuessedArgument {
  readonly role: GuessedRole;
  readonly kind: FieldKind | undefined;
}

/** The tool that arguments are of. */
interface ToolOfArguments {
  readonly verb: ToolVerb;
  readonly words: readonly string[];
  readonly effects: readonly Effect[];
  readonly root: unknown;
}

const ROLES: readonly (readonly [Exclude<GuessedRole, 'amount'>, RegExp])[] = [
  ['secret', /^(password|passwd|secret|token|api_?key|pin|credential)s?$|password|secret/],
  [
    'destination',
    /^(to|cc|bcc|recipients?|receivers?|emails?|user_?emails?|e_?mail_?address(es)?|urls?|uris?|link|endpoint|webhook|channels?|channel_?(id|name)|participants?|attendees?|invitees?|guests?|payee|iban|beneficiary|host|hostname|domain|phone|phone_?number|chat_?id|share_?with|shared_?with|collaborators?|to_?account|address(es)?|remote|bucket|server)$|_(url|recipient|email|to)$/,
  ],
  [
    'content',
    /^(body|text|content|contents|message|subject|title|description|comment|note|notes|data|html|markdown|summary|details|caption|payload|query|command|sql|code|attachments?|new_?content|street|city|first_?name|last_?name|location|place|venue|value)$/,
  ],
  [
    'target',
    /^(id|ids|id_|paths?|file|files|filenames?|names?|keys?|event|table|resource|user|users|account|repo|repository|branch|project|issue|page|folder|directory|source|target|hotel|restaurant|company|item|product|order|customer|database|collection|document|owner|org|organization|workspace|namespace|cluster|pod|node)$|(_|^)(ids?|paths?|files?|filenames?|names?|keys?|numbers?)$|file_?path/,
  ],
];
const WHOM = /^(user|users|account|merchant|vendor|shop|customer)$/;
const VENUE = /^(hotel|restaurant|company)$/;
/** Names of numbers that are money, the plainest first: of several, one is what is paid. */
const AMOUNTS: readonly RegExp[] = [
  /^amount$|_amount$/,
  /^total$|_total$|^sum$/,
  /^price$|_price$/,
  /^cost$|^fee$|^budget$|^value$/,
];
/** The only ones that a text is taken for, as `12.50`. */
const AMOUNT_IN_TEXT = /^amount$|_amount$/;

/** Guesses the roles of the arguments of a tool, and the kinds of their values. */
export function rolesOf(
  args: ReadonlyMap<string, readonly unknown[]>,
  tool: ToolOfArguments,
): Map<string, GuessedArgument> {
  const isReading = tool.effects.every((effect) => effect === 'read');
  const isDeleting = tool.effects.every((effect) => effect === 'destroy');
  const amount = amountIn(args, tool);
  const found = new Map<string, GuessedArgument>();
  for (const [name, [schema]] of args) {
    const role = name === amount ? 'amount' : roleOf(snake(name), tool);
    const isNumber = isNumberOrFlag(schema, tool.root);
    // A text without a role counts as content: the draft says so.
    // The number of a page says no thing.
    const isCount = isNumber && role === 'target' && !/(?:^|_)(?:ids?|id_|number|key)$/.test(snake(name));
    // A tool that only deletes writes no text: its arguments say which things.
    const other = isDeleting ? 'target' : 'content';
    const drafted = isCount ? undefined : (role ?? (isReading || isNumber ? undefined : other));
    if (drafted === undefined || (isReading && drafted !== 'target')) continue;
    const hasKind = drafted === 'destination' || drafted === 'target';
    found.set(name, { role: drafted, kind: hasKind ? kindOf(name, schema, tool) : undefined });
  }
  return found;
}

/** Returns the argument that is the amount of a payment: a number, or a text that can be nothing else. */
function amountIn(
  args: ReadonlyMap<string, readonly unknown[]>,
  { effects, root }: ToolOfArguments,
): string | undefined {
  // A tool of which nothing is known must not fail because its number has many digits.
  if (!effects.includes('money') || effects.length === EVERYTHING.length) return undefined;
  const names = [...args.keys()].filter((name) => {
    const { types } = saidOf(args.get(name)?.[0], root);
    const isNumber = types.size === 1 && (types.has('number') || types.has('integer'));
    return (
      isNumber || (AMOUNT_IN_TEXT.test(snake(name)) && types.size <= 2 && !types.has('array') && !types.has('object'))
    );
  });
  for (const pattern of AMOUNTS) {
    const name = names.find((one) => pattern.test(snake(one)));
    if (name !== undefined) return name;
  }
  return undefined;
}

function roleOf(name: string, { verb, words, effects }: ToolOfArguments): GuessedRole | undefined {
  const isBooking = verb.verb === 'reserve' || verb.verb === 'book';
  const goesTo = effects.some((effect) => effect === 'egress' || effect === 'money');
  // Whom a payment or an invitation is for is where it goes; a room is what is booked.
  if (isBooking && (WHOM.test(name) || VENUE.test(name))) return 'target';
  if (goesTo && (WHOM.test(name) || VENUE.test(name))) return 'destination';
  const found = ROLES.find(([, pattern]) => pattern.test(name));
  if (found !== undefined) return found[0];
  const isReading = effects.length === 1 && effects[0] === 'read';
  return words.includes(name) && name !== verb.verb && !isReading ? 'target' : undefined;
}

const MAIL = new Set('email emails mail mails gmail inbox outlook'.split(' '));
const PHONES = new Set('sms whatsapp twilio'.split(' '));
const ADDRESSED = /^(to|cc|bcc|recipients?|receivers?)$/;

function kindOf(name: string, schema: unknown, { words, root }: ToolOfArguments): FieldKind | undefined {
  const kind = kindOfField(name, schema, root);
  if (kind !== undefined) return kind;
  // A tool of a mailbox writes to addresses, and one of a telephone to numbers.
  const { types, text } = saidOf(schema, root);
  const isText = types.size === 0 || types.has('string');
  const isOther = /\b(?:or|names?|ids?|any|channels?)\b/i.test(text);
  if (!isText || isOther || !ADDRESSED.test(snake(name))) return undefined;
  if (words.some((word) => MAIL.has(word))) return 'email';
  return words.some((word) => PHONES.has(word)) ? 'phone' : undefined;
}

function isNumberOrFlag(schema: unknown, root: unknown): boolean {
  const { types } = saidOf(schema, root);
  return types.size > 0 && [...types].every((type) => ['number', 'integer', 'boolean'].includes(type));
}

function snake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}
