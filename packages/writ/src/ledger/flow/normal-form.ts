import { SCHEME } from '../../lib/domain.js';

/**
 * One form for all ways to write a value, so that it is known again: case, whitespace, URL encoding, the scheme of an address, the
 * spaces of an account number, the ways to write a number. A value with no common form with its source is not found, and counts as
 * external.
 */

/** The most characters of a scheme. */
const MAX_SCHEME = 21;
const OF_SCHEME = /[a-z0-9+.-]/;
const IBAN = /^[a-z]{2}[0-9]{2}[a-z0-9 ]{10,40}$/;
const SIMPLE = /^[a-z0-9_-]{1,64}$/;

/** The texts under which a value can be found, the plainest first. None for one that is empty. */
export function formsOf(value: string): string[] {
  // Most identifiers are in their only form.
  if (SIMPLE.test(value)) return [value];
  const plain = plainForm(value);
  if (plain === '') return [];
  const forms = new Set([plain]);
  const decoded = decodedForm(value);
  if (decoded !== undefined) forms.add(decoded);
  for (const form of [...forms]) {
    if (SCHEME.test(form) || form.endsWith('/')) forms.add(form.replace(SCHEME, '').replace(/\/+$/, ''));
    if (IBAN.test(form)) forms.add(form.replaceAll(' ', ''));
  }
  forms.delete('');
  return [...forms];
}

/** Returns the mailboxes in a value that has more: `eve@evil.example` in `<eve@evil.example>`, without quotes and comments. */
export function mailboxesIn(value: string): readonly string[] {
  const plain = plainForm(value)
    .replace(/\([^()]{0,200}\)/g, '')
    .replace(/"([^"@]{1,64})"@/g, '$1@');
  return plain.match(/[^\s<>"'`,;:()?@]{1,64}@[^\s<>"'`,;:()?@]{1,253}/g) ?? [];
}

/** A text without the schemes of its addresses. */
export function withoutSchemes(text: string): string {
  let without = '';
  let from = 0;
  // From each end of a scheme back: a pattern looks from each letter on for one.
  for (let end = text.indexOf('://'); end !== -1; end = text.indexOf('://', end + 3)) {
    let start = end;
    while (start > from && end - start < MAX_SCHEME && OF_SCHEME.test(text.charAt(start - 1))) start -= 1;
    while (start < end && !/[a-z]/.test(text.charAt(start))) start += 1;
    if (start === end) continue;
    without += text.slice(from, start);
    from = end + 3;
  }
  return from === 0 ? text : without + text.slice(from);
}

/** Compatible characters folded, lower case, single spaces. */
export function plainForm(value: string): string {
  return value.normalize('NFKC').toLowerCase().replace(NOT_ONE_SPACE, ' ').trim();
}

/** White space that is not one space. hot: most of a text is words with one space between them. */
const NOT_ONE_SPACE = /\s{2,}|[^\S ]/g;

function decodedForm(value: string): string | undefined {
  if (!/%[0-9A-Fa-f]{2}/.test(value)) return undefined;
  try {
    return plainForm(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}

/** Returns a number as its shortest decimal text: `1,000.50`, `1000.5` and `1 000,50 €` are one. Undefined if it is no number. */
export function numberForm(value: string | number): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  const text = value.normalize('NFKC').trim();
  const plain = /^[-+]?[$€£¥]?\s?([0-9][0-9.,' _]*)\s?([$€£¥%]|[A-Za-z]{3})?$/.exec(text)?.[1];
  if (plain === undefined) return undefined;
  const digits = plain.replace(/[' _]/g, '').replace(/[.,]$/, '');
  const point = pointOf(digits);
  const whole = digits.slice(0, point).replace(/[.,]/g, '');
  const number = Number(`${whole}.${digits.slice(point + 1) || '0'}`);
  return Number.isFinite(number) ? String(text.startsWith('-') ? -number : number) : undefined;
}

/** Returns the index of the decimal point: the last of two different signs, or one sign that is not before three digits. */
function pointOf(digits: string): number {
  const [dot, comma] = [digits.lastIndexOf('.'), digits.lastIndexOf(',')];
  const last = Math.max(dot, comma);
  if (last === -1) return digits.length;
  if (dot !== -1 && comma !== -1) return last;
  const isOne = digits.indexOf(digits[last] as string) === last;
  const isThousands = digits.length - last - 1 === 3 && !digits.startsWith('0');
  return isOne && !(isThousands && comma !== -1) ? last : digits.length;
}

const GROUPED = /\b[A-Z]{2}[0-9]{2}(?:[ -][A-Z0-9]{2,4}){3,9}\b|\+?[0-9]{2,20}(?:[ /-][0-9]{2,20}){2,8}/g;

/** The account and telephone numbers that a text writes in groups, without their spaces. */
export function groupedNumbersIn(text: string): string[] {
  return (text.match(GROUPED) ?? []).map((found) => plainForm(found).replace(/[ /-]/g, ''));
}

/** The words of a text in one form. */
export function wordsOf(text: string): string[] {
  return plainForm(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}
