import type { JSONPathQuery } from 'json-p3';
import { notUnderstood, type ProgramFacts, type ReadProgram } from '../../programs/facts.js';
import { usualWords } from './asked.js';
import { CallCache } from './call-cache.js';
import type {
  ArgumentLanguage,
  DeclaredArgument,
  DeclaredLabels,
  DeclaredPrograms,
  DeclaredTool,
  ProgramArgument,
  Role,
} from './declared-tool.js';
import { type Labels, labelNames, UNCLASSIFIED } from './labels.js';
import { ProgramCalls, type ProgramRole, type ProgramTable } from './program-calls.js';
import { NOBODY } from './readers.js';
import { labelsOf, queryOf, type ResultRule, rulesOf } from './result-rules.js';
import type { ResultFormat } from './result-value.js';
import { type DeclaredStores, NO_STORE, type StoreDescription, storesOf } from './store-description.js';

/** An argument that has a role. */
export interface RoleArgument {
  /** As it was declared. */
  readonly path: string;
  /** The argument of the call that it is, or is within. */
  readonly argument: string;
  readonly role: Role;
  readonly kind: string | undefined;
  /** Undefined when the path is the argument's name. */
  readonly query: JSONPathQuery | undefined;
}

/** The part of a description that its results are read by, as plain data for another process. */
export interface ToolSource {
  readonly name: string;
  readonly declared: Pick<DeclaredTool, 'result' | 'format'>;
  readonly unclassified: DeclaredLabels | undefined;
}

/** A tool, ready to be used. */
export interface ToolDescription {
  readonly name: string;
  readonly source: ToolSource;
  readonly effects: readonly string[];
  readonly isDescribed: boolean;
  /** Whether it is an action of Writ itself that the bundle does not describe as a tool: it has no effects and brings no labels. */
  readonly isOwn: boolean;
  readonly arguments: readonly RoleArgument[];
  /** Its arguments that are programs. */
  readonly programs: readonly ProgramArgument[];
  /** The facts of the programs of one call; undefined of a tool that no call was asked of ({@link Tools.ofCall}), or without programs. */
  readonly program: ProgramFacts | undefined;
  /** The values within the programs of one call that have a role of their own. */
  readonly programRoles: readonly ProgramRole[];
  /** The tables of the statements of one call, where each is to be decided on. */
  readonly tables: readonly ProgramTable[];
  readonly rules: readonly ResultRule[];
  readonly format: ResultFormat | undefined;
  /** The stores that it reads and writes. */
  readonly reads: string | undefined;
  readonly writes: string | undefined;
  /** Whether what it writes is a new thing, whose id its answer has. */
  readonly creates: boolean;
  /** The stores that it reads and writes, as all tools together describe them. */
  readonly readStore: StoreDescription;
  readonly writtenStore: StoreDescription;
  /** Arguments that policies do not see in `input`. */
  readonly opaque: readonly string[];
  /** By which words a prompt asks for it. */
  readonly asked: readonly string[];
  /** The labels of a value that no rule applies to. */
  readonly unclassified: Labels;
  /** The labels that a result can add to its task, before there is one: those of every rule and every detector. */
  readonly addedLabels: readonly string[];
  /** Of these, the labels that its rules give. */
  readonly describedLabels: readonly string[];
  /** The domains of the service that it is of. */
  readonly services: readonly string[];
  /** Whether an answer of some tool of the bundle has senders: without one, no code goes back to a service. */
  readonly hasSenders: boolean;
  /** The addresses and domains in each group of readers. */
  readonly readerGroups: ReaderGroups;
}

/** The addresses and `@domain`s in groups of readers. */
export type ReaderGroups = Readonly<Record<string, readonly string[]>>;
const NO_GROUPS: ReaderGroups = {};

/** The defaults of tools whose description leaves something out. */
interface ToolDefaults {
  readonly effects?: readonly string[] | undefined;
  readonly result?: DeclaredLabels | undefined;
}

const NO_TOOL: DeclaredTool = { effects: [], result: ['system', 'public'] };

/** The programs that arguments can be. */
interface ToolPrograms {
  readonly declared: DeclaredPrograms;
  /** Returns what reads the programs of an argument. @param language its catalogue by the name of the file */
  readonly readerOf: (language: ArgumentLanguage) => ReadProgram;
}

/** Programs that nobody reads, where calls are not decided. */
const NO_PROGRAMS: ToolPrograms = {
  declared: {},
  readerOf:
    ({ language }) =>
    () =>
      notUnderstood(language, 'no_reader', 'programs are not read here'),
};

/** The tools of a bundle. */
export class Tools {
  private readonly described: ReadonlyMap<string, ToolDescription>;
  private readonly others = new Map<string, ToolDescription>();
  private readonly ownActions = new Map<string, ToolDescription>();
  private readonly unclassified: Labels;
  private readonly stores: ReadonlyMap<string, StoreDescription>;
  private readonly hasSenders: boolean;
  private readonly calls: ProgramCalls;
  private readonly ofCalls = new CallCache<ToolDescription>();

