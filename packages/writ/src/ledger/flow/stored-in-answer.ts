import { join, type Labels, labelsNamed } from './labels.js';
import { memberForm } from './store-members.js';
import { foldedForm, isType, partsOf } from './store-names.js';
import { everyLabel, type StoredLabels, type StoredName } from './stored-labels.js';
import { StoredNameIndex } from './stored-name-index.js';

/**
 * A part of an answer, by the things that its values can be of. `outside` is around the records, `record` in one, and `unknown` where
 * records cannot be distinguished.
 */
export interface AnswerPart {
  readonly place: 'outside' | 'record' | 'unknown';
  /** The members that say which thing the record is: things that are named by another member may be meant. */
  readonly named: ReadonlySet<string>;
  /** The things that a record around it is, by their index. */
  readonly things: readonly number[];
}

/** The parts for the values of an object, and for what is in it. */
interface EnteredParts {
  readonly own: AnswerPart;
  readonly inside: AnswerPart;
}

/** The way that leads to an object. */
interface WayIn {
  readonly isRoot: boolean;
  /** Whether the object is an item of a list. */
  readonly isItem: boolean;
  /** The member that it is; undefined for an item. */
  readonly name: string | undefined;
}

const NOTHING_NAMED: ReadonlySet<string> = new Set();
const OUTSIDE: AnswerPart = { place: 'outside', named: NOTHING_NAMED, things: [] };
const UNKNOWN: AnswerPart = { place: 'unknown', named: NOTHING_NAMED, things: [] };
/** Members of a record of which each has a record of its own in it. */
const WRAPPERS: ReadonlySet<string> = new Set(['item', 'record', 'document', 'entry', 'result', 'data', 'hit', 'node']);
const MAX_NAME = 1_024;
/** After this many comparisons of names, all labels are on all that follows. */
const MAX_COMPARISONS = 200_000;

interface Thing {
  readonly parts: readonly string[];
  readonly member: string | undefined;
  readonly labels: readonly string[];
  readonly isAlias: boolean;
}

/**
 * The labels that a store had for the values of an answer. The record of a thing has the labels of that thing. A record is known to be
 * of another thing only if it has another name in the member that the thing is named by; where that is not known, a value has the
 * labels of everything that can be in the answer. A name in any member that things are named by makes a record that of the thing.
 */
export class StoredInAnswer {
  /** The part that the whole answer is. */
  readonly root: AnswerPart;
  /** A part whose record cannot be known. */
  readonly unknown = UNKNOWN;
  private readonly things: readonly Thing[];
  private readonly members: ReadonlySet<string>;
  /** Things by a part of their name. */
  private readonly byPart = new Map<string, number[]>();
  private readonly forms = new Map<string, string>();
  /** The labels by their names: what reads the labels remembers them by the object. */
  private readonly labels = new Map<string, Labels>();
  private readonly byRecord = new WeakMap<AnswerPart, Labels | undefined>();
  /** The labels of the things that a record can be of which nothing is known, by the members that name it. */
  private readonly possible = new Map<string, ReadonlySet<string>>();
  private readonly names: StoredNameIndex;
  /** The labels of the names in values that were looked at: the names of members are in each record. */
  private readonly byValue = new Map<string, Labels | undefined>();
  private ofEveryName: Labels | undefined;
  private comparisons = 0;

  constructor(private readonly stored: StoredLabels) {
    this.things = stored.things.map(({ parts, member, labels, isAlias = false }) => ({
      parts: withoutType(parts),
      ...{ member, labels, isAlias },
    }));
    this.members = new Set(['id', ...stored.members, ...this.things.flatMap(({ member }) => member ?? [])]);
    this.root = this.things.length === 0 ? UNKNOWN : OUTSIDE;
    this.names = new StoredNameIndex(stored.names);
    for (const [i, { parts }] of this.things.entries())
      for (const part of new Set(parts)) {
        const there = this.byPart.get(part);
        if (there === undefined) this.byPart.set(part, [i]);
        else there.push(i);
      }
  }

  /** Returns the parts that an object of the answer is, within another part. */
  enter(value: object, around: AnswerPart, { isRoot, isItem, name }: WayIn): EnteredParts {
    if (around.place === 'unknown') return { own: UNKNOWN, inside: UNKNOWN };
    const { named, found } = this.namesOf(value);
    if (this.comparisons > MAX_COMPARISONS) return { own: UNKNOWN, inside: UNKNOWN };
    const things = found.length === 0 ? around.things : [...new Set([...around.things, ...found])];
    const inRecord = around.place === 'record';
    if (isItem || (inRecord && name !== undefined && this.isWrapper(name))) {
      // Others can have written what is in a record. That says nothing that the record itself does not say.
      const both = inRecord ? new Set([...named].filter((member) => around.named.has(member))) : named;
      const part: AnswerPart = both.size === 0 ? UNKNOWN : { place: 'record', named: both, things };
      return { own: part, inside: part };
    }
    if (inRecord) {
      const part = found.length === 0 ? around : { ...around, things };
      return { own: part, inside: part };
    }
    // Around a list, a text can be about all of it. An object with a text of its own that is not the answer can be a record.
    const own: AnswerPart = hasObjects(value) ? UNKNOWN : { place: 'record', named, things };
    const inside: AnswerPart = !isRoot && hasTexts(value) ? UNKNOWN : { ...OUTSIDE, things };
    return { own, inside };
  }

