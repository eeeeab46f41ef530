import { basename } from 'node:path';
import type { ShellUnderstood } from '#writ/programs/shell/facts.js';
import type { Ran } from './bash.js';
import { STUBS } from './generator.js';

/** Returns what bash did that the facts do not have. */
export function missing(facts: ShellUnderstood, ran: Ran): string[] {
  const programs = ran.programs
    .filter(
      ([name = '', ...args]) => !facts.programs.some((fact) => basename(fact.name) === name && fits(fact.words, args)),
    )
    .map((words) => `program ${JSON.stringify(words)}`);
  // A program that the tables do not know can write anything; the stubs write nothing.
  const isUnknown = facts.programs.some(({ name, known }) => !known && !STUBS.includes(basename(name)));
  const isAny = facts.writes.unresolved || isUnknown;
  const [paths, under] = [facts.writes.paths.map(inHome), facts.writes.under.map(inHome)];
  const files = ran.files
    .filter(
      (file) =>
        !isAny && !paths.includes(file) && !under.some((folder) => folder === '.' || file.startsWith(`${folder}/`)),
    )
    .map((file) => `file ${JSON.stringify(file)}`);
  return [...programs, ...files];
}

/** Returns a path from the home, which is where the commands run. */
const inHome = (path: string): string => (path === '~' ? '.' : path.replace(/^~\/|^\.\/(?=~)/, ''));

/** Whether arguments are those of the facts, in which an unknown word can be any number of words. */
function fits(words: readonly (string | undefined)[], args: readonly string[]): boolean {
  const [word, ...others] = words;
  if (words.length === 0) return args.length === 0;
  if (word !== undefined) return args[0] === word && fits(others, args.slice(1));
  return args.some((_, index) => fits(others, args.slice(index))) || fits(others, []);
}
