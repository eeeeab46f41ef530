import { NamedByUser } from './deviations.js';
import { NamedSources } from './named-records.js';
import { asksForPages } from './prompt-kinds.js';
import { type Effort, Prompt, type ValueUse } from './prompt-values.js';

/** The most characters of the prompts of one task that are remembered. */
export const MAX_PROMPT = 256 * 1024;

/** The prompts of one task, and the values and sources that they name. */
export class TaskPrompts {
  /** The values that they name, by kind. */
  named = new NamedByUser();
  /** The sources that they name. */
  namedSources = new NamedSources();
  private readonly prompts = new Map<string, Prompt>();
  private length = 0;

  /** How much it holds, in characters. */
  get size(): number {
    return this.length;
  }

  get isEmpty(): boolean {
    return this.prompts.size === 0;
  }

  /** Adds a prompt of the user. The same prompt again changes nothing. */
  add(text: string): void {
    if (this.prompts.has(text) || this.length + text.length > MAX_PROMPT) return;
    this.prompts.set(text, new Prompt(text));
    this.length += text.length;
    this.named.add(text);
    this.namedSources.areForPages = asksForPages(this);
  }

  /** Makes a text the one prompt of the user: what was asked for before is nobody's word any more. */
  set(text: string): void {
    if (this.prompts.size === 1 && this.prompts.has(text)) return;
    this.length = 0;
    this.prompts.clear();
    this.named = new NamedByUser();
    this.namedSources = new NamedSources();
    this.add(text);
  }

  /** Whether a prompt has a word of one of these stems. */
  asksFor(stems: readonly string[]): boolean {
    return this.some((prompt) => stems.some((stem) => prompt.hasStem(stem)));
  }

  /** Whether a prompt gives content to be written. */
  gives(value: string | number, use: ValueUse, effort: Effort): boolean {
    return this.some((prompt) => prompt.gives(value, use, effort));
  }

  /** Whether a prompt names a value. */
  names(value: string | number, use: ValueUse, effort: Effort): boolean {
    return this.some((prompt) => prompt.names(value, use, effort));
  }

  /** Whether a prompt names a record by the value of one of its members. */
  namesRecord(value: string | number, nouns: ValueUse['nouns'], effort: Effort): boolean {
    return this.some((prompt) => prompt.namesRecord(value, nouns, effort));
  }

  /** How often the prompts have a value. */
  countOf(value: string | number, effort: Effort): number {
    let count = 0;
    for (const prompt of this.prompts.values()) count += prompt.countOf(value, effort);
    return count;
  }

  private some(isIn: (prompt: Prompt) => boolean): boolean {
    for (const prompt of this.prompts.values()) if (isIn(prompt)) return true;
    return false;
  }
}
