import { stripVTControlCharacters } from 'node:util';
import { visibleLine } from '../lib/visible-text.js';

const DEFAULT_COLUMNS = 80;
const MIN_COLUMNS = 40;

/** Returns the columns of the terminal; if the output goes elsewhere, those of COLUMNS in the environment, or 80. */
export function columns(): number {
  const { COLUMNS = '' } = process.env;
  const elsewhere = /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : DEFAULT_COLUMNS;
  return Math.max(MIN_COLUMNS, process.stdout.columns ?? elsewhere);
}

/**
 * Returns a text whose lines fit: each is broken at spaces, and continues with a deeper indent. A word that is longer, such as an
 * id, stays whole. A line that is a command of Writ is broken as a shell reads it.
 */
export function wrapped(text: string, width = columns()): string {
  return text
    .split('\n')
    .map((line) => wrappedLine(line, width))
    .join('\n');
}

/** A line that a person copies into a shell. */
const COMMAND = /^ *writ [a-z]+ /;

function wrappedLine(line: string, width: number): string {
  if (lengthOf(line) <= width) return line;
  const [before = ''] = /^ */.exec(line) ?? [];
  const indent = `${before}    `;
  const end = COMMAND.test(stripVTControlCharacters(line)) ? ' \\' : '';
  const lines: string[] = [];
  let current = '';
  // A word with the spaces before it; a colour has none.
  for (const word of line.match(end === '' ? / *[^ ]+/g : / *--[a-z-]+ [^ -][^ ]*| *[^ ]+/g) ?? []) {
    if (current !== '' && lengthOf(current) + lengthOf(word) > width - end.length) {
      lines.push(`${current}${end}`);
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
