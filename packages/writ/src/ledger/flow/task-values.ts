import { isObject } from '../../lib/is-object.js';
import { NamedByUser } from './deviations.js';
import { readWords } from './dictated.js';
import { isIdItself } from './folded-id.js';
import { isOfOtherThings } from './foreign-ids.js';
import { join, type Labels } from './labels.js';
import { linksIn } from './links.js';
import { hasOneOf, isTitle, NamedSources, recordNamedAt } from './named-records.js';
import { nounsFor } from './nouns.js';
import { type Probe, probeOf } from './probe.js';
import { asksForPages } from './prompt-kinds.js';
import { type Effort, Prompt, spend, type ValueUse } from './prompt-values.js';
import type { KnownCodes } from './returned-codes.js';
import { isMoreWords, type SaidRow } from './said-pages.js';
import { isIdWord, type SaidValue } from './said-values.js';
import { ServiceCodes } from './service-codes.js';
import { exactForm, isUsedAs, type Shape, shapeOfKind, shapesOf } from './value-kinds.js';
import { type Found, ONLY_SAID, Sources } from './value-sources.js';

interface Field {
  readonly value: string | number;
  readonly labels: Labels;
  readonly kind: string | undefined;
  readonly source: NonNullable<Found['source']>;
  readonly isSteered?: true;
  readonly clears?: readonly string[];
}

/** A text of a result that others are searched for in. */
interface Text extends Omit<Field, 'value'> {
  readonly form: string;
}

const NO_FIELDS: readonly Field[] = [];

/** The most characters that are searched for one call: some milliseconds. */
export const MAX_EFFORT = 16 * 2 ** 20;

/** The most characters of the results of a task that are remembered; values of later results are not found. */
const MAX_FIELDS = 50_000;
const MAX_CHARACTERS = 4 * 2 ** 20;
/** To read the words of a text takes this many times as long as to look for a text in it. */
const WORDS_EFFORT = 8;
/** The most fields of one value that are kept apart. */
const MAX_FIELDS_OF_KEY = 16;
/** Stands for many values; it is not one of them. */
const NOBODY = '\0many';
const MAX_PROMPT = 256 * 1024;
/** The most characters of prompts that are searched for the names in a page of an answer; a name past it names no record. */
const NAMES_EFFORT = 2 * 2 ** 20;
/** A longer text names no record. */
const MAX_NAME = 200;
/** A word that is in this many texts identifies no text. */
const MAX_TEXTS_OF_WORD = 64;

/**
 * The values in the prompts and results of one task, to which the arguments of its later calls are traced (docs/tools.md).
 * A look-up takes as long after ten thousand calls as after ten.
 */
export class TaskValues {
  private readonly fields = new Map<string, Field[]>();
  private readonly texts = new Map<string, Text[]>();
  /** By identifier, the labels of all texts that have it, and the last of them. */
  private readonly ids = new Map<string, Pick<Text, 'labels' | 'source'>>();
  /** The values that its prompts name, by kind. */
  named = new NamedByUser();
  /** The sources that its prompts name. */
  namedSources = new NamedSources();
  /** The codes that services sent in its results, and the services that it called. */
  readonly sent = new ServiceCodes();
  private readonly approved = new Set<string>();
  private readonly approvedTools = new Set<string>();
  private readonly prompts = new Map<string, Prompt>();
  private promptCharacters = 0;
  private count = 0;
  private characters = 0;

  /** How much it holds, in characters. */
  get size(): number {
    return this.characters;
  }

  /** Whether it remembers everything that was said. */
  get isWhole(): boolean {
    return this.count < MAX_FIELDS && this.characters < MAX_CHARACTERS;
  }

  /** Adds a prompt of the user. The same prompt again changes nothing. */
  addPrompt(text: string): void {
    if (this.prompts.has(text) || this.promptCharacters + text.length > MAX_PROMPT) return;
    this.prompts.set(text, new Prompt(text));
    this.promptCharacters += text.length;
    this.characters += text.length;
    this.named.add(text);
    this.namedSources.areForPages = asksForPages(this);
  }

