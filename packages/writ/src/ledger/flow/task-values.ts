import { stemmer } from 'stemmer';
import { FROM_USER, join, type Labels } from './labels.js';
import {
  formsOf,
  groupedNumbersIn,
  isSameName,
  linksIn,
  numberForm,
  plainForm,
  shapeOf,
  withoutSchemes,
  wordsOf,
} from './normal-form.js';
import type { Leaf } from './result-labels.js';

/** The place where a value was found. */
export interface Found {
  readonly from: 'prompt' | 'field' | 'text';
  readonly labels: Labels;
  /** The decision whose result it was in, the tool, and the place. */
  readonly source?: { readonly decisionId: string; readonly tool: string; readonly at: string };
}

interface Field {
  readonly value: string | number;
  readonly labels: Labels;
  readonly kind: string | undefined;
  readonly source: NonNullable<Found['source']>;
}

interface Text extends Omit<Field, 'value'> {
  readonly form: string;
}

const NO_FIELDS: readonly Field[] = [];

/** The most characters that are searched for one call: some milliseconds. */
interface Effort {
  characters: number;
}

export const MAX_EFFORT = 16 * 2 ** 20;

/** The most characters of the results of a task that are remembered; values of later results are not found. */
const MAX_FIELDS = 50_000;
const MAX_CHARACTERS = 4 * 2 ** 20;
const MAX_PROMPT = 256 * 1024;
/** A longer text is not looked through: a value from it is not found. */
const MAX_VALUE = 256 * 1024;
/** A word that is in this many texts identifies no text. */
const MAX_TEXTS_OF_WORD = 64;
/** A shorter text is a value, and not searched for others. */
const MIN_TEXT = 3;

/**
 * The values in the prompts and results of one task, to which the arguments of its later calls are traced (docs/tools.md).
 * A look-up takes as long after ten thousand calls as after ten.
 */
