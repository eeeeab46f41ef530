import { join, type Labels, labelsNamed } from './labels.js';
import { memberForm } from './store-members.js';
import { foldedForm, isType, partsOf } from './store-names.js';
import { everyLabel, type StoredLabels } from './stored-labels.js';

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
/** A shorter name is found only as a value of its own. */
const LEAST_IN_TEXT = 3;
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
  private readonly labels = new Map<string, Labels | undefined>();
  private readonly byRecord = new WeakMap<AnswerPart, Labels | undefined>();
  private comparisons = 0;

  constructor(private readonly stored: StoredLabels) {
    this.things = stored.things.map(({ parts, member, labels, isAlias = false }) => ({
      parts: withoutType(parts),
      ...{ member, labels, isAlias },
    }));
    this.members = new Set(['id', ...stored.members, ...this.things.flatMap(({ member }) => member ?? [])]);
    this.root = this.things.length === 0 ? UNKNOWN : OUTSIDE;
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

  /** Records are many, and those of them with other labels few: what reads the labels remembers them by the object. */
  private labelsFor(part: AnswerPart): Labels | undefined {
    const key = part.place === 'unknown' ? '' : JSON.stringify([[...part.named], part.things]);
    if (!this.labels.has(key)) this.labels.set(key, labelsOrNone(this.namesOfLabels(part)));
    return this.labels.get(key);
  }

  private namesOfLabels({ place, named, things }: AnswerPart): readonly string[] {
    const known = new Set(things);
    const possible = this.things.filter(({ member, isAlias }, i) => {
      if (place === 'unknown' || known.has(i)) return true;
      return !isAlias && (member === undefined || !named.has(member));
    });
    return everyLabel({ all: this.stored.all, names: [], things: possible });
  }

  /** Returns the labels of the names that a value says. */
  private ofName(value: string | number | boolean): Labels | undefined {
    const text = foldedForm(String(value));
    const last = text.length > MAX_NAME ? undefined : partsOf(String(value)).at(-1);
    this.comparisons += this.stored.names.length;
    const isOver = this.comparisons > MAX_COMPARISONS;
    const said = this.stored.names.filter(
      ({ name }) => isOver || name === last || (name.length >= LEAST_IN_TEXT && text.includes(name)),
    );
    return labelsOrNone(said.flatMap(({ labels }) => labels));
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

function labelsOrNone(names: readonly string[]): Labels | undefined {
  return names.length === 0 ? undefined : labelsNamed(names);
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