  /**
   * @param detectable the labels of the detectors, which look through every result
   * @throws {ToolDescriptionError} when a path or a condition does not parse
   */
  constructor(
    private readonly declared: Readonly<Record<string, DeclaredTool>>,
    private readonly defaults: ToolDefaults,
    private readonly allEffects: readonly string[],
    private readonly detectable: readonly string[] = [],
    stores: DeclaredStores = {},
    private readonly readerGroups: ReaderGroups = NO_GROUPS,
    private readonly programs: ToolPrograms = NO_PROGRAMS,
  ) {
    this.calls = new ProgramCalls(programs.declared, allEffects, defaults.result ?? ['external', 'confidential']);
    this.stores = storesOf(declared, stores);
    this.hasSenders = JSON.stringify(declared).includes('"sentBy"');
    this.unclassified =
      defaults.result === undefined ? UNCLASSIFIED : labelsOf({ text: 'defaults', at: ['result'] }, defaults.result);
    this.described = new Map(Object.entries(declared).map(([name, tool]) => [name, this.compile(name, tool, true)]));
  }

  /** Whether anything is described: without that, no labels are kept. */
  get isEmpty(): boolean {
    return this.described.size === 0;
  }

  /** Returns the names of the tools that write a store. */
  writing(store: string): readonly string[] {
    return [...this.described].flatMap(([name, { writes }]) => (writes === store ? [name] : []));
  }

  /** One that nothing describes can have every effect, and its result can be anything. */
  of(name: string): ToolDescription {
    const known = this.described.get(name) ?? this.others.get(name);
    if (known !== undefined) return known;
    const made = this.compile(name, {}, false);
    this.others.set(name, made);
    return made;
  }

  /** Returns the description of a tool for one call: where an argument is a program, its effects and labels are those of the program. */
  ofCall(name: string, input: unknown): ToolDescription {
    const tool = this.of(name);
    if (tool.programs.length === 0) return tool;
    const key = CallCache.keyOf(name, tool.programs, input);
    let made = this.ofCalls.get(key);
    if (made === undefined) {
      const { declared, ...more } = this.calls.of(tool.programs, this.declared[name] ?? {}, input);
      made = { ...this.compile(name, declared, true, tool.programs), ...more };
      this.ofCalls.set(key, made);
    }
    return made;
  }

  /** Returns the description of an action that Writ itself asks about: that of the bundle, or one without effects and labels. */
  own(name: string): ToolDescription {
    const known = this.described.get(name) ?? this.ownActions.get(name);
    if (known !== undefined) return known;
    const made = { ...this.compile(name, NO_TOOL, true), isOwn: true, addedLabels: [] };
    this.ownActions.set(name, made);
    return made;
  }

  /** @param programs the readers of its programs, which remember texts; by default those of the declaration */
  private compile(
    name: string,
    declared: DeclaredTool,
    isDescribed: boolean,
    programs: readonly ProgramArgument[] = programsOf(declared, this.programs.readerOf),
  ): ToolDescription {
    const rules = rulesOf(name, declared.result);
    const described = new Set(
      rules.flatMap(({ integrity = 'system', confidentiality = 'public', names, readers }) =>
        // The readers are known with the answer; until then it is for its owner.
        labelNames({ integrity, confidentiality, names, ...(readers && { readers: NOBODY }) }),
      ),
    );
    const isWhole = rules.some(({ path, when }) => path === '$' && when === undefined);
    if (!isWhole) for (const label of labelNames(this.unclassified)) described.add(label);
    const { result, format } = declared;
    return {
      name,
      source: { name, declared: { result, format }, unclassified: this.defaults.result },
      isDescribed,
      isOwn: false,
      effects: declared.effects ?? this.defaults.effects ?? this.allEffects,
      arguments: Object.entries(declared.arguments ?? {}).flatMap(([path, role]) => argumentOf(name, path, role) ?? []),
      programs,
      program: undefined,
      programRoles: [],
      tables: [],
      rules,
      format: declared.format,
      reads: declared.reads,
      writes: declared.creates ?? declared.writes,
      creates: declared.creates !== undefined,
      readStore: this.stores.get(declared.reads ?? '') ?? NO_STORE,
      writtenStore: this.stores.get(declared.creates ?? declared.writes ?? '') ?? NO_STORE,
      opaque: declared.opaque ?? [],
      asked: declared.asked ?? usualWords(name),
      unclassified: this.unclassified,
      addedLabels: [...new Set([...described, ...this.detectable])].sort(),
      describedLabels: [...described].sort(),
      services: [declared.service ?? []].flat().map((domain) => domain.toLowerCase()),
      hasSenders: this.hasSenders,
      readerGroups: this.readerGroups,
    };
  }
}

function programsOf({ arguments: declared = {} }: DeclaredTool, readerOf: ToolPrograms['readerOf']): ProgramArgument[] {
  return Object.entries(declared).flatMap(([argument, one]) => {
    if (typeof one === 'string' || one.language === undefined) return [];
    const { language, searchPath, catalogue, tables } = one;
    return [{ argument, language, tables, read: readerOf({ language, searchPath, catalogue }) }];
  });
}

function argumentOf(tool: string, path: string, declared: Role | DeclaredArgument): RoleArgument | undefined {
  const { role, kind }: DeclaredArgument = typeof declared === 'string' ? { role: declared } : declared;
  if (role === undefined) return undefined;
  const argument = /^\$?\.?([^.[\]]+)/.exec(path)?.[1] ?? path;
  const isPlain = argument === path;
  return { path, argument, role, kind, query: isPlain ? undefined : queryOf(tool, path, ['arguments', path]) };
}
