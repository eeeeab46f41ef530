import type { InterpreterFact, PackageFact } from '../facts.js';
import type { Arg } from '../syntax/arg.js';

/** The input of a program: that of the tool, one that the text does not say, or this text. */
export type Input = { readonly from: 'tool' | 'unknown' } | { readonly from: 'text'; readonly text: string };

/** One start of a program, for the readers of the tables. */
export interface Call {
  readonly name: string;
  readonly args: readonly Arg[];
  readonly pos: number;
  readonly input: Input;
  /** Records a path; `deep` with all that is below it. */
  reads(arg: Arg, deep?: boolean): void;
  writes(arg: Arg, deep?: boolean): void;
  unresolved(kind: 'reads' | 'writes'): void;
  host(arg: Arg): void;
  hostNamed(name: string | undefined): void;
  interpreter(fact: Omit<InterpreterFact, 'program'>): void;
  /** Records that an interpreter reads what the text does not say. */
  interactive(): void;
  sql(text: string): void;
  package(fact: PackageFact): void;
  /** Reads the arguments as another command; `remote` if it runs elsewhere. */
  run(args: readonly Arg[], remote?: string): void;
  /** Reads a text as a script of a shell. */
  script(arg: Arg, isPosix: boolean, remote?: string): void;
  refuse(why: string, arg?: Arg): never;
}

/** Says what was read of a call. */
export interface Outcome {
  /** Whether all that the arguments do is in the facts. */
  readonly known: boolean;
  readonly subcommand?: string;
}

export type ProgramReader = (call: Call) => Outcome;

export const KNOWN: Outcome = { known: true };
export const UNKNOWN: Outcome = { known: false };