  /** Makes a text the one prompt of the user: what was asked for before is nobody's word any more. */
  setPrompt(text: string): void {
    if (this.prompts.size === 1 && this.prompts.has(text)) return;
    this.characters -= this.promptCharacters;
    this.promptCharacters = 0;
    this.prompts.clear();
    this.named = new NamedByUser();
    this.namedSources = new NamedSources();
    this.addPrompt(text);
  }

  /** Whether the prompt has a word of one of these stems. */
  asksFor(stems: readonly string[]): boolean {
    return this.inPrompts((prompt) => stems.some((stem) => prompt.hasStem(stem)));
  }

  /** Whether the prompt gives content to be written. */
  gives(value: string | number, use: ValueUse, effort: Effort): boolean {
    return this.inPrompts((prompt) => prompt.gives(value, use, effort));
  }

  private inPrompts(isIn: (prompt: Prompt) => boolean): boolean {
    for (const prompt of this.prompts.values()) if (isIn(prompt)) return true;
    return false;
  }

  /** A person said that this value is right, for the rest of the task. */
  approve(value: string | number): void {
    this.approved.add(approvalKey(value));
    if (typeof value === 'string') for (const link of linksIn(value)) this.approved.add(approvalKey(link));
  }

  isApproved(value: string | number): boolean {
    return this.approved.size > 0 && this.approved.has(approvalKey(value));
  }

  /** A person said that calls of this tool are meant, for the rest of the task. */
  approveTool(tool: string): void {
    this.approvedTools.add(tool);
  }

  isApprovedTool(tool: string): boolean {
    return this.approvedTools.has(tool);
  }

  /** These labels are no longer on anything that was said so far. */
  declassify(labels: readonly string[]): void {
    for (const list of [...this.fields.values(), ...this.texts.values()]) {
      for (const [i, said] of list.entries())
        list[i] = { ...said, labels: withoutLabels(said.labels, labels) } as never;
    }
    for (const [id, said] of this.ids) this.ids.set(id, { ...said, labels: withoutLabels(said.labels, labels) });
  }

  /**
   * Adds values of the answer of a call.
   *
   * @param before the text that words at the beginning belong to
   * @param asked the values with the prompts that can name a record of the answer
   * @returns the text that words after the last row belong to
   */
  addResult(
    decisionId: string,
    tool: string,
    rows: readonly SaidRow[],
    before?: Text,
    asked: TaskValues = this,
  ): Text | undefined {
    let text = before;
    const effort = { characters: NAMES_EFFORT };
    for (const row of rows) {
      if (!this.isWhole) return undefined;
      if (isMoreWords(row)) this.addWords(text, row);
      else {
        const { at, value, labels, kind, keys, form, words, isSteered, clears, sent } = row;
        if (sent !== undefined) this.sent.addMessage(sent, asked.sent);
        this.count += 1;
        asked.noteName(decisionId, tool, { at, value, kind }, effort);
        const source = { decisionId, tool, at };
        for (const key of keys)
          pushField(this.fields, key, {
            value,
            labels,
            kind,
            source,
            ...(isSteered && { isSteered }),
            ...(clears && { clears }),
          });
        if (typeof value === 'string') this.characters += value.length;
        text = form === undefined ? undefined : { form, labels, kind, source };
        this.addWords(text, words);
      }
    }
    return text;
  }

