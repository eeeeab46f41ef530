import pc from 'picocolors';
import type { Finding } from '../bundle/check/finding.js';
import { wrapped } from './fit.js';

/** Prints a result, to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a result for a person: long lines continue indented. */
export function printFitted(text: string): void {
  print(wrapped(text));
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item), 2));
}

/** Prints to standard error: progress, warnings, and what is next. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints the fact that is wrong, and the fix if there is one, to standard error. */
export function printError(message: string, help?: string): void {
  printNote(`${pc.red('error')} ${message}${help === undefined ? '' : `\n      ${help}`}`);
}

/** Returns the text of a finding, with the line that it is about. */
export function findingBlock(finding: Finding, texts: ReadonlyMap<string, string>): string {
  const { severity, code, file, line, column, message, help } = finding;
  const label = severity === 'error' ? pc.red(pc.bold('error')) : pc.yellow(pc.bold('warning'));
  const lines = [`${pc.bold(`${file}:${line}:${column}`)} ${label} ${message} ${pc.dim(`[${code}]`)}`];
  const source = texts.get(file)?.split('\n')[line - 1];
  if (source !== undefined && source.trim() !== '') {
    const number = String(line).padStart(5);
    lines.push(
      `${pc.dim(`${number} |`)} ${source}`,
      `${pc.dim('      |')} ${' '.repeat(Math.max(column - 1, 0))}${pc.red('^')}`,
    );
  }
  if (help !== undefined) lines.push(`${pc.dim('      =')} ${help}`);
  return lines.join('\n');
}

export function count(n: number, noun: string, nouns = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : nouns}`;
}
