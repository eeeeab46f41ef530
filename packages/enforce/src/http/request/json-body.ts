import { type Json, parseJson } from '@writ/cedar/json';
import { valuesIn } from '@writ/sdk/lib/value-count';
import { refuse } from './refusal.js';
import { hasPlainDigits } from './value.js';

/** A JSON body: what is decided on, and the text that is forwarded. */
interface JsonBody {
  readonly value: Json;
  readonly text: string;
}

const MAX_DEPTH = 64;

/**
 * Reads a body that every reader of JSON has alike, and writes it again: in its order, with its numbers as they were
 * written.
 *
 * @param maxValues the most members and items that it may have
 * @param numbers `exact` admits whole numbers that JavaScript does not hold
 * @throws {Refused} if it is not JSON, or if readers of JSON differ in what it is
 */
export function jsonBodyOf(bytes: Uint8Array, maxValues: number, numbers: 'shared' | 'exact'): JsonBody {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('body_utf8', 'the body is not UTF-8');
  }
  let value: Json;
  try {
    value = parseJson(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    const { message, position } = error as Error & { position?: { line: number; column: number } };
    const place = position === undefined ? '' : ` (line ${position.line}, column ${position.column})`;
    return refuse('body_json', `the body is not JSON with one reading: ${message.slice(0, 200)}${place}`);
  }
  if (valuesIn(value, maxValues) > maxValues)
    refuse('body_values', `the body has more than ${maxValues} members and items`);
  refuseOtherReadings(value);
  return { value, text: rewritten(text, numbers) };
}

/** Looks for keys and texts that some reader takes for others. */
function refuseOtherReadings(root: Json): void {
  const left: (Json[] | { [key: string]: Json })[] = [];
  const look = (value: Json): void => {
    if (typeof value === 'string') checkText(value);
    else if (typeof value === 'object' && value !== null) left.push(value);
  };
  look(root);
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (Array.isArray(value)) value.forEach(look);
    else {
      checkKeys(Object.keys(value));
      Object.values(value).forEach(look);
    }
  }
}

function checkKeys(keys: readonly string[]): void {
  const folded = new Set<string>();
  for (const key of keys) {
    checkText(key);
    if (key === '__proto__') refuse('body_ambiguous', 'the body has the key "__proto__"');
    const fold = key.toUpperCase().toLowerCase();
    if (folded.has(fold))
      refuse('body_ambiguous', `the body has the key ${JSON.stringify(key.slice(0, 80))} twice, in different case`);
    folded.add(fold);
  }
}

function checkText(text: string): void {
  if (text.includes('\0')) refuse('body_ambiguous', 'a text of the body has a NUL');
  if (!text.isWellFormed()) refuse('body_ambiguous', 'a text of the body has half of a surrogate pair');
}

/** Writes JSON that was read before: without space, each text in one form, each number as it was. */
function rewritten(text: string, numbers: 'shared' | 'exact'): string {
  const out: string[] = [];
  /** The begin of what is copied as it stands. */
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const c = text.charCodeAt(at);
    if (c === QUOTE) {
      const end = endOfString(text, at);
      if (end.hasEscape) {
        out.push(text.slice(from, at), JSON.stringify(JSON.parse(text.slice(at, end.at))));
        from = end.at;
      }
      at = end.at;
    } else if (c === MINUS || isDigit(c)) {
      const end = endOfNumber(text, at);
      // Most numbers are short and whole.
      if (end.isWhole && end.at - at < 16) at = end.at;
      else {
        checkNumber(text.slice(at, end.at), numbers);
        at = end.at;
      }
    } else if (c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d) {
      if (from < at) out.push(text.slice(from, at));
      at += 1;
      from = at;
    } else at += 1;
  }
  return from === 0 ? text : `${out.join('')}${text.slice(from)}`;
}

const [QUOTE, BACKSLASH, MINUS] = [0x22, 0x5c, 0x2d];

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function endOfString(text: string, start: number): { readonly at: number; readonly hasEscape: boolean } {
  let hasEscape = false;
  for (let at = start + 1; ; at += 1) {
    const c = text.charCodeAt(at);
    if (c === QUOTE) return { at: at + 1, hasEscape };
    if (c !== BACKSLASH) continue;
    hasEscape = true;
    at += 1;
  }
}

function endOfNumber(text: string, start: number): { readonly at: number; readonly isWhole: boolean } {
  let [at, isWhole] = [start + 1, true];
  for (; at < text.length; at += 1) {
    const c = text.charCodeAt(at);
    if (isDigit(c)) continue;
    // A point, an exponent and its sign.
    if (c !== 0x2e && c !== 0x65 && c !== 0x45 && c !== 0x2b && c !== MINUS) break;
    isWhole = false;
  }
  return { at, isWhole };
}

function checkNumber(literal: string, numbers: 'shared' | 'exact'): void {
  if (hasPlainDigits(literal) || (numbers === 'exact' && /^-?[0-9]+$/.test(literal))) return;
  refuse('body_number', `the number ${literal.slice(0, 40)} has digits that not every reader of JSON keeps`);
}
