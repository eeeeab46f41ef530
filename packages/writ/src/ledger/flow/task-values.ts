import { isObject } from '@writ/sdk/lib/is-object';
import type { NamedByUser } from './deviations.js';
import { readWords } from './dictated.js';
import { isOfOtherThings } from './foreign-ids.js';
import { linksIn } from './links.js';
import { hasOneOf, isTitle, type NamedSources, recordNamedAt } from './named-records.js';
import { nounsFor } from './nouns.js';
import { type Probe, probeOf } from './probe.js';
import { type Effort, spend, type ValueUse } from './prompt-values.js';
import type { KnownCodes } from './returned-codes.js';
import { type Field, MAX_NAME, MAX_TEXTS_OF_WORD, SaidIndex, type Text } from './said-index.js';
import { isMoreWords, type SaidRow } from './said-pages.js';
import type { SaidValue } from './said-values.js';
import { ServiceCodes } from './service-codes.js';
import { MAX_PROMPT, TaskPrompts } from './task-prompts.js';
import { exactForm, isUsedAs, type Shape, shapeOfKind, shapesOf } from './value-kinds.js';
import { type Found, ONLY_SAID, Sources } from './value-sources.js';

/** The most characters that are searched for one call: some milliseconds. */
export const MAX_EFFORT = 16 * 2 ** 20;

/** The most characters of the results of a task that are remembered; values of later results are not found. */
const MAX_FIELDS = 50_000;
const MAX_CHARACTERS = 4 * 2 ** 20;
/** To read the words of a text takes this many times as long as to look for a text in it. */
const WORDS_EFFORT = 8;
/** The most characters of prompts that are searched for the names in a page of an answer; a name past it names no record. */
const NAMES_EFFORT = 2 * 2 ** 20;

/**
 * The values in the prompts and results of one task, to which the arguments of its later calls are traced (docs/tools.md).
 * A look-up takes as long after ten thousand calls as after ten.
 */
export class TaskValues {
  private readonly prompts = new TaskPrompts();
  private readonly said = new SaidIndex();
  /** The codes that services sent in its results, and the services that it called. */
  readonly sent = new ServiceCodes();
  private readonly approved = new Set<string>();
  private readonly approvedTools = new Set<string>();
  private count = 0;
  private characters = 0;

  /** How much it holds, in characters. */
  get size(): number {
    return this.characters + this.prompts.size;
  }

  /** Whether it remembers everything that was said. */
  get isWhole(): boolean {
    return this.count < MAX_FIELDS && this.size < MAX_CHARACTERS;
  }

  /** The values that its prompts name, by kind. */
  get named(): NamedByUser {
    return this.prompts.named;
  }

  /** The sources that its prompts name. */
  get namedSources(): NamedSources {
    return this.prompts.namedSources;
  }

  /** Adds a prompt of the user. The same prompt again changes nothing. */
  addPrompt(text: string): void {
    this.prompts.add(text);
  }

  /** Makes a text the one prompt of the user: what was asked for before is nobody's word any more. */
  setPrompt(text: string): void {
    this.prompts.set(text);
  }

  /** Whether the prompt has a word of one of these stems. */
  asksFor(stems: readonly string[]): boolean {
    return this.prompts.asksFor(stems);
  }

