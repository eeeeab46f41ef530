import type { PathFacts, ProgramFact, ShellFacts } from '#writ/programs/shell/facts.js';

/** A text and its facts, as `shown` prints them. */
export type Row = readonly [text: string, facts: string];
/** Rows by the way in which they try to pass. */
export type Table = Readonly<Record<string, readonly Row[]>>;

/** Returns facts on one line, for the tables: `git, head; reads: src/**; hosts: ?`. A question mark is what is unknown. */
export function shown(facts: ShellFacts): string {
  if (!facts.understood) return `not: ${facts.reason}`;
  const { programs, reads, writes, hosts, interpreters, interactive, scripts, packages } = facts;
  const code = interpreters.map(({ program, from }) => `${program} ${from}`);
  const named = packages.map(({ manager, names, unresolved }) =>
    [manager, ...names, ...(unresolved ? ['?'] : [])].join(' '),
  );
  const parts = [
    [...new Set(programs.map(program))].join(', '),
    listed('reads', pathsOf(reads)),
    listed('writes', pathsOf(writes)),
    listed('hosts', [...hosts.names, ...(hosts.unresolved ? ['?'] : [])]),
    listed('code', [...new Set(code)]),
    listed(
      'sql',
      scripts.map(({ text }) => text),
    ),
    listed('packages', named),
    interactive ? 'interactive' : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

const program = ({ name, known, remote }: ProgramFact): string =>
  `${name}${remote === undefined ? '' : `@${remote}`}${known ? '' : '?'}`;

/** Returns paths, with those of which all that is below may be touched as `folder/**`. */
function pathsOf({ paths, under, unresolved }: PathFacts): string[] {
  const alone = paths.filter((path) => !under.includes(path));
  return [...alone, ...under.map((path) => `${path}/**`), ...(unresolved ? ['?'] : [])];
}

const listed = (name: string, items: readonly string[]): string =>
  items.length === 0 ? '' : `${name}: ${items.join(', ')}`;
