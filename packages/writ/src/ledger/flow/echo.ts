import { callValues, scalarsIn, UNSEEN } from './call-values.js';
import { foldedId, foldedIdsIn } from './folded-id.js';
import { FROM_USER, join, type Labels } from './labels.js';
import { formsOf, plainForm, wordsOf } from './normal-form.js';
import { anythingOf, type KnownValues, Tracer } from './origins.js';
import { hasWhole } from './prompt-values.js';
import type { Leaf } from './result-labels.js';
import { idWord, keysOf } from './said-values.js';
import type { ToolDescription } from './tool-description.js';
import { shapesOf } from './value-kinds.js';

/**
 * The value of an argument that its own answer may repeat. A tool that repeats what it is given would otherwise wash every value:
 * the origin of an echo is that of the argument.
 */
export interface Echo {
  readonly argument: string;
  readonly value: string | number;
  readonly labels: Labels;
}

/** The most of a call that is looked for in its answer; of a larger call, everything in the answer may be an echo. */
const MAX_ECHOES = 200;
const MAX_CHARACTERS = 128 * 1024;

/** Returns the values of a call that take something away from an answer that repeats them; of the user's values, the addresses. */
export function echoesOf(tool: ToolDescription, input: unknown, known: KnownValues): Echo[] {
  if (typeof input !== 'object' || input === null) return [];
  const tracer = new Tracer(tool, known);
  const kinds = new Map(callValues(tool, input).map((one) => [`${one.argument}\n${one.value}`, one.kind]));
  const echoes: Echo[] = [];
  let characters = 0;
  for (const [argument, value] of Object.entries(input)) {
    for (const one of scalarsIn(value, undefined)) {
      const { labels } = tracer.find(argument, 'destination', one, kinds.get(`${argument}\n${one}`));
      if (isSameAs(labels, FROM_USER) && (shapesOf(one).length === 0 || echoes.length === MAX_ECHOES)) continue;
      characters += String(one).length;
      if (one === UNSEEN || echoes.length === MAX_ECHOES || characters > MAX_CHARACTERS)
        return anythingEchoed(known.taskLabels);
      echoes.push({ argument, value: one, labels });
    }
  }
  return echoes;
}

/** Returns the echoes of a call whose arguments are not known: any value of the answer can be one. */
export function anythingEchoed(taskLabels: readonly string[]): Echo[] {
  return [{ argument: '', value: UNSEEN, labels: anythingOf(taskLabels) }];
}

function isSameAs(a: Labels, b: Labels): boolean {
  return (
    a.integrity === b.integrity &&
    a.confidentiality === b.confidentiality &&
    a.names.length === b.names.length &&
    a.readers === b.readers
  );
}

/** A text of this many characters is no coincidence within another. */
const MIN_PART = 8;
const MIN_WITHIN = 4;
/** A shorter value is an echo only in a member that is named like its argument. */
const MIN_TEXT = 3;
const MIN_NUMBER = 1_000;

/** Gives the values of an answer that repeat an argument the origin of the argument also: the lower integrity, and all labels. */
export function withEchoes(leaves: readonly Leaf[], echoes: readonly Echo[]): readonly Leaf[] {
  if (echoes.length === 0) return leaves;
  const everywhere = echoes.find(({ value }) => value === UNSEEN);
  const known = new KnownEchoes(echoes);
  const isOfOthers = echoes.some(({ value, labels }) => labels.integrity === 'external' && canLead(value));
  return leaves.map((leaf) => {
    const repeated = typeof leaf.value === 'boolean' ? [] : known.in(leaf);
    // A field that repeats what was asked is no record of ours once others say it.
    const isSteered = isOfOthers || repeated.length > 0;
    let { labels } = leaf;
    if (everywhere !== undefined && typeof leaf.value !== 'boolean') labels = join(labels, everywhere.labels);
    for (const echo of repeated) labels = join(labels, echo.labels);
    if (!isSteered && labels === leaf.labels) return leaf;
    // hot: an added member of a copy takes some microseconds.
    return isSteered ? { isSteered: true, ...leaf, labels } : { ...leaf, labels };
  });
}

