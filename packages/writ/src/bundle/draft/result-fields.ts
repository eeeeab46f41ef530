import { wordsInName } from '../../ledger/flow/tool-verb.js';
import { table } from '../../lib/table.js';
import { schemaOfAnswers } from './answer-schema.js';
import { sensitivitiesIn } from './confidential.js';
import type { DraftedLabels } from './drafted-labels.js';
import { type FieldKind, kindOfField } from './field-kinds.js';
import { isSchema, type JsonSchema, listIn, recordIn, referred, saidOf } from './json-schema.js';
import { peopleByMembers, usualPeople, withPeople } from './record-people.js';

/** The answer whose fields are labelled. */
interface AnswerOf {
  readonly thing: string | undefined;
  readonly words: readonly string[];
  readonly base: {
    readonly integrity: 'external' | 'internal' | 'system';
    readonly isOfWeb?: boolean;
    readonly isOfChange?: boolean;
    readonly isOfDirectory?: boolean;
    readonly isRaw?: boolean;
  };
  /** Whether an argument of some tool of the server has this name: then it is an id that the server knows. */
  readonly isId: (name: string) => boolean;
  /** Whether the server says that it checks who sent a mail. */
  readonly isSenderChecked: boolean;
  /** As the server lists it. */
  readonly schema: unknown;
  /** Answers that were recorded. */
  readonly answers: readonly unknown[];
}

interface FieldRules {
  readonly rules: ReadonlyMap<string, DraftedLabels>;
  /** The kind of the answer where it is one value. */
  readonly kind: FieldKind | undefined;
}

/** The most fields of one tool that are labelled. */
const MAX_FIELDS = 200;
const MAX_DEPTH = 10;
/** References can be written so that a few lines stand for millions. */
const MAX_PARTS = 5_000;

/**
 * Labels the fields of an answer: one by one where the server says which there are (`outputSchema`) or an answer was recorded, and
 * by their usual names otherwise.
 */
export function fieldRules(of: AnswerOf): FieldRules {
  const seen = [
    of.schema,
    of.answers.length === 0 || of.base.isRaw === true ? undefined : schemaOfAnswers(of.answers),
  ].filter(isSchema);
  const kind = kindOfWhole(of, seen);
  const rules = new Map<string, DraftedLabels>();
  for (const root of seen)
    walk({ schema: root, path: '$', name: '', isOfPerson: false, depth: 0 }, { root, rules, of, left: MAX_PARTS });
  if (seen.length === 0) for (const [path, labels] of usualFields(of)) rules.set(path, labels);
  return { rules, kind };
}

/** `get_iban` answers with an account number, and some directories with a list of addresses. */
function kindOfWhole({ words, base }: AnswerOf, schemas: readonly JsonSchema[]): FieldKind | undefined {
  if (base.integrity !== 'internal') return undefined;
  if (words.at(-1) === 'iban') return 'iban';
  const kinds = new Set(
    schemas.map((schema) => (saidOf(schema, schema).types.has('object') ? undefined : kindOfField('', schema, schema))),
  );
  return kinds.size === 1 ? [...kinds][0] : undefined;
}

/** A part of an answer. */
interface Place {
  readonly schema: unknown;
  readonly path: string;
  /** The name of the field; empty for what is in a list. */
  readonly name: string;
  /** Whether it is in a record of a person: an id there is theirs. */
  readonly isOfPerson: boolean;
  readonly depth: number;
}

interface Walk {
  readonly root: unknown;
  readonly rules: Map<string, DraftedLabels>;
  readonly of: AnswerOf;
  /** How many more parts are looked at. */
  left: number;
}

