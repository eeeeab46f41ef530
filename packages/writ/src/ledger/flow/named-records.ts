import { linksIn } from './links.js';
import { groupedNumbersIn } from './normal-form.js';
import { type Shape, shapesOf } from './value-kinds.js';

/** A place in an answer. */
interface Place {
  readonly decisionId: string;
  readonly at: string;
}

/** The most records and answers that are kept for a task; past it, the user named none. */
const MAX_NAMED = 2_000;
/** The most records with other titles that are kept; past it, no record is known to have but one. */
const MAX_OTHERS = 10_000;
/** Members that a person names a record by. */
const NAMES = /^(?:(?:.*_)?(?:name|title|subject|label)|file_?name|id_?|sender|from|author|organizer|organiser|owner)$/;

/** Members that say what a record is called. */
const TITLES = /^(?:name|title|subject|label)$/;

/** Returns whether a record is called what a member says. */
export function isTitle(member: string): boolean {
  return TITLES.test(member.toLowerCase());
}

/** Returns the record that a place is a name of; undefined if people name records by other members. */
export function recordNamedAt(at: string): { readonly record: string; readonly member: string } | undefined {
  const found = /^(.*)\.([A-Za-z0-9_]+)$/.exec(at);
  if (found === null) return undefined;
  const [, record = '$', member = ''] = found;
  return NAMES.test(member.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()) ? { record, member } : undefined;
}

/**
 * The sources that the user named: records of answers by a name that the prompt has, and answers that are one text, of a call whose
 * arguments the prompt has. A value is of the record that was meant only if all records of that name have it.
 */
export class NamedSources {
  /** Whether the prompt asks for what they link to. */
  areForPages = false;
  /** The records of a name, whichever answer they are in. */
  private readonly records = new Map<string, Set<string>>();
  /** By answer and record: its names. */
  private readonly names = new Map<string, Map<string, Set<string>>>();
  private readonly answers = new Set<string>();
  /** By answer, the records with a title that the prompt does not have: which of its titles counts, a stranger decides. */
  private readonly otherTitles = new Map<string, Set<string>>();
  private count = 0;
  private countOfOthers = 0;

  /** Adds a record by its name, which the prompt has. */
  addRecord(decisionId: string, record: string, name: string): void {
    if (this.count >= MAX_NAMED) {
      this.records.clear();
      return;
    }
    this.count += 1;
    add(this.records, name, `${decisionId}\n${record}`);
    const ofAnswer = this.names.get(decisionId) ?? new Map<string, Set<string>>();
    this.names.set(decisionId, ofAnswer);
    add(ofAnswer, record, name);
  }

  /** Adds a record with a title that the prompt does not have. */
  addOtherTitle(decisionId: string, record: string): void {
    if (this.countOfOthers < MAX_OTHERS) add(this.otherTitles, decisionId, record);
    this.countOfOthers += 1;
  }

  /** Adds the answer of a call whose arguments the prompt has. */
  addAnswer(decisionId: string): void {
    if (this.answers.size < MAX_NAMED) this.answers.add(decisionId);
  }

  /** Returns the names of which all records have a value, by the places that have it. */
  namesOfAll(places: readonly Place[]): readonly string[] {
    const having = new Map<string, Set<string>>();
    for (const place of places)
      for (const [record, names] of this.recordsAround(place))
        for (const name of names) add(having, name, `${place.decisionId}\n${record}`);
    return [...having].flatMap(([name, records]) => (records.size === this.records.get(name)?.size ? [name] : []));
  }

  /** Returns whether a record of an answer is known by a name. */
  isRecordOf(name: string, { decisionId, record }: { readonly decisionId: string; readonly record: string }): boolean {
    return this.records.get(name)?.has(`${decisionId}\n${record}`) === true;
  }

  /** Returns whether a place is in a record that the user named, and that one of others is in also. */
  isOfRecordOf(place: Place, others: readonly Place[]): boolean {
    for (const [record] of this.recordsAround(place))
      for (const other of others)
        if (other.decisionId === place.decisionId)
          for (const [its] of this.recordsAround(other)) if (its === record) return true;
    return false;
  }

  /** Returns whether a place is the answer of a call that the user named, and not one of many things in it. */
  isAnswer({ decisionId, at }: Place): boolean {
    return this.answers.has(decisionId) && !at.includes('[');
  }

  /** Returns whether a text is the answer of a call that the user named, or within the one record of a name. */
  hasText(place: Place): boolean {
    return this.isAnswer(place) || this.namesOfAll([place]).length > 0;
  }

  private *recordsAround({ decisionId, at }: Place): Generator<[string, ReadonlySet<string>]> {
    if (this.countOfOthers > MAX_OTHERS) return;
    const others = this.otherTitles.get(decisionId);
    // A comment on an event is not the event: only its own members count, and lists of values.
    for (const entry of this.names.get(decisionId) ?? [])
      if (at.startsWith(entry[0]) && isOwnMember(at.slice(entry[0].length)) && others?.has(entry[0]) !== true)
        yield entry;
  }
}

function isOwnMember(way: string): boolean {
  return OWN_MEMBER.test(way) && !LEADS_ELSEWHERE.test(way.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase());
}

/** Members of a message by which its sender has answers go to somebody else. */
const LEADS_ELSEWHERE =
  /^\.?(?:\["(?=.*"\]))?(?:in_)?(?:reply|answer|respond|return|forward|redirect|bounce|errors?)s?[_-]?(?:to|path|address)?(?:_(?:address|email))?(?:"\])?(?:\[[0-9]+\])?$/;

const OWN_MEMBER = /^(?:\.[A-Za-z0-9_]+|\["(?:[^"\\]|\\.)*"\])(?:\[[0-9]+\])?$/;

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([value]));
  else known.add(value);
}

/** The longest text in which values are counted. */
const MAX_TEXT = 64 * 1024;

/** Returns whether a text has one value of a shape and no second: the value that the user meant by the text. */
export function hasOneOf(shape: Shape, text: string): boolean {
  if (text.length > MAX_TEXT) return false;
  return new Set(valuesOf(shape, text)).size === 1;
}
function valuesOf(shape: Shape, text: string): string[] {
  switch (shape) {
    case 'email':
    case 'web':
      return linksIn(text).filter(
        (link) => shapesOf(link).includes(shape) && (shape === 'email' || !link.includes('@')),
      );
    case 'account':
    case 'phone':
      return [
        ...groupedNumbersIn(text.toUpperCase()),
        ...(text.match(/[a-z]{2}[0-9]{2}[a-z0-9]{10,31}|\+?[0-9]{8,20}/gi) ?? []),
      ]
        .map((one) => one.toLowerCase().replace(/[ ()./-]/g, ''))
        .filter((one) => shapesOf(one).includes(shape));
    default:
      return [];
  }
}