  /** Whether the prompt gives content to be written. */
  gives(value: string | number, use: ValueUse, effort: Effort): boolean {
    return this.prompts.gives(value, use, effort);
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
    this.said.declassify(labels);
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
      if (isMoreWords(row)) this.said.addWords(text, row);
      else {
        const { at, value, labels, kind, keys, form, words, isSteered, clears, sent } = row;
        if (sent !== undefined) this.sent.addMessage(sent, asked.sent);
        this.count += 1;
        asked.noteName(decisionId, tool, { at, value, kind }, effort);
        const source = { decisionId, tool, at };
        for (const key of keys)
          this.said.addField(key, {
            value,
            labels,
            kind,
            source,
            ...(isSteered && { isSteered }),
            ...(clears && { clears }),
          });
        if (typeof value === 'string') this.characters += value.length;
        text = form === undefined ? undefined : { form, labels, kind, source };
        this.said.addWords(text, words);
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
    if (this.prompts.isEmpty || String(value).length > MAX_NAME) return;
    const named = recordNamedAt(at);
    // A free name with the form of an address is no name: its writer means the address.
    if (named === undefined || (kind === undefined && shapesOf(value).length > 0)) return;
    const nouns = nounsFor(tool, named.member);
    if (this.prompts.namesRecord(value, nouns, effort))
      this.namedSources.addRecord(decisionId, named.record, approvalKey(value));
    else if (isTitle(named.member)) this.namedSources.addOtherTitle(decisionId, named.record);
  }

  /** Returns whether the user named every text of a call, and at least one. */
  namesAll(tool: string, input: unknown): boolean {
    if (this.prompts.isEmpty || !isObject(input)) return false;
    const texts = Object.entries(input).filter(([, value]) => typeof value !== 'number' && typeof value !== 'boolean');
    const effort = { characters: MAX_PROMPT };
    return (
      texts.length > 0 &&
      texts.every(([argument, value]) => {
        const use: ValueUse = { role: 'target', kind: undefined, nouns: nounsFor(tool, argument) };
        return typeof value === 'string' && this.prompts.names(value, use, effort);
      })
    );
  }

  /** Notes that the answer to come is of a call whose arguments the user named. */
  noteNamedCall(decisionId: string): void {
    this.namedSources.addAnswer(decisionId);
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
    const isNamed = !this.prompts.isEmpty && this.prompts.names(value, use, effort);
    const fields = this.said.fieldsOf(probe.keys);
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
    const having = this.said.fieldsOf(keys);
    return this.said.fieldsOf(probeOf(nameIn(name)).keys).some(({ value: said, source: { decisionId, at } }) => {
      const record = approvalKey(said) === name ? recordNamedAt(at)?.record : undefined;
      if (record === undefined || named.isRecordOf(name, { decisionId, record })) return false;
      return !having.some(({ source }) => source.decisionId === decisionId && source.at.startsWith(record));
    });
  }

  /** Returns whether a text can have a value somewhere, its identifier, or most of its words. */
  private hasTextsFor(probe: Probe, { role }: ValueUse): boolean {
    if (this.said.hasIds && probe.ids.some((id) => this.said.ofId(id) !== undefined)) return true;
    if (!this.said.hasTexts) return false;
    if (probe.texts.some(({ word }) => this.said.hasText(word))) return true;
    return role === 'content' && probe.dictated !== undefined && this.said.hasText(probe.dictated.core);
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
    if (!this.said.hasTexts) return;
    // An address in a text that the user named is meant if it is the only one of its kind there; a link also only if the prompt asks
    // for links, and then also in a record that the user named: a stranger adds a second one, and seldom the first.
    const isOnlyOne = (shape: Shape, { form, source }: Text): boolean =>
      (shape === 'web' ? named.areForPages && named.hasText(source) : named.isAnswer(source)) && hasOneOf(shape, form);
    for (const { form, word } of texts) {
      const said = this.said.textsWith(word);
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
    if (this.said.fieldsOf(keys).some(({ labels }) => ONLY_SAID.has(labels.integrity))) return true;
    return texts.some(({ form, word }) =>
      this.said.textsWith(word).some((text) => !spend(effort, text.form) || text.form.includes(form)),
    );
  }

  /** Adds the texts that have most of a content, in another dress. */
  private addDictation({ dictated }: Probe, effort: Effort, sources: Sources, named: NamedSources): void {
    if (!this.said.hasTexts || dictated === undefined) return;
    for (const text of this.said.textsWith(dictated.core)) {
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
    if (!this.said.hasIds) return;
    for (const id of ids) {
      const said = this.said.ofId(id);
      if (said !== undefined) sources.add('text', said, false);
    }
  }

  /** The codes that a call can carry. */
  get codes(): KnownCodes {
    return { ofTask: this.sent, read: [] };
  }

  /** How often the prompts have a value. */
  countInPrompts(value: string | number, effort: Effort): number {
    return this.prompts.countOf(value, effort);
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
