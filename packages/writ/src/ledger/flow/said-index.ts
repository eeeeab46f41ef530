import { isIdItself } from './folded-id.js';
import { join, type Labels } from './labels.js';
import { isIdWord } from './said-values.js';
import type { Found } from './value-sources.js';

/** A field of a result that is a value. */
export interface Field {
  readonly value: string | number;
  readonly labels: Labels;
  readonly kind: string | undefined;
  readonly source: NonNullable<Found['source']>;
  readonly isSteered?: true;
  readonly clears?: readonly string[];
}

/** A text of a result that others are searched for in. */
export interface Text extends Omit<Field, 'value'> {
  readonly form: string;
}

/** A longer text names no record, and is not compared as an identifier. */
export const MAX_NAME = 200;
/** The most fields of one value that are kept apart. */
const MAX_FIELDS_OF_KEY = 16;
/** A word that is in this many texts identifies no text. */
export const MAX_TEXTS_OF_WORD = 64;
/** Stands for many values; it is not one of them. */
const NOBODY = '\0many';
const NO_FIELDS: readonly Field[] = [];
const NO_TEXTS: readonly Text[] = [];

/** The fields and texts of the results of one task, by what they are looked up with. */
export class SaidIndex {
  private readonly fields = new Map<string, Field[]>();
  private readonly texts = new Map<string, Text[]>();
  /** By identifier, the labels of all texts that have it, and the last of them. */
  private readonly ids = new Map<string, Pick<Text, 'labels' | 'source'>>();

  get hasTexts(): boolean {
    return this.texts.size > 0;
  }

  get hasIds(): boolean {
    return this.ids.size > 0;
  }

  /** Keeps a field under a key. The last place is for all that find none: it confers nothing, and has the labels of them all. */
  addField(key: string, field: Field): void {
    const list = this.fields.get(key);
    if (list === undefined) this.fields.set(key, [field]);
    else if (list.length < MAX_FIELDS_OF_KEY) list.push(field);
    else {
      const last = list.pop() as Field;
      const { clears: _clears, ...rest } = last;
      list.push({ ...rest, labels: join(last.labels, { ...field.labels, integrity: 'external' }), value: NOBODY });
    }
  }

  /** Adds words of a text, by which it is looked up. */
  addWords(text: Text | undefined, words: readonly string[]): void {
    if (text === undefined) return;
    for (const word of words) {
      if (isIdWord(word)) this.addId(word, text);
      else {
        const list = this.texts.get(word);
        if (list === undefined) this.texts.set(word, [text]);
        else if (list.length < MAX_TEXTS_OF_WORD) list.push(text);
      }
    }
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

  /** Returns the fields under any of these keys. */
  fieldsOf([key = '', ...more]: readonly string[]): readonly Field[] {
    const first = this.fields.get(key) ?? NO_FIELDS;
    return more.length === 0 ? first : [...first, ...more.flatMap((other) => this.fields.get(other) ?? NO_FIELDS)];
  }

  /** Returns the texts that have a word, at most {@link MAX_TEXTS_OF_WORD}. */
  textsWith(word: string): readonly Text[] {
    return this.texts.get(word) ?? NO_TEXTS;
  }

  hasText(word: string): boolean {
    return this.texts.has(word);
  }

  /** Returns the labels of all texts that have an identifier, and the last of them. */
  ofId(id: string): Pick<Text, 'labels' | 'source'> | undefined {
    return this.ids.get(id);
  }

  /** These labels are no longer on anything that was said so far. */
  declassify(labels: readonly string[]): void {
    for (const list of [...this.fields.values(), ...this.texts.values()]) {
      for (const [i, said] of list.entries())
        list[i] = { ...said, labels: withoutLabels(said.labels, labels) } as never;
    }
    for (const [id, said] of this.ids) this.ids.set(id, { ...said, labels: withoutLabels(said.labels, labels) });
  }
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
