import { Environment } from '@marcbachmann/cel-js';
import { compile as compilePath, type JSONPathQuery } from 'json-p3';
import { celValue, firstLine } from '../cel.js';
import { ToolDescriptionError } from '../errors.js';
import { usualWords } from './asked.js';
import {
  CONFIDENTIALITY,
  type Confidentiality,
  INTEGRITY,
  type Integrity,
  type Labels,
  labelNames,
  UNCLASSIFIED,
} from './labels.js';
import type { ResultFormat } from './result-value.js';

/** The role of an argument (docs/tools.md). */
const ROLES = ['destination', 'target', 'secret', 'amount', 'content'] as const;
export type Role = (typeof ROLES)[number];

/** Labels as they are written: words, or a record with a kind and a condition. */
type DeclaredLabels =
  | string
  | readonly string[]
  | {
      readonly integrity?: Integrity | undefined;
      readonly confidentiality?: Confidentiality | undefined;
      readonly labels?: readonly string[] | undefined;
      readonly kind?: string | undefined;
      readonly when?: string | undefined;
    };

/** A tool as `tools.yaml` describes it. */
interface DeclaredTool {
  readonly effects?: readonly string[] | undefined;
  readonly arguments?:
    | Readonly<Record<string, Role | { readonly role: Role; readonly kind?: string | undefined }>>
    | undefined;
  readonly result?: DeclaredLabels | Readonly<Record<string, DeclaredLabels | readonly DeclaredLabels[]>> | undefined;
  readonly format?: ResultFormat | undefined;
  readonly reads?: string | undefined;
  readonly writes?: string | undefined;
  readonly asked?: readonly string[] | undefined;
  readonly opaque?: readonly string[] | undefined;
}

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

/** A rule on a part of a result. */
export interface ResultRule {
  readonly path: string;
  readonly query: JSONPathQuery;
  readonly integrity: Integrity | undefined;
  readonly confidentiality: Confidentiality | undefined;
  readonly names: readonly string[];
  readonly kind: string | undefined;
  readonly when: ((about: RuleSubject) => boolean) | undefined;
}

/** The subject of a condition. */
export interface RuleSubject {
  readonly input: unknown;
  readonly result: unknown;
  /** The innermost record that the value is in. */
  readonly record: unknown;
  readonly value: unknown;
}

/** A tool, ready to be used. */
export interface ToolDescription {
  readonly name: string;
  readonly effects: readonly string[];
  readonly isDescribed: boolean;
  readonly arguments: readonly RoleArgument[];
  readonly rules: readonly ResultRule[];
  readonly format: ResultFormat | undefined;
  /** The stores that it reads and writes. */
  readonly reads: string | undefined;
  readonly writes: string | undefined;
  /** Arguments that policies do not see in `input`. */
  readonly opaque: readonly string[];
  /** By which words a prompt asks for it. */
  readonly asked: readonly string[];
  /** The labels of a value that no rule applies to. */
  readonly unclassified: Labels;
  /** The labels that a result can add to its task, before there is one: those of every rule. */
  readonly addedLabels: readonly string[];
}

/** The defaults of tools whose description leaves something out. */
interface ToolDefaults {
  readonly effects?: readonly string[] | undefined;
  readonly result?: DeclaredLabels | undefined;
}

/** The tools of a bundle. */
export class Tools {
  private readonly described: ReadonlyMap<string, ToolDescription>;
  private readonly others = new Map<string, ToolDescription>();
  private readonly unclassified: Labels;

  /** @throws {ToolDescriptionError} when a path or a condition does not parse */
  constructor(
    declared: Readonly<Record<string, DeclaredTool>>,
    private readonly defaults: ToolDefaults,
    private readonly allEffects: readonly string[],
  ) {
    this.unclassified = defaults.result === undefined ? UNCLASSIFIED : labelsOf('defaults', defaults.result);
    this.described = new Map(Object.entries(declared).map(([name, tool]) => [name, this.compile(name, tool, true)]));
  }

  /** Whether anything is described: without that, no labels are kept. */
  get isEmpty(): boolean {
    return this.described.size === 0;
  }

  /** One that nothing describes can have every effect, and its result can be anything. */
  of(name: string): ToolDescription {
    const known = this.described.get(name) ?? this.others.get(name);
    if (known !== undefined) return known;
    const made = this.compile(name, {}, false);
    this.others.set(name, made);
    return made;
  }

  private compile(name: string, declared: DeclaredTool, isDescribed: boolean): ToolDescription {
    const rules = rulesOf(name, declared.result);
    const addedLabels = new Set(
      rules.flatMap(({ integrity = 'system', confidentiality = 'public', names }) =>
        labelNames({ integrity, confidentiality, names }),
      ),
    );
    const isWhole = rules.some(({ path, when }) => path === '$' && when === undefined);
    if (!isWhole) for (const label of labelNames(this.unclassified)) addedLabels.add(label);
    return {
      name,
      isDescribed,
      effects: declared.effects ?? this.defaults.effects ?? this.allEffects,
      arguments: Object.entries(declared.arguments ?? {}).map(([path, role]) => argumentOf(name, path, role)),
      rules,
      format: declared.format,
      reads: declared.reads,
      writes: declared.writes,
      opaque: declared.opaque ?? [],
      asked: declared.asked ?? usualWords(name),
      unclassified: this.unclassified,
      addedLabels: [...addedLabels].sort(),
    };
  }
}

