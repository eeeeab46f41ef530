import { wordsInName } from '../../ledger/flow/tool-verb.js';
import { saidOf } from './json-schema.js';

/** The kinds that a value can be of by its form. A value of such a form gets authority only from a field of that kind. */
export type FieldKind = 'email' | 'url' | 'iban' | 'phone' | 'card' | 'path' | 'time';

const FORMATS: Readonly<Record<FieldKind, RegExp>> = {
  email: /^(?:idn-)?email$/,
  url: /^(?:uri|url|iri|uri-reference|iri-reference|hostname|idn-hostname|ipv4|ipv6)$/,
  iban: /^iban$/,
  phone: /^(?:phone|tel|e164)$/,
  card: /^(?:card|credit-card)$/,
  path: /^(?:path|file-path|filename)$/,
  time: /^(?:date|date-time|time)$/,
};
/** By the words of a name. The first that matches counts: an e-mail address is also an address. */
const NAMES: readonly (readonly [FieldKind, RegExp])[] = [
  ['email', /(?:^| )e ?mails?(?: |$)|(?:^| )(?:mailto|mail address)(?: |$)/],
  ['iban', /(?:^| )iban(?: |$)/],
  ['card', /(?:^| )(?:card number|credit card|debit card|pan)(?: number)?$/],
  ['phone', /(?:^| )(?:phone|telephone|mobile|fax|whatsapp|msisdn)(?: numbers?)?$/],
  ['url', /(?:^| )(?:urls?|uris?|href|link|links|endpoint|webhook|website|homepage|hosts?|hostname|domains?)$/],
  ['path', /(?:^| )(?:path|paths|filepath|filename|filenames|file names?|dir|directory|folder path)$/],
  ['time', /(?:^| )(?:date|time|datetime|day|deadline|due|(?:starts?|ends?)(?: at)?)$/],
];
/** By a description. One that names two kinds, or another thing beside one, says none. */
const SAID: readonly (readonly [FieldKind, RegExp])[] = [
  ['email', /\be-?mail(?: address(?:es)?)?\b/i],
  ['iban', /\bIBANs?\b/i],
  ['card', /\b(?:credit|debit) card number\b/i],
  ['phone', /\b(?:tele)?phone numbers?\b/i],
  ['url', /\bURLs?\b|\bURIs?\b|\bhost ?names?\b/i],
  ['path', /\b(?:file|directory|folder) ?paths?\b|\bpath (?:to|of) (?:the|a|an)?\b|\bfile ?names?\b/i],
];

/** A name that is about such a value, and not the value. */
const NOT_IT =
  / (?:ids?|count|type|status|subject|body|content|verified|enabled)$|^(?:ids?|subject|body|content|title)$/;

/** Returns the kind of a field or an argument by its format, its name and its description; undefined if none of them says one. */
export function kindOfField(name: string, schema: unknown, root: unknown): FieldKind | undefined {
  const { types, formats, text } = saidOf(schema, root);
  for (const [kind, format] of Object.entries(FORMATS))
    if ([...formats].some((one) => format.test(one))) return kind as FieldKind;
  // A number or a flag has no such form; `null` and lists of texts do.
  if (types.size > 0 && !types.has('string')) return undefined;
  const words = wordsInName(name).join(' ');
  if (NOT_IT.test(words)) return undefined;
  const named = NAMES.find(([, pattern]) => pattern.test(words))?.[0];
  if (named !== undefined) return named;
  const said = SAID.filter(([, pattern]) => pattern.test(text));
  const [only] = said;
  return said.length === 1 && !/\bor\b|\/|\bany\b/i.test(text) ? only?.[0] : undefined;
}
