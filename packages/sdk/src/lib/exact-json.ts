import { literalIn, markOf, withMarks, withoutMarks } from './number-marks.js';

/** The numbers of objects and lists as they were written, where JavaScript would write them in another way. */
const literals = new WeakMap<object, Map<string, string>>();
/** Whether such a number was ever read: until then nothing is looked for. */
let wasRead = false;

/**
 * Reads JSON. Numbers are those of JavaScript, and {@link writeJson} writes them as they were written: integers past
 * 2^53, `1.0`, `-0.0`. Half of a surrogate pair becomes U+FFFD.
 *
 * @throws {SyntaxError} if it is not JSON
 */
export function readJson(json: string): unknown {
  const marked = withMarks(json);
  const value: unknown = JSON.parse(marked);
  return marked === json ? value : readMarks(value);
}

/** Reads the marks in a value: each becomes its number. Changes the value, and returns it. */
export function readMarks(value: unknown): unknown {
  if (typeof value === 'string') {
    const literal = literalIn(value);
    return literal === undefined ? value : Number(literal);
  }
  // Without recursion: a stranger chooses how deep it nests.
  const left: unknown[] = [value];
  while (left.length > 0) {
    const holder = left.pop() as Record<string, unknown>;
    if (typeof holder !== 'object' || holder === null) continue;
    for (const name of Object.keys(holder)) {
      const inner = holder[name];
      const literal = typeof inner === 'string' ? literalIn(inner) : undefined;
      if (literal === undefined) left.push(inner);
      else note(holder, name, literal);
    }
  }
  return value;
}

function note(holder: Record<string, unknown>, name: string, literal: string): void {
  wasRead = true;
  const known = literals.get(holder) ?? new Map<string, string>();
  literals.set(holder, known.set(name, literal));
  holder[name] = Number(literal);
}

/** Returns a number of an object or list as it was written; undefined if JavaScript writes it alike. */
function literalOf(holder: object, name: string): string | undefined {
  const literal = literals.get(holder)?.get(name);
  // A number that was changed has no other form.
  return literal !== undefined && Object.is(Number(literal), (holder as Record<string, unknown>)[name])
    ? literal
    : undefined;
}

/** Returns a copy of an object with more members. Its other numbers are written as those of the object. */
export function copyWith<T extends object, More extends object>(value: T, more: More): T & More {
  const copy = { ...value, ...more };
  const known = literals.get(value);
  if (known !== undefined) literals.set(copy, known);
  return copy;
}

/** Returns a value with marks in place of the numbers that were written in another way. */
export function writeMarks<T>(value: T): T {
  if (!wasRead || typeof value !== 'object' || value === null) return value;
  const holder = value as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(holder)) {
    const literal = literalOf(holder, name);
    const inner = literal === undefined ? writeMarks(holder[name]) : markOf(literal);
    if (Object.is(inner, holder[name])) continue;
    copy ??= (Array.isArray(holder) ? [...holder] : { ...holder }) as Record<string, unknown>;
    copy[name] = inner;
  }
  return (copy ?? value) as T;
}

/** Writes a value as JSON, with the numbers that {@link readJson} read as they were written. */
export function writeJson(value: unknown): string {
  const marked = writeMarks(value);
  const json = JSON.stringify(marked);
  return marked === value ? json : withoutMarks(json);
}

/**
 * Returns a value in which numbers that JavaScript does not hold are texts, as they were written. Every reader of JSON
 * has the rest alike.
 */
export function withTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((inner, at) => textual(value, String(at), inner));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, textual(value, name, inner)]));
}

function textual(holder: object, name: string, inner: unknown): unknown {
  if (typeof inner !== 'number') return withTexts(inner);
  const isHeld = Number.isFinite(inner) && (!Number.isInteger(inner) || Number.isSafeInteger(inner));
  return isHeld ? inner : (literalOf(holder, name) ?? String(inner));
}
