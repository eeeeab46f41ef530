import { withTexts } from '../lib/exact-json.js';

/** Matches JSON that a strict reader refuses: NUL, half of a surrogate pair, and what may be an integer past 2^53. */
const REFUSED = /\\u0000|\\ud[89a-f]|\d{16}|e\+/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about NUL
const NUL = /\u0000/g;

/**
 * Returns a value as a service can read it, whose reader is strict: integers past 2^53 are texts as they were written, NUL and half of a
 * surrogate pair are U+FFFD.
 *
 * @param json the value as JSON
 */
export function readableResult(value: unknown, json: string): unknown {
  return REFUSED.test(json) ? mended(withTexts(value)) : value;
}

function readableText(text: string): string {
  return text.replace(NUL, '\uFFFD').toWellFormed();
}

function mended(value: unknown): unknown {
  if (typeof value === 'string') return readableText(value);
  if (Array.isArray(value)) return value.map(mended);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [readableText(name), mended(inner)]));
}