  /** Notes a record whose name the prompt has. */
  private noteName(
    decisionId: string,
    tool: string,
    { at, value, kind }: Pick<SaidValue, 'at' | 'value' | 'kind'>,
    effort: Effort,
  ): void {
    if (this.prompts.size === 0 || String(value).length > MAX_NAME) return;
    const named = recordNamedAt(at);
    // A free name with the form of an address is no name: its writer means the address.
    if (named === undefined || (kind === undefined && shapesOf(value).length > 0)) return;
    const nouns = nounsFor(tool, named.member);
    if (this.inPrompts((prompt) => prompt.namesRecord(value, nouns, effort)))
      this.namedSources.addRecord(decisionId, named.record, approvalKey(value));
    else if (isTitle(named.member)) this.namedSources.addOtherTitle(decisionId, named.record);
  }

  /** Returns whether the user named every text of a call, and at least one. */
  namesAll(tool: string, input: unknown): boolean {
    if (this.prompts.size === 0 || !isObject(input)) return false;
    const texts = Object.entries(input).filter(([, value]) => typeof value !== 'number' && typeof value !== 'boolean');
    const effort = { characters: MAX_PROMPT };
    return (
      texts.length > 0 &&
      texts.every(([argument, value]) => {
        const use: ValueUse = { role: 'target', kind: undefined, nouns: nounsFor(tool, argument) };
        return typeof value === 'string' && this.inPrompts((prompt) => prompt.names(value, use, effort));
      })
    );
  }

  /** Notes that the answer to come is of a call whose arguments the user named. */
  noteNamedCall(decisionId: string): void {
    this.namedSources.addAnswer(decisionId);
  }

  private addWords(text: Text | undefined, words: readonly string[]): void {
    if (text === undefined) return;
    for (const word of words)
      if (isIdWord(word)) this.addId(word, text);
      else push(this.texts, word, text, MAX_TEXTS_OF_WORD);
  }

  /** Adds a text that has an identifier. A field of our own that is the identifier is no text that names it. */
  private addId(word: string, text: Text): void {
    const { labels, form, source } = text;
    if (labels.integrity !== 'external' && form.length <= MAX_NAME && isIdItself(form, word.slice(1))) return;
    const known = this.ids.get(word);
    this.ids.set(word, {
      source,
      labels: known === undefined || known.labels === labels ? labels : join(known.labels, labels),
    });
  }

  /**
   * Returns the sources of a value; undefined if it was never said. Integrity is that of the source that confers most: the prompt, or
   * a field that is this very value and of its kind. Confidentiality and names are of all sources together.
   *
   * @param effort what looking through texts may still cost; what it is too little for is not found
   * @param named the sources that the user of the call named
   * @param others what other tasks of the lineage have read: a record of the same name there may be the one that was meant
   */
  find(
    value: string | number,
    use: ValueUse,
    effort: Effort = { characters: MAX_EFFORT },
    named = this.namedSources,
    others: readonly TaskValues[] = [],
  ): Found | undefined {
    return this.findBy(probeOf(value), use, effort, named, others);
  }

  /** As {@link find}, of a value that is looked for in several places. */
  findBy(
    probe: Probe,
    use: ValueUse,
    effort: Effort,
    named = this.namedSources,
    others: readonly TaskValues[] = [],
  ): Found | undefined {
    const { value } = probe;
    const isNamed = this.prompts.size > 0 && this.inPrompts((prompt) => prompt.names(value, use, effort));
    const fields = this.fieldsOf(probe.keys);
    // hot: most parts of a lineage have never said a value.
    if (!isNamed && fields.length === 0 && !this.hasTextsFor(probe, use)) return undefined;
    const sources = new Sources();
    const needed = use.kind === undefined ? probe.shapes : NO_SHAPES;
    const places: Field['source'][] = [];
    for (const field of fields) {
      const confers = isOfKind(field, use.kind, needed) && isUsedAs(value, field.value);
      if (confers && field.kind !== undefined) places.push(field.source);
      if (confers && isForeignId(field, use)) sources.addForeignId(field, hasLetter(value));
      else sources.add('field', field, confers);
    }
    if (this.hasMailboxOfOthers(probe, use, effort)) sources.isOfOthers = true;
    const names = places.length === 0 ? [] : named.namesOfAll(places);
    if (names.some((name) => !others.some((one) => one.hasOtherRecord(name, probe, named)))) sources.isOfNamed = true;
    this.addTexts(probe, use, effort, sources, named, places);
    this.addTextsWithId(probe, sources);
    if (use.role === 'content' && !sources.isKnown) this.addDictation(probe, effort, sources, named);
    return sources.found(isNamed, !this.isWhole);
  }

