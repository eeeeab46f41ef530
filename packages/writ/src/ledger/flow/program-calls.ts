import { isObject } from '@writ/sdk/lib/is-object';
import { NO_FACTS, notUnderstood, type ProgramFacts, type Statement, together } from '../../programs/facts.js';
import {
  type DeclaredLabels,
  type DeclaredProgram,
  type DeclaredPrograms,
  type DeclaredTool,
  PROGRAM_VALUES,
  type ProgramArgument,
  type ProgramValues,
  type Role,
} from './declared-tool.js';

/** A value within a program that has a role. */
export interface ProgramRole {
  readonly argument: string;
  readonly at: string;
  readonly role: Role;
  readonly kind: string | undefined;
  readonly value: string;
}

/** A table of a statement that is to be decided on as an entity, and how it is used. */
export interface ProgramTable {
  readonly uid: { readonly type: string; readonly id: string };
  readonly access: 'read' | 'write';
}

/** The description of a tool as the programs of a call change it. */
interface ProgramCall {
  readonly declared: DeclaredTool;
  readonly program: ProgramFacts;
  readonly programRoles: readonly ProgramRole[];
  readonly tables: readonly ProgramTable[];
}

/** A program of a call, by its argument. */
interface ReadArgument {
  readonly of: ProgramArgument;
  readonly facts: ProgramFacts;
}

const USUAL: Readonly<Record<Statement, readonly string[]>> = {
  select: ['read'],
  insert: ['read', 'write'],
  update: ['read', 'write'],
  merge: ['read', 'write', 'destroy'],
  delete: ['read', 'write', 'destroy'],
};
const KINDS: Readonly<Record<ProgramValues, string | undefined>> = {
  hosts: 'host',
  reads: 'path',
  writes: 'path',
  packages: undefined,
};
/** Says nothing, and makes a list of labels one of several rules. */
const SEVERAL: DeclaredLabels = {};

/** Describes tools for single calls, whose arguments are programs. */
export class ProgramCalls {
  private readonly shell: ReadonlyMap<string, DeclaredProgram>;
  private readonly tables: ReadonlyMap<string, NonNullable<DeclaredPrograms['tables']>[string]> | undefined;

  constructor(
    private readonly declared: DeclaredPrograms,
    private readonly allEffects: readonly string[],
    /** The labels of a table that nothing describes. */
    private readonly unclassified: DeclaredLabels,
  ) {
    this.shell = new Map(Object.entries(declared.shell ?? {}));
    this.tables = declared.tables && new Map(Object.entries(declared.tables));
  }

  /** Returns what the programs of a call make of the description of its tool. */
  of(programs: readonly ProgramArgument[], declared: DeclaredTool, input: unknown): ProgramCall {
    const given = isObject(input) ? input : {};
    const read = programs.flatMap((one): ReadArgument[] => {
      const text = Object.hasOwn(given, one.argument) ? given[one.argument] : undefined;
      return text === undefined || text === null ? [] : [{ of: one, facts: factsOf(one, text) }];
    });
    const [first, ...others] = read.map(({ facts }) => facts);
    const program = first === undefined ? withoutText(programs, declared) : together([first, ...others]);
    if (!program.understood)
      return {
        declared: { ...declared, effects: this.allEffects, ...this.anyResultOf(programs, declared) },
        ...{ program, programRoles: [], tables: [] },
      };
    const effects = new Set([...(declared.effects ?? []), ...read.flatMap(({ facts }) => this.effectsOf(facts))]);
    return {
      declared: {
        ...declared,
        effects: [...effects].sort(),
        ...this.resultOf(declared, program),
        ...(programs.every(({ language }) => language === 'sql') ? storesOf(program) : {}),
      },
      program,
      programRoles: read.flatMap(({ of, facts }) => this.rolesOf(of.argument, facts)),
      tables: tablesOf(read),
    };
  }

  /** Returns the effects of a program that is understood: of all that it starts, and of what its own text does. */
  private effectsOf(facts: ProgramFacts): readonly string[] {
    const { reads, writes, hosts, interactive, unclear } = facts;
    if (interactive || unclear.length > 0) return this.allEffects;
    const own = [
      ...(reads.length === 0 ? [] : ['read']),
      ...(writes.length === 0 ? [] : ['write']),
      ...(hosts.length === 0 ? [] : ['egress']),
    ];
    return [...own, ...this.declaredOf(facts).flatMap((one) => (one === undefined ? this.allEffects : effectsIn(one)))];
  }

  /** Returns the descriptions of all that a program starts; undefined for each that has none. */
  private declaredOf({ programs, bare, statements }: ProgramFacts): readonly (DeclaredProgram | undefined)[] {
    const { sql = {} } = this.declared;
    return [
      ...mostExact(programs).flatMap((name) => this.named(name, bare.includes(name))),
      ...statements.map((kind) => sql[kind] ?? USUAL[kind]),
    ];
  }

