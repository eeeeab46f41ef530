import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { Dictated } from './dictated.js';
import { foldedId, numberOfId } from './folded-id.js';
import { formsOf, mailboxesIn, wordsOf } from './normal-form.js';
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
  private mailboxesKnown: readonly Probe[] | undefined;
  private idsKnown: readonly string[] | undefined;
  /** Undefined until it is computed, null if it has too few words, or too many. */
  private dictatedKnown: Dictated | null | undefined;

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
    if (this.textsKnown === undefined) {
      const forms = typeof this.value === 'number' ? NONE : formsOf(this.value);
      this.textsKnown = forms.map((form) => ({ form, word: longestWord(form) }));
    }
    return this.textsKnown;
  }

  /** The mailboxes in an address that has more, as values. */
  get mailboxes(): readonly Probe[] {
    this.mailboxesKnown ??= mailboxesWithin(this);
    return this.mailboxesKnown;
  }

  /** The words of the texts that have it as an identifier, or its number alone; none if it is no identifier. */
  get ids(): readonly string[] {
    this.idsKnown ??= idsOf(this.value);
    return this.idsKnown;
  }

  /** Its words, as they are looked for in what others dictate; undefined if it has too few, or too many. */
  get dictated(): Dictated | undefined {
    if (this.dictatedKnown === undefined)
      this.dictatedKnown = (typeof this.value === 'number' ? undefined : Dictated.of(this.value)) ?? null;
    return this.dictatedKnown ?? undefined;
  }
}

const NONE: readonly string[] = [];
const NO_PROBES: readonly Probe[] = [];

function mailboxesWithin({ value, shapes }: Probe): readonly Probe[] {
  if (typeof value === 'number' || !shapes.includes('email')) return NO_PROBES;
  const forms = formsOf(value);
  return [...new Set(mailboxesIn(value))].filter((mailbox) => !forms.includes(mailbox)).map(probeOf);
}

function idsOf(value: string | number): readonly string[] {
  const id = foldedId(value);
  if (id === undefined) return NONE;
  const number = numberOfId(String(value));
  return number === undefined ? [idWord(id)] : [idWord(id), idWord(number)];
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