  /** Returns whether it has a record of a name that the user named, which another task read and which lacks a value. */
  private hasOtherRecord(name: string, { keys }: Probe, named: NamedSources): boolean {
    const having = this.fieldsOf(keys);
    return this.fieldsOf(probeOf(nameIn(name)).keys).some(({ value: said, source: { decisionId, at } }) => {
      const record = approvalKey(said) === name ? recordNamedAt(at)?.record : undefined;
      if (record === undefined || named.isRecordOf(name, { decisionId, record })) return false;
      return !having.some(({ source }) => source.decisionId === decisionId && source.at.startsWith(record));
    });
  }

  private fieldsOf([key = '', ...more]: readonly string[]): readonly Field[] {
    const first = this.fields.get(key) ?? NO_FIELDS;
    return more.length === 0 ? first : [...first, ...more.flatMap((other) => this.fields.get(other) ?? NO_FIELDS)];
  }

  /** Returns whether a text can have a value somewhere, its identifier, or most of its words. */
  private hasTextsFor(probe: Probe, { role }: ValueUse): boolean {
    if (this.ids.size > 0 && probe.ids.some((id) => this.ids.has(id))) return true;
    if (this.texts.size === 0) return false;
    if (probe.texts.some(({ word }) => this.texts.has(word))) return true;
    return role === 'content' && probe.dictated !== undefined && this.texts.has(probe.dictated.core);
  }

  /** Adds the texts that have a value somewhere. */
  private addTexts(
    { texts, shapes }: Probe,
    use: ValueUse,
    effort: Effort,
    sources: Sources,
    named: NamedSources,
    places: readonly Field['source'][],
  ): void {
    if (this.texts.size === 0) return;
    // An address in a text that the user named is meant if it is the only one of its kind there; a link also only if the prompt asks
    // for links, and then also in a record that the user named: a stranger adds a second one, and seldom the first.
    const isOnlyOne = (shape: Shape, { form, source }: Text): boolean =>
      (shape === 'web' ? named.areForPages && named.hasText(source) : named.isAnswer(source)) && hasOneOf(shape, form);
    for (const { form, word } of texts) {
      const said = this.texts.get(word) ?? [];
      if (said.length === MAX_TEXTS_OF_WORD) sources.isPartial = true;
      for (const text of said) {
        if (!spend(effort, text.form)) {
          sources.isPartial = true;
          return;
        }
        // A text that is the value is a field.
        if (text.form === form || !text.form.includes(form)) continue;
        // Of a text that the user named, words are meant.
        const isMeant =
          use.role === 'content' && shapes.length === 0
            ? named.hasText(text.source)
            : shapes.some((shape) => isOnlyOne(shape, text));
        // A text of the record that the user meant says nothing that the record does not say itself.
        const isOwn = sources.isOfNamed && named.isOfRecordOf(text.source, places);
        sources.add(isOwn ? 'own text' : 'text', text, false);
        if (isMeant) sources.isOfNamed = true;
      }
    }
  }

  /** Returns whether somebody who need not be trusted said a mailbox that is within an address. */
  private hasMailboxOfOthers({ mailboxes }: Probe, { role }: ValueUse, effort: Effort): boolean {
    return role !== 'content' && mailboxes.some((mailbox) => this.isOfOthers(mailbox, effort));
  }