  /** Returns the descriptions of a program, by the longest name of it; of one whose subcommand is not known those of all subcommands. */
  private named(name: string, isBare: boolean): readonly (DeclaredProgram | undefined)[] {
    const words = name.split(' ');
    const names = words.map((_, i) => words.slice(0, words.length - i).join(' '));
    const exact = names.map((one) => this.shell.get(one)).find((one) => one !== undefined);
    if (!isBare) return [exact];
    const others = [...this.shell].filter(([other]) => other.startsWith(`${name} `));
    return [exact, ...others.map(([, its]) => its)];
  }

  /** Returns the values of a program that its programs give a role. */
  private rolesOf(argument: string, facts: ProgramFacts): ProgramRole[] {
    const declared = this.declaredOf(facts);
    return PROGRAM_VALUES.flatMap((values) => {
      const roles = new Set(declared.flatMap((one) => rolesIn(one)?.[values] ?? []));
      const at = `${argument} (${values})`;
      const kind = facts.statements.length > 0 && values !== 'hosts' ? undefined : KINDS[values];
      return [...roles].flatMap((role) => facts[values].map((value) => ({ argument, at, role, kind, value })));
    });
  }

  /** Returns the rules on the result of a statement: those of its tables and columns together, beside those of the tool. */
  private resultOf(
    declared: DeclaredTool,
    { statements, reads, writes, columns }: ProgramFacts,
  ): Partial<DeclaredTool> {
    const { tables } = this;
    const relations = [...new Set([...reads, ...writes])];
    if (tables === undefined || statements.length === 0 || relations.length === 0) return {};
    const labels = relations.flatMap((relation) => {
      const { result = this.unclassified, columns: described = {} } = tables.get(relation) ?? {};
      const isAll = columns.includes(`${relation}.*`);
      const named = Object.entries(described).filter(([name]) => isAll || columns.includes(`${relation}.${name}`));
      return [result, ...named.map(([, its]) => its)];
    });
    return resultWith(declared, labels);
  }

  /** Returns the rules on the result of a text that is not understood: those of all tables and columns, and of tables that nobody described. */
  private anyResultOf(programs: readonly ProgramArgument[], declared: DeclaredTool): Partial<DeclaredTool> {
    if (this.tables === undefined || programs.every(({ language }) => language !== 'sql')) return {};
    const all = [...this.tables.values()].flatMap(({ result, columns = {} }) => [
      ...(result === undefined ? [] : [result]),
      ...Object.values(columns),
    ]);
    return resultWith(declared, [this.unclassified, ...all]);
  }
}

/** Returns the rules of a tool and others together. */
function resultWith({ result }: DeclaredTool, labels: readonly DeclaredLabels[]): Partial<DeclaredTool> {
  const own = result === undefined ? [] : [result as DeclaredLabels];
  // Many columns have the same labels.
  const different = new Map([...own, ...labels].map((one) => [JSON.stringify(one), one]));
  return { result: { $: [SEVERAL, ...different.values()] } };
}

/** Returns the facts of a call without a text: it does what its tool does without one, which its own effects alone say. */
function withoutText(programs: readonly ProgramArgument[], { effects }: DeclaredTool): ProgramFacts {
  const [{ language, argument }] = programs as readonly [ProgramArgument];
  if (effects !== undefined) return { ...NO_FACTS, language };
  return notUnderstood(language, 'no_text', `${argument} is not given, and the tool has no effects of its own`);
}

function tablesOf(read: readonly ReadArgument[]): readonly ProgramTable[] {
  const all = read.flatMap(({ of: { tables: type }, facts: { reads, writes } }) => {
    if (type === undefined) return [];
    const tableOf = (access: ProgramTable['access']) => (id: string) => ({ uid: { type, id }, access });
    return [...reads.map(tableOf('read')), ...writes.map(tableOf('write'))];
  });
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

function factsOf({ argument, language, read }: ProgramArgument, text: unknown): ProgramFacts {
  if (typeof text !== 'string')
    return notUnderstood(language, 'not_a_text', `${argument} is no text, and a program is one`);
  return read(text);
}

/** A statement that writes nothing writes no store, and one that reads nothing reads none. */
function storesOf({ statements, reads, writes }: ProgramFacts): Partial<DeclaredTool> {
  if (statements.length === 0) return {};
  return {
    ...(writes.length === 0 ? { writes: undefined, creates: undefined } : {}),
    ...(reads.length === 0 ? { reads: undefined } : {}),
  };
}

/** Returns the names that say most: `git push`, and not also `git`. */
function mostExact(programs: readonly string[]): readonly string[] {
  return programs.filter((name) => !programs.some((other) => other.startsWith(`${name} `)));
}

function effectsIn(declared: DeclaredProgram): readonly string[] {
  return 'effects' in declared ? declared.effects : declared;
}

function rolesIn(declared: DeclaredProgram | undefined): Exclude<DeclaredProgram, readonly string[]>['roles'] {
  return declared !== undefined && 'effects' in declared ? declared.roles : undefined;
}
