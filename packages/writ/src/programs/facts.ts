/** The languages that an argument can be a program in. */
export const LANGUAGES = ['shell', 'sql'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The kinds of SQL statement that are understood. */
export const STATEMENTS = ['select', 'insert', 'update', 'delete', 'merge'] as const;
export type Statement = (typeof STATEMENTS)[number];

/**
 * The facts of a program: what its text says that it does. Of one that is not understood only `reason` and `why` say anything; it can
 * do everything.
 */
export interface ProgramFacts {
  readonly language: Language;
  readonly understood: boolean;
  /** The code of why it is not understood. */
  readonly reason?: string | undefined;
  /** The same for a person: what was found, where, and why it cannot be followed. */
  readonly why?: string | undefined;
  /** The kinds of its statements, of SQL: that of the whole, and those within it. */
  readonly statements: readonly Statement[];
  /** The programs that it starts: `git`, and with their subcommand `git push`. */
  readonly programs: readonly string[];
  /** The interpreters among them that are given a script that is not read. */
  readonly interpreters: readonly string[];
  /** The programs with arguments of which it is not known what they do: they can do anything. */
  readonly unclear: readonly string[];
  /** The programs that may be given a subcommand that nobody can name. */
  readonly bare: readonly string[];
  /** Whether it starts an interpreter that waits to be fed. */
  readonly interactive: boolean;
  /** Whether a path or a host in it is known only when it runs. */
  readonly unresolved: boolean;
  /** Whether it writes a path outside of the folder in which it starts. */
  readonly writesOutside: boolean;
  /** Whether it reads such a path. */
  readonly readsOutside: boolean;
  /** The paths, or the relations as `schema.name`, that it reads. */
  readonly reads: readonly string[];
  /** The paths or relations that it writes. */
  readonly writes: readonly string[];
  /** The hosts that it speaks to. */
  readonly hosts: readonly string[];
  /** The packages that it installs, as `npm:left-pad`. */
  readonly packages: readonly string[];
  /** The columns that it names, as `schema.table.column`; `*` for all of them. */
  readonly columns: readonly string[];
  /** The functions that it calls. */
  readonly functions: readonly string[];
}

/** Returns the facts of a program. */
export type ReadProgram = (text: string) => ProgramFacts;

const NOTHING: readonly never[] = [];

/** The facts of a program that does nothing. */
export const NO_FACTS: Omit<ProgramFacts, 'language'> = {
  understood: true,
  statements: NOTHING,
  programs: NOTHING,
  interpreters: NOTHING,
  unclear: NOTHING,
  bare: NOTHING,
  interactive: false,
  unresolved: false,
  writesOutside: false,
  readsOutside: false,
  reads: NOTHING,
  writes: NOTHING,
  hosts: NOTHING,
  packages: NOTHING,
  columns: NOTHING,
  functions: NOTHING,
};

/** Returns the facts of a text that is not understood. */
export function notUnderstood(language: Language, reason: string, why: string): ProgramFacts {
  return { ...NO_FACTS, language, understood: false, reason, why };
}

const SETS = [
  ...(['statements', 'programs', 'interpreters', 'unclear', 'bare', 'reads', 'writes'] as const),
  ...(['hosts', 'packages', 'columns', 'functions'] as const),
];
type SetsOfFacts = Pick<ProgramFacts, (typeof SETS)[number]>;

/** Returns the facts of several programs of one call together. */
export function together(all: readonly [ProgramFacts, ...ProgramFacts[]]): ProgramFacts {
  const [first, ...others] = all;
  if (others.length === 0) return first;
  const unclear = all.find(({ understood }) => !understood);
  if (unclear !== undefined) return unclear;
  return {
    ...first,
    ...(Object.fromEntries(SETS.map((name) => [name, union(all, name)])) as unknown as SetsOfFacts),
    interactive: all.some(({ interactive }) => interactive),
    unresolved: all.some(({ unresolved }) => unresolved),
    writesOutside: all.some(({ writesOutside }) => writesOutside),
    readsOutside: all.some(({ readsOutside }) => readsOutside),
  };
}

function union(all: readonly ProgramFacts[], name: (typeof SETS)[number]): readonly string[] {
  return [...new Set(all.flatMap((one): readonly string[] => one[name]))];
}
