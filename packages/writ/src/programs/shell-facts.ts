import { normalize } from 'node:path/posix';
import { NO_FACTS, notUnderstood, type ProgramFacts } from './facts.js';
import type { PackageFact, PathFacts, ProgramFact } from './shell/facts.js';
import { isTabled, readsSubcommand } from './shell/programs/table.js';
import { readShell } from './shell/read-shell.js';

/** The facts of a text of the shell, and the statements in SQL that it gives to programs. */
interface ShellProgram {
  readonly facts: ProgramFacts;
  readonly scripts: readonly string[];
}

/** Returns the facts of a text of the shell. Builtins of the shell are no programs. */
export function shellFacts(text: string): ShellProgram {
  const facts = readShell(text);
  if (!facts.understood)
    return { facts: notUnderstood('shell', facts.reason, `${facts.why}: ${facts.text}`), scripts: [] };
  const { reads, writes, hosts, packages, interpreters, interactive, scripts } = facts;
  const programs = facts.programs.filter(({ builtin }) => builtin !== true);
  return {
    facts: {
      ...NO_FACTS,
      language: 'shell',
      programs: [...new Set(programs.flatMap(namesOf))],
      interpreters: [...new Set(interpreters.map(({ program }) => program))],
      // The bundle alone says what a program does that is in no table.
      unclear: programs.flatMap(({ name, known }) => (known || !isTabled(name) ? [] : [name])),
      bare: programs.flatMap(({ name, subcommand }) =>
        subcommand !== undefined || readsSubcommand(name) ? [] : [name],
      ),
      interactive,
      unresolved: reads.unresolved || writes.unresolved || hosts.unresolved || programs.some(({ known }) => !known),
      writesOutside: isOutside(writes),
      readsOutside: isOutside(reads),
      reads: pathsOf(reads),
      writes: pathsOf(writes),
      hosts: hosts.names,
      packages: packages.flatMap(packagesOf),
    },
    scripts: scripts.map((script) => script.text),
  };
}

function namesOf({ name, subcommand }: ProgramFact): readonly string[] {
  return subcommand === undefined ? [name] : [name, `${name} ${subcommand}`];
}

/** A folder stands for everything below it. */
function pathsOf({ paths, under }: PathFacts): readonly string[] {
  return [...paths, ...under.map((folder) => `${folder.replace(/\/$/, '')}/**`)];
}

const DEVICES: ReadonlySet<string> = new Set(['/dev/null', '/dev/stdin', '/dev/stdout', '/dev/stderr', '/dev/tty']);

/** Returns whether a path is outside of the folder in which the text begins, or may be. */
function isOutside({ paths, under, unresolved }: PathFacts): boolean {
  return (
    unresolved ||
    [...paths, ...under].some((path) => !DEVICES.has(path) && (/^[~/]/.test(path) || normalize(path).startsWith('..')))
  );
}

function packagesOf({ manager, names, unresolved }: PackageFact): readonly string[] {
  const named = names.map((name) => `${manager}:${name}`);
  return unresolved || named.length === 0 ? [...named, `${manager}:*`] : named;
}