  private isOfOthers({ keys, texts }: Probe, effort: Effort): boolean {
    if (this.fieldsOf(keys).some(({ labels }) => ONLY_SAID.has(labels.integrity))) return true;
    return texts.some(({ form, word }) =>
      (this.texts.get(word) ?? []).some((text) => !spend(effort, text.form) || text.form.includes(form)),
    );
  }

  /** Adds the texts that have most of a content, in another dress. */
  private addDictation({ dictated }: Probe, effort: Effort, sources: Sources, named: NamedSources): void {
    if (this.texts.size === 0 || dictated === undefined) return;
    for (const text of this.texts.get(dictated.core) ?? []) {
      effort.characters -= text.form.length * WORDS_EFFORT;
      if (effort.characters < 0) {
        sources.isPartial = true;
        return;
      }
      if (!dictated.isFrom(readWords(text.form))) continue;
      sources.add('text', text, false);
      if (named.hasText(text.source)) sources.isOfNamed = true;
    }
  }

  /** Adds the texts that have an identifier, in whatever writing. */
  private addTextsWithId({ ids }: Probe, sources: Sources): void {
    if (this.ids.size === 0) return;
    for (const id of ids) {
      const said = this.ids.get(id);
      if (said !== undefined) sources.add('text', said, false);
    }
  }

  /** The codes that a call can carry. */
  get codes(): KnownCodes {
    return { ofTask: this.sent, read: [] };
  }

  /** How often the prompts have a value. */
  countInPrompts(value: string | number, effort: Effort): number {
    let count = 0;
    for (const prompt of this.prompts.values()) count += prompt.countOf(value, effort);
    return count;
  }
}

const NO_SHAPES: readonly Shape[] = [];
/** Returns whether a field is an id that the tool of another kind of thing gave out. */
function isForeignId({ labels, kind, source }: Field, use: ValueUse): boolean {
  if (use.role !== 'target' || kind !== undefined || labels.integrity !== 'system') return false;
  return isOfOtherThings(nounsFor(source.tool, ''), use.nouns);
}

/** Returns the value that a key of {@link approvalKey} is of, in one of its forms. */
function nameIn(key: string): string | number {
  return key.startsWith('#') ? Number(key.slice(1)) : key.slice(1);
}

function hasLetter(value: string | number): boolean {
  return typeof value === 'string' && /\p{L}/u.test(value);
}

/** Returns whether a field can confer what an argument needs: its kind as declared or, without one, a declared kind of the value's shape. */
function isOfKind({ kind }: Field, needed: string | undefined, shapes: readonly Shape[]): boolean {
  if (needed !== undefined) return kind === needed;
  if (shapes.length === 0) return true;
  const shape = kind === undefined ? undefined : shapeOfKind(kind);
  return shape !== undefined && shapes.includes(shape);
}

function approvalKey(value: string | number): string {
  return typeof value === 'number' ? `#${value}` : `"${exactForm(value)}`;
}

/** Integrity is nothing that a person takes off like a label: an approval is for one value. Readers go with confidentiality. */
function withoutLabels(labels: Labels, off: readonly string[]): Labels {
  const { integrity, confidentiality, readers } = labels;
  const isOff = off.includes(confidentiality);
  return {
    integrity,
    confidentiality: isOff ? 'internal' : confidentiality,
    names: labels.names.filter((name) => !off.includes(name)),
    ...(readers === undefined || isOff ? {} : { readers }),
  };
}

/** Keeps a field under a key. The last place is for all that find none: it confers nothing, and has the labels of them all. */
function pushField(map: Map<string, Field[]>, key: string, field: Field): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [field]);
  else if (list.length < MAX_FIELDS_OF_KEY) list.push(field);
  else {
    const last = list.pop() as Field;
    const { clears: _clears, ...rest } = last;
    list.push({ ...rest, labels: join(last.labels, { ...field.labels, integrity: 'external' }), value: NOBODY });
  }
}

function push<T>(map: Map<string, T[]>, key: string, item: T, most: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else if (list.length < most) list.push(item);
}
