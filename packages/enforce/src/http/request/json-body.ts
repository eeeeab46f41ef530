import { type Json, parseJson } from '@writ/cedar/json';
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
 * @param numbers `exact` admits whole numbers that JavaScript does not hold
 * @throws {Refused} if it is not JSON, or if readers of JSON differ in what it is
 */
export function jsonBodyOf(bytes: Uint8Array, numbers: 'shared' | 'exact'): JsonBody {
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
  refuseOtherReadings(value);
  return { value, text: rewritten(text, numbers) };
}

/** Looks for keys and texts that some reader takes for others. */
function refuseOtherReadings(root: Json): void {
  const left: Json[] = [root];
  while (left.length > 0) {
    const value = left.pop() as Json;
    if (typeof value === 'string') checkText(value);
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const one of value) left.push(one);
      continue;
    }
    const folded = new Set<string>();
    for (const [key, inner] of Object.entries(value)) {
      checkText(key);
      if (key === '__proto__') refuse('body_ambiguous', 'the body has the key "__proto__"');
      const fold = key.toUpperCase().toLowerCase();
      if (folded.has(fold))
        refuse('body_ambiguous', `the body has the key ${JSON.stringify(key.slice(0, 80))} twice, in different case`);
      folded.add(fold);
      left.push(inner);
    }
  }
}

function checkText(text: string): void {
  if (text.includes('\0')) refuse('body_ambiguous', 'a text of the body has a NUL');
  if (!text.isWellFormed()) refuse('body_ambiguous', 'a text of the body has half of a surrogate pair');
}

/** Writes JSON that was read before: without space, each text in one form, each number as it was. */
function rewritten(text: string, numbers: 'shared' | 'exact'): string {
  const out: string[] = [];
  for (let at = 0; at < text.length; ) {
    const c = text.charCodeAt(at);
    let end = at + 1;
    if (c === 0x22) {
      while (text.charCodeAt(end) !== 0x22) end += text.charCodeAt(end) === 0x5c ? 2 : 1;
      end += 1;
      const token = text.slice(at, end);
      out.push(token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token);
    } else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      while (/[0-9.eE+-]/.test(text.charAt(end))) end += 1;
      const literal = text.slice(at, end);
      checkNumber(literal, numbers);
      out.push(literal);
    } else if (c !== 0x20 && c !== 0x09 && c !== 0x0a && c !== 0x0d) out.push(text.charAt(at));
    at = end;
  }
  return out.join('');
}

function checkNumber(literal: string, numbers: 'shared' | 'exact'): void {
  if (hasPlainDigits(literal) || (numbers === 'exact' && /^-?[0-9]+$/.test(literal))) return;
  refuse('body_number', `the number ${literal.slice(0, 40)} has digits that not every reader of JSON keeps`);
}
