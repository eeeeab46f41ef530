import type { Language, ReadProgram, Statement } from '../../programs/facts.js';
import type { Confidentiality, Integrity } from './labels.js';
import type { ResultFormat } from './result-value.js';

/** The role of an argument (docs/tools.md). */
const ROLES = ['destination', 'target', 'secret', 'amount', 'content'] as const;
export type Role = (typeof ROLES)[number];

/** Labels as they are written: words, or a record with a kind and a condition. */
export type DeclaredLabels =
  | string
  | readonly string[]
  | {
      readonly integrity?: Integrity | undefined;
      readonly confidentiality?: Confidentiality | undefined;
      readonly labels?: readonly string[] | undefined;
      readonly kind?: string | undefined;
      readonly readers?: readonly string[] | undefined;
      readonly clears?: readonly string[] | undefined;
      readonly sentBy?: string | undefined;
      readonly when?: string | undefined;
    };

/** A tool as `tools.yaml` describes it. */
export interface DeclaredTool {
  readonly effects?: readonly string[] | undefined;
  readonly arguments?: Readonly<Record<string, Role | DeclaredArgument>> | undefined;
  readonly result?: DeclaredLabels | Readonly<Record<string, DeclaredLabels | readonly DeclaredLabels[]>> | undefined;
  readonly format?: ResultFormat | undefined;
  readonly reads?: string | undefined;
  readonly writes?: string | undefined;
  readonly creates?: string | undefined;
  readonly asked?: readonly string[] | undefined;
  readonly service?: string | readonly string[] | undefined;
  readonly opaque?: readonly string[] | undefined;
}

/** The language of an argument. */
export interface ArgumentLanguage {
  readonly language: Language;
  /** The schemas in which PostgreSQL looks for names, in their order. */
  readonly searchPath?: readonly string[] | undefined;
  /** The file of its catalogue, of SQL. */
  readonly catalogue?: string | undefined;
}

/** An argument as `tools.yaml` describes it: its role, and the language of the program that it is. */
export interface DeclaredArgument extends Omit<ArgumentLanguage, 'language'> {
  readonly language?: Language | undefined;
  readonly role?: Role | undefined;
  readonly kind?: string | undefined;
  /** The type of the entities that tables are, of SQL. */
  readonly tables?: string | undefined;
}

/** The facts of a program whose values have roles. */
export const PROGRAM_VALUES = ['hosts', 'reads', 'writes', 'packages'] as const;
export type ProgramValues = (typeof PROGRAM_VALUES)[number];

/** A program, or a kind of statement, as `tools.yaml` describes it: its effects, or these with the roles of values. */
export type DeclaredProgram =
  | readonly string[]
  | {
      readonly effects: readonly string[];
      readonly roles?: Readonly<Partial<Record<ProgramValues, Role | undefined>>> | undefined;
    };

/** The `programs` of `tools.yaml`. */
export interface DeclaredPrograms {
  /** By name, and with its subcommand, as `git push`. */
  readonly shell?: Readonly<Record<string, DeclaredProgram>> | undefined;
  readonly sql?: Readonly<Partial<Record<Statement, DeclaredProgram | undefined>>> | undefined;
  /** The labels of tables, by `schema.name`. */
  readonly tables?:
    | Readonly<
        Record<
          string,
          {
            readonly result?: DeclaredLabels | undefined;
            readonly columns?: Readonly<Record<string, DeclaredLabels>> | undefined;
          }
        >
      >
    | undefined;
}

/** An argument that is a program. */
export interface ProgramArgument {
  readonly argument: string;
  readonly language: Language;
  readonly read: ReadProgram;
  /** The type of the entities that tables are. */
  readonly tables: string | undefined;
}
