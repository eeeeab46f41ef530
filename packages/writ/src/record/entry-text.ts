import { DECISION_FIELDS, type DecisionRecord } from './decision-fields.js';
import type { LogEntry } from './entries.js';
import type { FactRecord } from './shapes.js';
import { RECORD_VERSION } from './version.js';

/**
 * The texts of parts that are the same object in many records. Nothing else belongs in here: what is in a weak map survives the next
 * small collection and waits for a full one.
 */
const texts = new WeakMap<object, string>();

const VERSION = `"v":${RECORD_VERSION}`;

/** Returns an entry as its line in the log: its JSON text. That of a decision is put together from parts, in half the time. */
export function entryText(entry: LogEntry): string {
  return inOnePiece(entry.kind === 'decision' ? decisionText(entry) : `{${VERSION},${JSON.stringify(entry).slice(1)}`);
}

const BRACE = '{'.charCodeAt(0);

/**
 * Reads a character of a text that was put together, which makes it one piece: until then it is a tree of its parts. Many texts wait
 * for the disk at once, and the collector visits all their parts.
 */
function inOnePiece(text: string): string {
  if (text.charCodeAt(0) !== BRACE) throw new Error('an entry is a JSON object');
  return text;
}

/** The fields that {@link decisionText} begins with: every record has them. */
const HEAD: ReadonlySet<string> = new Set<keyof DecisionRecord>([
  ...(['kind', 'id', 'time', 'result', 'enforcementPoint', 'request'] as const),
  ...(['reasons', 'facts', 'ledger', 'policyVersion'] as const),
]);
/** All others, in the order of the list. */
const OTHERS = (Object.keys(DECISION_FIELDS) as (keyof DecisionRecord)[]).filter((name) => !HEAD.has(name));

// hot: on the way of every decision; `npm run bench -- record` measures it.
function decisionText(record: DecisionRecord): string {
  const { facts } = record;
  // A ULID, a time and the name of a result need no escape.
  let text = `{${VERSION},"kind":"decision","id":"${record.id}","time":"${record.time}","result":"${record.result}","enforcementPoint":`;
  text += stringText(record.enforcementPoint);
  text += `,"request":${JSON.stringify(record.request)},"reasons":${record.reasons.length === 0 ? '[]' : JSON.stringify(record.reasons)},"facts":[`;
  for (let i = 0; i < facts.length; i += 1) text += i === 0 ? factText(facts[i]) : `,${factText(facts[i])}`;
  text += `],"ledger":${isEmpty(record.ledger) ? '{}' : JSON.stringify(record.ledger)},"policyVersion":"${record.policyVersion}"`;
  for (const name of OTHERS) {
    const part = record[name];
    if (part === undefined) continue;
    if (name === 'provenance') text += `,"provenance":${provenanceText(part as Provenance)}`;
    else text += `,"${name}":${typeof part === 'number' ? part : JSON.stringify(part)}`;
  }
  return `${text}}`;
}

type Provenance = NonNullable<DecisionRecord['provenance']>;

/** Returns a provenance as JSON. Most have a path and an assurance, and nothing more. */
function provenanceText(provenance: Provenance): string {
  for (const name in provenance) if (name !== 'path' && name !== 'assurance') return JSON.stringify(provenance);
  let path = '';
  for (const { type, id } of provenance.path)
    path += `${path === '' ? '' : ','}{"type":${stringText(type)},"id":${stringText(id)}}`;
  return `{"path":[${path}],"assurance":${provenance.assurance}}`;
}

/** Returns a text as JSON. Nearly all names need no escape, which saves the call. */
function stringText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[\w .:/@-]*$/;

function isEmpty(record: object): boolean {
  for (const _name in record) return false;
  return true;
}

/**
 * Returns a fact as JSON. A fact is the registry's own object, the same until it changes, if the registry knows something of the
 * entity and the caller asserted nothing; otherwise it is a new object each time.
 */
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

/** Returns the text of a part that is written more than once. */
function rememberedText(part: object): string {
  let text = texts.get(part);
  if (text === undefined) {
    text = JSON.stringify(part);
    texts.set(part, text);
  }
  return text;
}
