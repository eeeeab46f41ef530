import { randomUUID } from 'node:crypto';

/** Begins a text that stands for a number. Nobody outside the process can know it. */
const MARK = `\uE000number:${randomUUID()}:`;
const WRITTEN_MARK = new RegExp(`"${MARK}([^"]*)"`, 'g');

/** Matches a text that may have a number that JavaScript writes in another way, or half of a surrogate pair. */
const SUSPECT = /\d{16}|-0|\.\d*0(?!\d)|\.0{6}|\d[eE]|\\u[dD][89a-fA-F]/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const HALF = /^[dD][89a-fA-F][0-9a-fA-F]{2}$/;
const PAIR = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/y;

/** Returns the mark of a number, by the way in which it is written. */
export function markOf(literal: string): string {
  return MARK + literal;
}

/** Returns the number as it was written; undefined if a text is no mark. */
export function literalIn(text: string): string | undefined {
  return text.startsWith(MARK) ? text.slice(MARK.length) : undefined;
}

/** Returns a text of JSON with each mark as the number that it stands for. */
export function withoutMarks(json: string): string {
  return json.includes(MARK) ? json.replace(WRITTEN_MARK, '$1') : json;
}

/**
 * Returns a text of JSON in which each number that JavaScript would write in another way is a mark, and half of a
 * surrogate pair is U+FFFD. A text that is not JSON stays one that is not. Takes linear time.
 */
export function withMarks(json: string): string {
  if (!SUSPECT.test(json)) return json;
  let out = '';
  let kept = 0;
  const replace = (from: number, to: number, by: string): void => {
    out += json.slice(kept, from) + by;
    kept = to;
  };
  for (let at = 0; at < json.length; ) {
    const c = json.charCodeAt(at);
    if (c === 0x22) at = afterText(json, at, replace);
    else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) {
      NUMBER.lastIndex = at;
      const literal = NUMBER.exec(json)?.[0] ?? '';
      const end = at + Math.max(literal.length, 1);
      if (literal !== '' && JSON.stringify(Number(literal)) !== literal) replace(at, end, `"${markOf(literal)}"`);
      at = end;
    } else at += 1;
  }
  return kept === 0 ? json : out + json.slice(kept);
}

/** Passes over a text. @returns the place after it */
function afterText(json: string, start: number, replace: (from: number, to: number, by: string) => void): number {
  let at = start + 1;
  for (;;) {
    const quote = json.indexOf('"', at);
    const end = quote === -1 ? json.length : quote;
    const slash = json.indexOf('\\', at);
    if (slash === -1 || slash > end) return end + 1;
    at = slash + 2;
    if (json[slash + 1] !== 'u' || !HALF.test(json.slice(at, at + 4))) continue;
    PAIR.lastIndex = slash;
    if (PAIR.test(json)) at = slash + 12;
    else {
      replace(slash, slash + 6, '\\ufffd');
      at = slash + 6;
    }
  }
}