  /**
   * Returns the labels of a value in a part; undefined if it has none from the store. A value that the tool itself gives out has only
   * those of a name.
   */
  labelsOf(part: AnswerPart, value: string | number | boolean, isGiven: boolean): Labels | undefined {
    const content = isGiven ? undefined : this.ofContent(part);
    const name = this.stored.names.length === 0 ? undefined : this.ofName(value);
    return content !== undefined && name !== undefined ? join(content, name) : (content ?? name);
  }

  private ofContent(part: AnswerPart): Labels | undefined {
    if (!this.byRecord.has(part)) this.byRecord.set(part, this.labelsFor(part));
    return this.byRecord.get(part);
  }

  private labelsFor({ place, named, things }: AnswerPart): Labels | undefined {
    const names = new Set(this.labelsOfPossible(place, named));
    for (const i of things) for (const label of this.things[i]?.labels ?? []) names.add(label);
    return this.labelsNamed([...names].sort());
  }

  /** Returns the labels of everything that a part can be of which nothing is known. Parts are many, and those sets of members few. */
  private labelsOfPossible(place: AnswerPart['place'], named: ReadonlySet<string>): ReadonlySet<string> {
    const key = place === 'unknown' ? '' : JSON.stringify([...named]);
    let labels = this.possible.get(key);
    if (labels === undefined) {
      const things = this.things.filter(
        ({ member, isAlias }) => place === 'unknown' || (!isAlias && (member === undefined || !named.has(member))),
      );
      labels = new Set(everyLabel({ all: this.stored.all, names: [], things }));
      this.possible.set(key, labels);
    }
    return labels;
  }

  private labelsNamed(names: readonly string[]): Labels | undefined {
    if (names.length === 0) return undefined;
    const key = JSON.stringify(names);
    const labels = this.labels.get(key) ?? labelsNamed(names);
    this.labels.set(key, labels);
    return labels;
  }

  /** Returns the labels of the names that a value says. */
  private ofName(value: string | number | boolean): Labels | undefined {
    const given = String(value);
    this.comparisons += this.stored.names.length;
    if (this.comparisons > MAX_COMPARISONS) {
      this.ofEveryName ??= this.ofNames(this.stored.names);
      return this.ofEveryName;
    }
    if (this.byValue.has(given)) return this.byValue.get(given);
    const text = foldedForm(given);
    const last = text.length > MAX_NAME ? undefined : partsOf(given).at(-1);
    const labels = this.ofNames(this.names.saidIn(text, last));
    this.byValue.set(given, labels);
    return labels;
  }

  private ofNames(said: readonly StoredName[]): Labels | undefined {
    return this.labelsNamed([...new Set(said.flatMap(({ labels }) => labels))].sort());
  }

  /** Returns the members of a record that name a thing, and the things that have these names. */
  private namesOf(value: object): { readonly named: ReadonlySet<string>; readonly found: readonly number[] } {
    const named = new Set<string>();
    const found: number[] = [];
    for (const [name, item] of Object.entries(value)) {
      const member = this.formOf(name);
      if (!this.members.has(member) || (typeof item !== 'string' && typeof item !== 'number')) continue;
      const text = String(item);
      const parts = text.length > MAX_NAME ? [] : withoutType(partsOf(text));
      if (parts.length === 0) continue;
      named.add(member);
      found.push(...this.thingsNamed(parts));
    }
    return { named, found };
  }

  private thingsNamed(parts: readonly string[]): number[] {
    const found = new Set<number>();
    for (const part of new Set(parts))
      for (const i of this.byPart.get(part) ?? []) {
        this.comparisons += 1;
        if (this.comparisons > MAX_COMPARISONS) return [...found];
        if (!found.has(i) && overlap(this.things[i]?.parts ?? [], parts)) found.add(i);
      }
    return [...found];
  }

  private isWrapper(name: string): boolean {
    return this.formOf(name) === '' || WRAPPERS.has(this.formOf(name));
  }

  private formOf(name: string): string {
    const known = this.forms.get(name);
    if (known !== undefined) return known;
    const form = memberForm(name, this.stored.store);
    if (this.forms.size < MAX_NAME) this.forms.set(name, form);
    return form;
  }
}

function withoutType(parts: readonly string[]): readonly string[] {
  const [first] = parts;
  return first !== undefined && isType(first) ? parts.slice(1) : parts;
}

/**
 * Returns whether two names can be of one thing, or one of a thing in the other: one tool names a file from the root of the disk, and
 * another from its folder.
 */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  for (let shift = 1 - b.length; shift < a.length; shift += 1) {
    const [start, end] = [Math.max(0, shift), Math.min(a.length, shift + b.length)];
    let isSame = true;
    for (let i = start; isSame && i < end; i += 1) isSame = a[i] === b[i - shift];
    if (isSame) return true;
  }
  return false;
}

function hasObjects(value: object): boolean {
  return Object.values(value).some((one) => typeof one === 'object' && one !== null && isOfObjects(one));
}

/** Returns whether a value is an object, or a list that has one in it. */
function isOfObjects(value: object): boolean {
  return !Array.isArray(value) || value.some((one) => typeof one === 'object' && one !== null);
}

function hasTexts(value: object): boolean {
  return Object.values(value).some((one) => typeof one === 'string' && one !== '');
}
