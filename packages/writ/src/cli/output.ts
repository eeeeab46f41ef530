import pc from 'picocolors';
import type { Finding } from '../bundle/check/finding.js';
import { memo } from '../lib/memo.js';
import { visibleText } from '../lib/visible-text.js';
import { columns, wrapped } from './fit.js';

/** Prints a result for a person, to standard output: long lines continue indented. */
export function print(text: string): void {
  printData(wrapped(text));
}

/** Prints a result for a program, to standard output, as it is. */
export function printData(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  printData(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item), 2));
}

/** Prints to standard error: progress, warnings, and what is next. */
export function printNote(text: string): void {
  process.stderr.write(`${wrapped(text)}\n`);
}

/** Prints the fact that is wrong, and the fix if there is one, to standard error. */
export function printError(message: string, help?: string): void {
  printNote(`${pc.red('error')} ${visibleText(message)}${help === undefined ? '' : `\n      ${visibleText(help)}`}`);
}

/** The columns before a line of source. */
const GUTTER = 8;

/** Returns the part of a line that fits and has a place, and the place in it. */
function around(line: string, place: number, width: number): { readonly text: string; readonly place: number } {
  if (line.length <= width) return { text: line, place };
  const start = Math.min(Math.max(0, place - Math.floor(width / 2)), line.length - width);
  const [before, after] = [start > 0, start + width < line.length];
  const text = line.slice(start + Number(before), start + width - Number(after));
  return { text: `${before ? '…' : ''}${text}${after ? '…' : ''}`, place: place - start };
}

/** The lines of a file are found once for all of its findings. */
const linesOf = memo((_texts: ReadonlyMap<string, string>) => new Map<string, readonly string[]>());

function sourceLine(texts: ReadonlyMap<string, string>, file: string, line: number): string | undefined {
  const known = linesOf(texts);
  const lines = known.get(file) ?? texts.get(file)?.split('\n') ?? [];
  known.set(file, lines);
  // A tab is one column, as the place of a finding counts it.
  return lines[line - 1]?.replace(/\r$/, '').replaceAll('\t', ' ');
}

/**
 * Returns the text of a finding, with the line that it is about. A bundle can be a stranger's: nothing of it reaches the terminal as
 * a control character, nor turns the order of what is read.
 */
export function findingBlock(finding: Finding, texts: ReadonlyMap<string, string>): string {
  const { severity, code, line, column } = finding;
  const [file, message] = [visibleText(finding.file), visibleText(finding.message)];
  const label = severity === 'error' ? pc.red(pc.bold('error')) : pc.yellow(pc.bold('warning'));
  const lines = [`${pc.bold(`${file}:${line}:${column}`)} ${label} ${message} ${pc.dim(`[${code}]`)}`];
  const source = sourceLine(texts, finding.file, line);
  if (source !== undefined && source.trim() !== '') {
    const number = String(line).padStart(5);
    const shown = around(source, Math.max(column - 1, 0), columns() - GUTTER);
    lines.push(
      `${pc.dim(`${number} |`)} ${visibleText(shown.text)}`,
      `${pc.dim('      |')} ${' '.repeat(visibleText(shown.text.slice(0, shown.place)).length)}${pc.red('^')}`,
    );
  }
  if (finding.help !== undefined) lines.push(`${pc.dim('      =')} ${visibleText(finding.help)}`);
  return lines.join('\n');
}

export function count(n: number, noun: string, nouns = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : nouns}`;
}
