import { BoundedCache } from '../../lib/bounded-cache.js';
import { foldedId } from './folded-id.js';
import { formsOf, wordsOf } from './normal-form.js';
import { idWord, keysOf } from './said-values.js';
import { type Shape, shapesOf } from './value-kinds.js';

/** A form of a value, and the word by which the texts that have the form are found. */
interface SoughtText {
  readonly form: string;
  readonly word: string;
}

/** Everything by which a value is looked for. Each part is computed once, when something first asks for it. */
export class Probe {
  private keysKnown: readonly string[] | undefined;
  private shapesKnown: readonly Shape[] | undefined;
  private textsKnown: readonly SoughtText[] | undefined;
  /** Undefined until it is computed, null if the value is no identifier. */
  private idKnown: string | null | undefined;

  constructor(readonly value: string | number) {}

  /** Its names in an index of values. */
  get keys(): readonly string[] {
    this.keysKnown ??= keysOf(this.value);
    return this.keysKnown;
  }

  get shapes(): readonly Shape[] {
    this.shapesKnown ??= shapesOf(this.value);
    return this.shapesKnown;
  }

  /** None for a number: an amount is in no text. */
  get texts(): readonly SoughtText[] {
    this.textsKnown ??=
      typeof this.value === 'number' ? [] : formsOf(this.value).map((form) => ({ form, word: longestWord(form) }));
    return this.textsKnown;
  }

  /** The word of the texts that have it as an identifier; undefined if it is no identifier. */
  get id(): string | undefined {
    if (this.idKnown === undefined) {
      const id = foldedId(this.value);
      this.idKnown = id === undefined ? null : idWord(id);
    }
    return this.idKnown ?? undefined;
  }
}

function longestWord(form: string): string {
  let longest = '';
  for (const word of wordsOf(form)) if (word.length > longest.length) longest = word;
  return longest;
}

/** The most values whose probes are kept, and the most characters of one: some megabytes. */
const MAX_KEPT = 10_000;
const MAX_LENGTH = 128;
const kept = new BoundedCache<string | number, Probe>(MAX_KEPT);

/** Returns the probe of a value. The calls of a task have the same short values again and again, so those are kept. */
export function probeOf(value: string | number): Probe {
  const known = kept.get(value);
  if (known !== undefined) return known;
  const probe = new Probe(value);
  if (typeof value === 'number' || value.length <= MAX_LENGTH) kept.set(value, probe);
  return probe;
}