function walk({ schema, path, name, isOfPerson, depth }: Place, within: Walk): void {
  const { root, rules } = within;
  if (!isSchema(schema) || depth > MAX_DEPTH || rules.size >= MAX_FIELDS || within.left <= 0) return;
  within.left -= 1;
  const visit = (part: unknown, more: Partial<Place> = {}): void =>
    walk({ schema: part, path, name, isOfPerson, depth: depth + 1, ...more }, within);
  if (typeof schema.$ref === 'string') visit(referred(schema.$ref, root));
  for (const part of [...listIn(schema.allOf), ...listIn(schema.anyOf), ...listIn(schema.oneOf)]) visit(part);
  const labels = name === '' ? undefined : labelsOfField(name, schema, isOfPerson, within);
  if (labels !== undefined) rules.set(path, labels);
  const people = peopleIn(Object.keys(recordIn(schema.properties)), within.of);
  if (people !== undefined) rules.set(path, withPeople(rules.get(path), people));
  const inPerson = { isOfPerson: isOfPerson || OF_PERSON.test(snake(name)) };
  for (const [member, one] of Object.entries(recordIn(schema.properties)))
    visit(one, { path: `${path}${step(member)}`, name: member, ...inPerson });
  for (const one of [schema.items, ...listIn(schema.prefixItems)])
    visit(one, { path: `${path}[*]`, name: '', ...inPerson });
  visit(schema.additionalProperties, { path: `${path}.*`, name: '', ...inPerson });
}

/** A page can have any members, and an answer to a change those that it was given. */
function peopleIn(
  members: readonly string[],
  { thing, base, isSenderChecked }: AnswerOf,
): ReturnType<typeof peopleByMembers> {
  const isForeign = base.isOfWeb === true || base.isOfChange === true || base.isRaw === true;
  return isForeign || members.length === 0 ? undefined : peopleByMembers(thing, members, isSenderChecked);
}

function snake(name: string): string {
  return wordsInName(name).join('_') || name;
}

function step(member: string): string {
  return /^[A-Za-z_]\w*$/.test(member) ? `.${member}` : `[${JSON.stringify(member)}]`;
}

/** Fields of a person: the id of a sender is of a stranger. */
const OF_PERSON =
  /^(?:from|to|cc|bcc|sender|senders|recipient|recipients|receiver|author|authors|owner|owners|creator|organizer|participants?|attendees?|guests?|assignees?|reviewers?|collaborators?|members?|user|users|customer|client|contact|shared|shared_with|reporter|uploader|merchant|vendor|payee|payer|counterparty|commenter)(?:_|$)/;
/** Names that somebody gave. */
const NAMED =
  /^(?:name|title|subject|label|labels|filename|file_name|display_name|full_name|first_name|last_name|username|login|nickname|key|slug|tags?|path|folder|directory)$|_(?:name|title|subject)$/;
/** Texts that somebody wrote. */
const WRITTEN =
  /^(?:body|text|content|contents|message|messages|description|comment|comments|note|notes|summary|snippet|html|markdown|bio|about|review|reviews|caption|memo|reason|details|location)$|_(?:body|text|content|description|comment|notes?|message)$/;
/** An id that somebody chose. */
const NOT_OURS = /\b(?:chosen|custom|user[- ]defined|external|arbitrary)\b/i;
const ID = /^(?:id|id_|_id|uuid|guid)$/;