/** Returns whether an argument has room for what a tool is to find: `*` and the number of a page have none. */
function canLead(value: string | number): boolean {
  if (typeof value === 'number') return Math.abs(value) >= MIN_NUMBER;
  return value !== UNSEEN && value.replace(/[^\p{L}\p{N}]/gu, '').length >= MIN_TEXT;
}

interface Part {
  readonly form: string;
  /** Whether it is no coincidence within another text. */
  readonly isPart: boolean;
  readonly echo: Echo;
}

/** The arguments that are looked for in an answer. */
class KnownEchoes {
  private readonly equal = new Map<string, Echo[]>();
  private readonly parts: Part[] = [];
  private readonly ids: { readonly id: string; readonly echo: Echo }[] = [];

  constructor(echoes: readonly Echo[]) {
    for (const echo of echoes) {
      const { value } = echo;
      for (const key of namesOf(value)) this.equal.set(key, [...(this.equal.get(key) ?? []), echo]);
      const id = foldedId(value);
      if (id !== undefined && id.length >= MIN_ID) this.ids.push({ id, echo });
      if (typeof value !== 'string') continue;
      const hasShape = shapesOf(value).length > 0;
      for (const form of formsOf(value))
        if (form.length >= MIN_WITHIN) this.parts.push({ form, isPart: form.length >= MIN_PART || hasShape, echo });
    }
  }

  /** Returns the arguments that a value repeats. */
  in(leaf: Leaf): readonly Echo[] {
    const value = leaf.value as string | number;
    const found = new Set<Echo>();
    for (const key of namesOf(value))
      for (const echo of this.equal.get(key) ?? []) if (isLong(echo) || isInMemberOf(echo, leaf)) found.add(echo);
    if (typeof value === 'string') {
      const form = this.parts.length === 0 ? '' : plainForm(value);
      for (const part of this.parts) {
        const isRepeated = part.isPart && form.length > part.form.length && hasWhole(form, part.form);
        const isTaken = form.length >= MIN_WITHIN && form.length < part.form.length && hasWhole(part.form, form);
        if (isRepeated || isTaken) found.add(part.echo);
      }
      // `f-99` for `99`: the id of the thing that was asked for.
      if (this.ids.length > 0 && value.length <= MAX_ID)
        for (const { id, echo } of this.ids)
          if (isInMemberOf(echo, leaf) && foldedIdsIn(value).includes(id)) found.add(echo);
    }
    return [...found];
  }
}

/** A longer value is no identifier. */
const MAX_ID = 64;
const MIN_ID = 2;

/** Returns the names under which all ways to write a value are found. */
function namesOf(value: string | number): string[] {
  return [...keysOf(value), ...foldedKeys(value)];
}

function foldedKeys(value: string | number): string[] {
  const id = foldedId(value);
  if (id !== undefined) return [idWord(id)];
  // A title that became an id: `old-plan` for `Old Plan`.
  const words = typeof value === 'string' && value.length <= MAX_ID ? wordsOf(value).join('') : '';
  return words.length >= MIN_WITHIN ? [idWord(words)] : [];
}

function isLong({ value }: Echo): boolean {
  return typeof value === 'number' ? Math.abs(value) >= MIN_NUMBER : value.length >= MIN_TEXT;
}

/** Returns whether the member that a value is in is named like the argument. */
function isInMemberOf({ argument }: Echo, { at }: Leaf): boolean {
  const named = new Set(wordsOf(argument.replaceAll('_', ' ')));
  return wordsOf((at.split(/[.[\]]+/).findLast((part) => !/^[0-9]*$/.test(part)) ?? '').replaceAll('_', ' ')).some(
    (word) => named.has(word),
  );
}
