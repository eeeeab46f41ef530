import { callValues, scalarsIn, UNSEEN } from './call-values.js';
import { foldedId } from './folded-id.js';
import { FROM_USER, join, type Labels } from './labels.js';
import { plainForm, wordsOf } from './normal-form.js';
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

/** Returns the values of a call that take something away from an answer that repeats them: not those that the user named. */
export function echoesOf(tool: ToolDescription, input: unknown, known: KnownValues): Echo[] {
  if (typeof input !== 'object' || input === null) return [];
  const tracer = new Tracer(tool, known);
  const kinds = new Map(callValues(tool, input).map((one) => [`${one.argument}\n${one.value}`, one.kind]));
  const echoes: Echo[] = [];
  let characters = 0;
  for (const [argument, value] of Object.entries(input)) {
    for (const one of scalarsIn(value, undefined)) {
      const { labels } = tracer.find(argument, 'destination', one, kinds.get(`${argument}\n${one}`));
      if (join(FROM_USER, labels) === FROM_USER || isSameAs(labels, FROM_USER)) continue;
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
  const equal = new Map<string, Echo[]>();
  const parts: { readonly form: string; readonly isPart: boolean; readonly labels: Labels }[] = [];
  for (const echo of echoes) {
    for (const key of [...keysOf(echo.value), ...foldedKeys(echo.value)])
      equal.set(key, [...(equal.get(key) ?? []), echo]);
    const form = typeof echo.value === 'string' ? plainForm(echo.value) : '';
    if (form.length < MIN_WITHIN) continue;
    const isPart = form.length >= MIN_PART || shapesOf(echo.value).length > 0;
    parts.push({ form, isPart, labels: echo.labels });
  }
  const isSteered = echoes.some(({ value, labels }) => value !== UNSEEN && labels.integrity === 'external');
  return leaves.map((one) => {
    const leaf: Leaf = isSteered ? { isSteered: true, ...one } : one;
    const { value } = leaf;
    if (typeof value === 'boolean') return leaf;
    let { labels } = everywhere === undefined ? leaf : { labels: join(leaf.labels, everywhere.labels) };
    for (const key of [...keysOf(value), ...foldedKeys(value)])
      for (const echo of equal.get(key) ?? []) if (isEcho(echo, leaf)) labels = join(labels, echo.labels);
    if (typeof value === 'string' && parts.length > 0) {
      const form = plainForm(value);
      for (const part of parts) {
        const isRepeated = part.isPart && form.length > part.form.length && hasWhole(form, part.form);
        const isTaken = form.length >= MIN_WITHIN && form.length < part.form.length && hasWhole(part.form, form);
        if (isRepeated || isTaken) labels = join(labels, part.labels);
      }
    }
    return labels === leaf.labels ? leaf : { ...leaf, labels };
  });
}

function foldedKeys(value: string | number): string[] {
  const id = foldedId(value);
  return id === undefined ? [] : [idWord(id)];
}

function isEcho({ argument, value }: Echo, { at }: Leaf): boolean {
  const isLong = typeof value === 'number' ? Math.abs(value) >= MIN_NUMBER : value.length >= MIN_TEXT;
  if (isLong) return true;
  const named = new Set(wordsOf(argument.replaceAll('_', ' ')));
  return wordsOf((at.split(/[.[\]]+/).findLast((part) => !/^[0-9]*$/.test(part)) ?? '').replaceAll('_', ' ')).some(
    (word) => named.has(word),
  );
}
