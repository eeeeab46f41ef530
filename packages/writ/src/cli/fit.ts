import { stripVTControlCharacters } from 'node:util';
import { visibleLine } from '../lib/visible-text.js';

const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 40;

/** Returns the columns of the terminal; 80 if the output goes elsewhere. */
export function columns(): number {
  return Math.max(MIN_COLUMNS, process.stdout.columns ?? DEFAULT_COLUMNS);
}

/**
 * Returns a text whose lines fit: each is broken at spaces, and continues with a deeper indent. A word that is longer, such as an
 * id, stays whole.
 */
export function wrapped(text: string, width = columns()): string {
  return text
    .split('\n')
    .map((line) => wrappedLine(line, width))
    .join('\n');
}

function wrappedLine(line: string, width: number): string {
  if (lengthOf(line) <= width) return line;
  const [before = ''] = /^ */.exec(line) ?? [];
  const indent = `${before}    `;
  const lines: string[] = [];
  let current = '';
  // A word with the spaces before it; a colour has none.
  for (const word of line.match(/ *[^ ]+/g) ?? []) {
    if (current !== '' && lengthOf(current) + lengthOf(word) > width) {
      lines.push(current);
      current = `${indent}${word.trimStart()}`;
    } else current += word;
  }
  return [...lines, current].join('\n');
}

function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Returns a text as a cell of exactly this width. @param end the end to keep of a text that is longer */
export function cell(text: string, width: number, end: 'start' | 'end' = 'start'): string {
  const shown = visibleLine(text, 2_000);
  if (shown.length <= width) return shown.padEnd(width);
  return end === 'start' ? `${shown.slice(0, width - 1)}…` : `…${shown.slice(shown.length - width + 1)}`;
}
