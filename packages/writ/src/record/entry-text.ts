import type { DecisionRecord, FactRecord, LogEntry } from '../decide/record.js';

/**
 * Parts that are the same object in many records are written once. Only those belong in here: what is in a weak map outlives the next
 * small collection, and is left to a full one.
 */
const texts = new WeakMap<object, string>();

/** The version of the form of records (docs/record.schema.json). Those from before it have none. */
export const RECORD_VERSION = 1;
const VERSION = `"v":${RECORD_VERSION}`;

/** An entry as its line in the log: the JSON text of it. For a decision put together from parts, which takes half the time. */
export function entryText(entry: LogEntry): string {
  return inOnePiece(entry.kind === 'decision' ? decisionText(entry) : `{${VERSION},${JSON.stringify(entry).slice(1)}`);
}

const BRACE = '{'.charCodeAt(0);

/**
 * A text that was put together is a tree of its parts until a character of it is read. Many wait for the disk at once, and the collector
 * goes through all that they are made of.
 */
function inOnePiece(text: string): string {
  if (text.charCodeAt(0) !== BRACE) throw new Error('an entry is a JSON object');
  return text;
}

type Optional = {
  [K in keyof DecisionRecord]-?: undefined extends DecisionRecord[K] ? K : never;
}[keyof DecisionRecord];

/** Parts that a record has only when there is something to say: all of them, or this does not compile. */
const OPTIONAL: Readonly<Record<Optional, true>> = {
  provenance: true,
  mandate: true,
  origins: true,
  reserved: true,
  refusal: true,
  obligations: true,
  missing: true,
  stale: true,
  ignored: true,
  revision: true,
  referred: true,
  seen: true,
  supported: true,
  trace: true,
  took: true,
  resolves: true,
  binding: true,
  approvals: true,
  presented: true,
};
const OPTIONAL_NAMES = Object.keys(OPTIONAL) as Optional[];

function decisionText(record: DecisionRecord): string {
  const { facts } = record;
  // A ULID, a time and the name of a result need no escape.
  let text = `{${VERSION},"kind":"decision","id":"${record.id}","time":"${record.time}","result":"${record.result}","enforcementPoint":`;
  text += stringText(record.enforcementPoint);
  text += `,"request":${JSON.stringify(record.request)},"reasons":${record.reasons.length === 0 ? '[]' : JSON.stringify(record.reasons)},"facts":[`;
  for (let i = 0; i < facts.length; i += 1) text += i === 0 ? factText(facts[i]) : `,${factText(facts[i])}`;
  text += `],"ledger":${isEmpty(record.ledger) ? '{}' : JSON.stringify(record.ledger)},"policyVersion":"${record.policyVersion}"`;
  for (const name of OPTIONAL_NAMES) {
    const part = record[name];
    if (part === undefined) continue;
    if (name === 'provenance') text += `,"provenance":${provenanceText(part as Provenance)}`;
    else text += `,"${name}":${typeof part === 'number' ? part : JSON.stringify(part)}`;
  }
  return `${text}}`;
}

type Provenance = NonNullable<DecisionRecord['provenance']>;

/** Most say only who asks, and how sure that is. */
function provenanceText(provenance: Provenance): string {
  for (const name in provenance) if (name !== 'path' && name !== 'assurance') return JSON.stringify(provenance);
  let path = '';
  for (const { type, id } of provenance.path)
    path += `${path === '' ? '' : ','}{"type":${stringText(type)},"id":${stringText(id)}}`;
  return `{"path":[${path}],"assurance":${provenance.assurance}}`;
}

/** A text as JSON; the call is saved for what needs no escape, which are nearly all names. */
function stringText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[\w .:/@-]*$/;

function isEmpty(record: object): boolean {
  for (const _name in record) return false;
  return true;
}

/** A fact that nobody asserted a part of is the registry's, and the same until it changes; of whom nothing is known, it is new each time. */
function factText(fact: FactRecord | undefined): string {
  if (fact === undefined) return 'null';
  const { uid, attributes, ancestors, tags, ages, withheld, granted, asserted } = fact;
  if (asserted === undefined && granted === undefined && !isEmpty(attributes)) return rememberedText(fact);
  const tagged = tags === undefined ? '' : `,"tags":${rememberedText(tags)}`;
  const held = `"attributes":${rememberedText(attributes)},"ancestors":${rememberedText(ancestors)}`;
  const aged = ages === undefined ? '' : `,"ages":${rememberedText(ages)}`;
  const without = withheld === undefined ? '' : `,"withheld":${rememberedText(withheld)}`;
  return `{"uid":{"type":${stringText(uid.type)},"id":${stringText(uid.id)}},${held}${tagged}${aged}${without}${more('granted', granted)}${more('asserted', asserted)}}`;
}

function more(name: string, part: unknown): string {
  return part === undefined ? '' : `,"${name}":${JSON.stringify(part)}`;
}

/** The text of a part that is written more than once. */
function rememberedText(part: object): string {
  let text = texts.get(part);
  if (text === undefined) {
    text = JSON.stringify(part);
    texts.set(part, text);
  }
  return text;
}