function argumentOf(
  tool: string,
  path: string,
  declared: Role | { role: Role; kind?: string | undefined },
): RoleArgument {
  const { role, kind } = typeof declared === 'string' ? { role: declared, kind: undefined } : declared;
  const argument = /^\$?\.?([^.[\]]+)/.exec(path)?.[1] ?? path;
  const isPlain = argument === path;
  return { path, argument, role, kind, query: isPlain ? undefined : queryOf(tool, path) };
}

function rulesOf(tool: string, declared: DeclaredTool['result']): ResultRule[] {
  if (declared === undefined) return [];
  const byPath = isByPath(declared) ? declared : { $: declared as DeclaredLabels };
  return Object.entries(byPath).flatMap(([path, labels]) => {
    const query = queryOf(tool, path);
    const several = Array.isArray(labels) && labels.some((one) => typeof one === 'object');
    const all = (several ? labels : [labels]) as readonly DeclaredLabels[];
    return all.map((one): ResultRule => {
      const { kind, when, ...said } = wordsIn(`${tool}: ${path}`, one);
      return { path, query, kind, ...said, when: when === undefined ? undefined : conditionOf(tool, path, when) };
    });
  });
}

function isByPath(
  declared: NonNullable<DeclaredTool['result']>,
): declared is Readonly<Record<string, DeclaredLabels | readonly DeclaredLabels[]>> {
  return (
    typeof declared === 'object' && !Array.isArray(declared) && Object.keys(declared).some((key) => key.startsWith('$'))
  );
}

interface SaidLabels {
  readonly integrity: Integrity | undefined;
  readonly confidentiality: Confidentiality | undefined;
  readonly names: readonly string[];
  readonly kind: string | undefined;
  readonly when: string | undefined;
}

/** The word `internal` alone says both: of our own, and for our own. */
function wordsIn(where: string, declared: DeclaredLabels): SaidLabels {
  if (typeof declared === 'object' && !Array.isArray(declared)) {
    const {
      integrity,
      confidentiality,
      labels = [],
      kind,
      when,
    } = declared as Exclude<DeclaredLabels, string | readonly string[]>;
    return { integrity, confidentiality, names: [...labels].sort(), kind, when };
  }
  let integrity: Integrity | undefined;
  let confidentiality: Confidentiality | undefined;
  const names: string[] = [];
  for (const word of [declared].flat() as string[]) {
    if (word === 'user') throw new ToolDescriptionError(`${where}: no result is the user's`, 'only the prompt is');
    if ((INTEGRITY as readonly string[]).includes(word)) integrity = word as Integrity;
    else if ((CONFIDENTIALITY as readonly string[]).includes(word)) confidentiality = word as Confidentiality;
    else names.push(word);
  }
  if (integrity === 'internal' && confidentiality === undefined) confidentiality = 'internal';
  return { integrity, confidentiality, names: names.sort(), kind: undefined, when: undefined };
}

function labelsOf(where: string, declared: DeclaredLabels): Labels {
  const { integrity, confidentiality, names } = wordsIn(where, declared);
  return {
    integrity: integrity ?? UNCLASSIFIED.integrity,
    confidentiality: confidentiality ?? UNCLASSIFIED.confidentiality,
    names,
  };
}

function queryOf(tool: string, path: string): JSONPathQuery {
  try {
    return compilePath(path.startsWith('$') ? path : `$.${path}`);
  } catch (error) {
    throw new ToolDescriptionError(
      `${tool}: ${path} is not a JSONPath: ${firstLine(error)}`,
      'as in $.items[*].name (RFC 9535)',
    );
  }
}

const cel = new Environment({ unlistedVariablesAreDyn: false, enableOptionalTypes: true })
  .registerVariable('input', 'dyn')
  .registerVariable('result', 'dyn')
  .registerVariable('record', 'dyn')
  .registerVariable('value', 'dyn');

/** Throws what CEL throws; the value is then unclassified for the caller. */
function conditionOf(tool: string, path: string, text: string): (about: RuleSubject) => boolean {
  const where = `${tool}: ${path}: \`when\``;
  let run: ReturnType<typeof cel.parse>;
  try {
    run = cel.parse(text);
  } catch (error) {
    throw new ToolDescriptionError(`${where} is not CEL: ${firstLine(error)}`);
  }
  const { valid, error: wrong, type = 'dyn' } = run.check();
  if (!valid) throw new ToolDescriptionError(`${where}: ${firstLine(wrong)}`);
  if (!/^(bool|dyn)$/.test(type))
    throw new ToolDescriptionError(`${where} gives ${type}`, 'it must give true or false');
  return (about) => {
    const { input, result, record, value } = about;
    return (
      run({ input: celValue(input), result: celValue(result), record: celValue(record), value: celValue(value) }) ===
      true
    );
  };
}