export class TaskValues {
  private readonly fields = new Map<string, Field[]>();
  private readonly texts = new Map<string, Text[]>();
  private readonly approved = new Set<string>();
  private readonly approvedTools = new Set<string>();
  private prompt = '';
  private readonly promptNumbers = new Set<string>();
  private readonly promptWords = new Set<string>();
  private readonly promptStems = new Set<string>();
  private readonly seenPrompts = new Set<string>();
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
    if (this.seenPrompts.has(text) || this.prompt.length + text.length > MAX_PROMPT) return;
    this.seenPrompts.add(text);
    this.characters += text.length;
    this.prompt = ` ${this.prompt} \n ${withoutSchemes(plainForm(text))} `;
    for (const grouped of groupedNumbersIn(text)) this.prompt += ` ${grouped} `;
    for (const word of wordsOf(text)) {
      this.promptWords.add(word);
      this.promptStems.add(stemmer(word));
    }
    for (const token of text.match(/[-+]?[$€£¥]?[0-9][0-9.,'_]*[$€£¥%]?/g) ?? []) {
      const number = numberForm(token);
      if (number !== undefined) this.promptNumbers.add(number);
    }
  }

  /** Whether the prompt has a word of one of these stems. */
  asksFor(stems: readonly string[]): boolean {
    return stems.some((stem) => this.promptStems.has(stem));
  }

  /** A person said that this value is right, for the rest of the task. */
  approve(value: string | number): void {
    for (const form of keysOf(value)) this.approved.add(form);
    if (typeof value !== 'string') return;
    for (const link of linksIn(value)) for (const form of keysOf(link)) this.approved.add(form);
  }

  isApproved(value: string | number): boolean {
    return this.approved.size > 0 && keysOf(value).some((key) => this.approved.has(key));
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
  }

  /** Adds the answer of a call. */
  addResult(decisionId: string, tool: string, leaves: readonly Leaf[]): void {
    for (const { at, value, labels, kind } of leaves) {
      if (!this.isWhole) return;
      if (typeof value === 'string' && value.length > MAX_VALUE) continue;
      this.count += 1;
      const source = { decisionId, tool, at };
      for (const key of keysOf(value)) push(this.fields, key, { value, labels, kind, source });
      if (typeof value === 'string') this.addText(value, { labels, kind, source });
    }
  }

  private addText(value: string, rest: Omit<Text, 'form'>): void {
    this.characters += value.length;
    const words = new Set(wordsOf(value));
    if (value.length < MIN_TEXT || words.size === 0) return;
    const text = { form: plainForm(value), ...rest };
    for (const word of words) push(this.texts, word, text, MAX_TEXTS_OF_WORD);
  }

  /**
   * Returns the places where a value was said, the best source first: the prompt, a field of a result that is that value, a text that has it.
   * Undefined when it was never said.
   *
   * @param kind of the argument: a field of another kind is no source
   * @param effort what looking through texts may still cost; what it is too little for is not found
   */
  find(
    value: string | number,
    kind: string | undefined,
    effort: Effort = { characters: MAX_EFFORT },
  ): Found | undefined {
    const keys = keysOf(value);
    if (this.isInPrompt(value, effort)) return { from: 'prompt', labels: FROM_USER };
    return this.inField(value, keys, kind) ?? (typeof value === 'string' ? this.inText(value, effort) : undefined);
  }

  private isInPrompt(value: string | number, effort: Effort): boolean {
    if (this.prompt === '') return false;
    if (typeof value === 'number') return this.promptNumbers.has(String(value));
    return formsOf(value).some((form) => spend(effort, this.prompt) && hasWhole(this.prompt, form));
  }

  private fieldsOf([key = '', ...more]: readonly string[]): readonly Field[] {
    const first = this.fields.get(key) ?? NO_FIELDS;
    return more.length === 0 ? first : [...first, ...more.flatMap((other) => this.fields.get(other) ?? NO_FIELDS)];
  }

  /** Returns the field with the highest integrity: repeating a value elsewhere does not lower its first source. */
  private inField(value: string | number, keys: readonly string[], kind: string | undefined): Found | undefined {
    let best: Field | undefined;
    for (const field of this.fieldsOf(keys)) {
      if (kind !== undefined && kind !== (field.kind ?? shapeOf(value))) continue;
      if (typeof value === 'string' && !isSameName(value, String(field.value))) continue;
      if (best === undefined || join(best.labels, field.labels).integrity !== field.labels.integrity) best = field;
    }
    return best && { from: 'field', labels: best.labels, source: best.source };
  }

  private inText(value: string, effort: Effort): Found | undefined {
    if (this.texts.size === 0) return undefined;
    let text: Text | undefined;
    for (const form of formsOf(value)) {
      let word = '';
      for (const one of wordsOf(form)) if (one.length > word.length) word = one;
      text ??= this.texts.get(word)?.find((said) => spend(effort, said.form) && said.form.includes(form));
    }
    return text && { from: 'text', labels: { ...text.labels, integrity: 'external' }, source: text.source };
  }

  /** Whether every word of a text is the user's own. */
  isOfPromptWords(text: string): boolean {
    return this.prompt !== '' && wordsOf(text).every((word) => this.promptWords.has(word));
  }
}

/** Integrity is nothing that a person takes off like a label: an approval is for one value. */
function withoutLabels(labels: Labels, off: readonly string[]): Labels {
  return {
    integrity: labels.integrity,
    confidentiality: off.includes(labels.confidentiality) ? 'internal' : labels.confidentiality,
    names: labels.names.filter((name) => !off.includes(name)),
  };
}

function spend(effort: Effort, text: string): boolean {
  effort.characters -= text.length;
  return effort.characters >= 0;
}

/** Texts and numbers are found apart: an amount is never taken for an identifier. */
function keysOf(value: string | number): string[] {
  if (typeof value === 'number') return [`#${String(value)}`];
  return formsOf(value).map((form) => `"${form}`);
}

function push<T>(map: Map<string, T[]>, key: string, item: T, most = 16): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else if (list.length < most) list.push(item);
}

const INSIDE_BEFORE = /[\p{L}\p{N}_@%+./-]$/u;
const INSIDE_AFTER = /^(?:[\p{L}\p{N}_@%+/-]|[.:](?=[\p{L}\p{N}]))/u;

/** Whether a text has another as a whole: `corp.com` is not in `bob@corp.com`. */
function hasWhole(text: string, part: string): boolean {
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    const isCut =
      INSIDE_BEFORE.test(text.slice(at - 1, at)) ||
      INSIDE_AFTER.test(text.slice(at + part.length, at + part.length + 2));
    if (!isCut) return true;
  }
  return false;
}
