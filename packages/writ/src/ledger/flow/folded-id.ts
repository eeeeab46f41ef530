import { BoundedCache } from '@writ/sdk/lib/bounded-cache';

/** The first digits of scripts whose digits people read as numbers. Full-width digits are folded by NFKC. */
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
const HIDDEN = /\p{Default_Ignorable_Code_Point}|\p{Cc}(?<![\n\t ])/gu;
/** A longer value is no identifier. */
const MAX_LENGTH = 64;
/** The most identifiers of a text. */
const MAX_IDS = 4_000;

/**
 * Returns the form of an identifier that all ways to write it share: without separators, hidden characters and leading zeros, with
 * the digits of all scripts as ASCII. Undefined for a value without digits, and for a long one.
 *
 * @example foldedId('F%2D099') // 'f099'
 */
export function foldedId(value: string | number): string | undefined {
  const text = String(value);
  if (text.length > MAX_LENGTH || !/\p{Nd}/u.test(text)) return undefined;
  const known = folded.get(text);
  if (known !== undefined) return known;
  const id = /^[1-9][0-9]*$/.test(text) ? text : withoutZeros(partsOf(text).join(''));
  if (id === '') return undefined;
  folded.set(text, id);
  return id;
}

/** The values of one task are looked for again and again. */
const folded = new BoundedCache<string, string>(10_000);

/** Returns what can be an identifier in a text, in that form: words with digits, and neighbours of which one has digits. */
export function foldedIdsIn(text: string): string[] {
  const parts = partsOf(text);
  const ids = new Set<string>();
  for (const [i, part] of parts.entries()) {
    if (ids.size >= MAX_IDS) break;
    const next = parts[i + 1] ?? '';
    const hasDigit = /[0-9]/.test(part);
    if (hasDigit) ids.add(withoutZeros(part));
    if (next !== '' && part.length + next.length <= MAX_LENGTH && (hasDigit || /[0-9]/.test(next))) {
      ids.add(withoutZeros(part + next));
      const third = parts[i + 2] ?? '';
      if (third !== '' && part.length + next.length + third.length <= MAX_LENGTH)
        ids.add(withoutZeros(part + next + third));
    }
  }
  return [...ids];
}

/** Letters with one number, which people write without them: `f-99` is "number 99". A year says nothing. */
const WITH_NUMBER = /^\p{L}{1,12}((?!(?:19|20)[0-9]{2}$)[0-9]{2,12})$/u;

/** Returns the number of an identifier that has letters before it; undefined for another, and for one of several words. */
export function numberOfId(value: string): string | undefined {
  if (/\S\s+\S/.test(value)) return undefined;
  return WITH_NUMBER.exec(foldedId(value) ?? '')?.[1];
}

/** Returns whether a text is an identifier, or one with letters before it, and no text about one. */
export function isIdItself(text: string, id: string): boolean {
  return foldedId(text) === id || numberOfId(text) === id;
}

function partsOf(text: string): string[] {
  const plain = decoded(text).normalize('NFKC').replace(HIDDEN, '').toLowerCase();
  return plain.replace(/\p{Nd}/gu, asciiDigit).match(/[\p{L}\p{N}]+/gu) ?? [];
}

function decoded(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\x20-\x7e]/.test(character) ? character : code;
  });
}

function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) as number;
  const zero = ZEROS.find((one) => code >= one && code < one + 10);
  return zero === undefined ? digit : String(code - zero);
}

function withoutZeros(id: string): string {
  return /^[0-9]+$/.test(id) ? id.replace(/^0+(?=[0-9])/, '') : id;
}