function labelsOfField(
  name: string,
  schema: JsonSchema,
  isOfPerson: boolean,
  { root, of }: Walk,
): DraftedLabels | undefined {
  const plain = snake(name);
  const { types, text } = saidOf(schema, root);
  const isRecord = types.has('object') || isSchema(schema.properties);
  const sensitive = sensitivitiesIn(`${plain.replaceAll('_', ' ')}; ${text.slice(0, 500)}`);
  const isRestricted = sensitive.some(({ ofField }) => ofField === 'restricted');
  const confidentiality = sensitive.length === 0 ? undefined : isRestricted ? 'restricted' : 'confidential';
  const labels = [...new Set(sensitive.map(({ label }) => label))].sort();
  const integrity = integrityOfField({ name, plain, text, types, isOfPerson }, of);
  const hasKind = !isRecord && of.base.isOfWeb !== true && of.base.isOfChange !== true;
  const kind = hasKind ? kindOfField(name, schema, root) : undefined;
  if (confidentiality === undefined && kind === undefined) return integrity;
  return {
    ...(integrity === undefined ? {} : { integrity }),
    ...(confidentiality === undefined ? {} : { confidentiality }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(kind === undefined ? {} : { kind }),
  };
}

interface FieldOf {
  readonly name: string;
  /** The name in lower case, its words joined with `_`. */
  readonly plain: string;
  readonly text: string;
  readonly types: ReadonlySet<string>;
  readonly isOfPerson: boolean;
}

/** Undefined if the field has the integrity of what it is in. */
function integrityOfField(
  { name, plain, text, types, isOfPerson }: FieldOf,
  { base, thing }: AnswerOf,
): 'external' | 'attested' | 'system' | undefined {
  if (base.isOfWeb === true || base.integrity === 'system') return undefined;
  const isOwnId = ID.test(name.toLowerCase()) || plain === `${thing}_id`;
  if (isOwnId && !isOfPerson && !OF_PERSON.test(plain) && !NOT_OURS.test(text)) return 'system';
  const isText = types.size === 0 || types.has('string') || types.has('object');
  if (!isText || base.isOfChange === true) return undefined;
  if (base.integrity === 'external') return OF_PERSON.test(plain) ? 'attested' : undefined;
  if (NAMED.test(plain)) return 'attested';
  return WRITTEN.test(plain) ? 'external' : undefined;
}

type Usual = readonly (readonly [string, DraftedLabels])[];

const ATTESTED_MAIL: DraftedLabels = { integrity: 'attested', kind: 'email' };
const ATTESTED_PATH: DraftedLabels = { integrity: 'attested', kind: 'path' };
const ATTESTED_IBAN: DraftedLabels = { integrity: 'attested', kind: 'iban' };
const each = (names: string, labels: DraftedLabels): Usual => names.split(' ').map((name) => [`$..${name}`, labels]);

const PAYMENT = each('sender recipient iban', ATTESTED_IBAN);
const BY_THING = table<Usual>({
  email: each('sender from recipients to cc bcc', ATTESTED_MAIL),
  event: each('participants attendees organizer', ATTESTED_MAIL),
  file: [...each('filename path', ATTESTED_PATH), ...each('owner shared_with', ATTESTED_MAIL)],
  message: each('sender author user recipient', 'attested'),
  transaction: PAYMENT,
  payment: PAYMENT,
  transfer: PAYMENT,
});
const CONTACT: Usual = [
  ['$..name', 'attested'],
  ['$..title', 'attested'],
  ['$..notes', 'external'],
  ['$..email', { integrity: 'internal', kind: 'email' }],
  ['$..phone', { integrity: 'internal', kind: 'phone' }],
  ['$..iban', { integrity: 'internal', kind: 'iban' }],
];
const OWN_USER: Usual = [
  ['$..email', { integrity: 'internal', kind: 'email' }],
  ['$..phone', { integrity: 'internal', kind: 'phone' }],
  ['$..iban', { integrity: 'internal', confidentiality: 'confidential', labels: ['financial'], kind: 'iban' }],
];
/** The id of a sender is a stranger's, although the service gave it out. */
const OF_STRANGERS = "$..['author','creator','from','organizer','owner','sender','user']['id','id_']";

/** Returns the fields that things of a sort usually have: nothing says which this tool has. */
function usualFields({ base, thing, isId, isSenderChecked }: AnswerOf): Usual {
  if (base.isOfWeb === true || base.isRaw === true || base.integrity === 'system') return [];
  if (base.integrity === 'internal') return base.isOfDirectory === true ? CONTACT : thing === 'user' ? OWN_USER : [];
  const own = `${thing}_id`;
  const ids = ['id', 'id_', ...(/^[a-z]\w*$/.test(own) && isId(own) ? [own] : [])];
  const given: Usual = [[`$..[${ids.map((id) => `'${id}'`).join(',')}]`, 'system']];
  if (base.isOfChange === true) return given;
  return [
    ...given,
    [OF_STRANGERS, 'attested'],
    ...(BY_THING[thing ?? ''] ?? []),
    ...usualPeople(thing, isSenderChecked),
  ];
}
