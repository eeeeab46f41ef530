import { stemmer } from 'stemmer';
import { domainOf } from '../../lib/domain.js';
import { memo } from '../../lib/memo.js';
import {
  confidentialityLevel,
  FROM_USER,
  type Integrity,
  integrityLevel,
  join,
  type Labels,
  labelNames,
  labelsNamed,
} from './labels.js';
import { linksIn } from './normal-form.js';
import { type Found, MAX_EFFORT, type TaskValues } from './task-values.js';
import type { Role, RoleArgument, ToolDescription } from './tool-description.js';

/** The origin of one value of an argument (docs/concepts.md, "Origin"). */
export interface Origin {
  /** The argument, or the place in it. */
  readonly argument: string;
  readonly role: Role;
  readonly from: Found['from'] | 'approval' | 'mandate' | 'nowhere';
  readonly integrity: Integrity;
  readonly labels: readonly string[];
  readonly source?: NonNullable<Found['source']>;
}

/** The values that a call is traced against. */
interface Known {
  readonly values: TaskValues | undefined;
  /** The labels of everything that the task has read. */
  readonly taskLabels: readonly string[];
  /** The arguments whose values the mandate names. */
  readonly named: readonly string[];
  /** Whether the task has a mandate that was given for something. */
  readonly isMandated: boolean;
}

const AUTHORITY: ReadonlySet<Role> = new Set(['destination', 'target', 'secret']);
/** The most values of one argument that are traced; the rest counts as one value that was never said. */
const MAX_VALUES = 1_000;
/** A longer value is not traced: nobody said it, and it can hold any address. */
const MAX_TRACED = 64 * 1024;
const MAX_DEPTH = 64;
/** Stands for what was not looked at; nobody ever said it. */
const UNSEEN = '\0';

const UNDESCRIBED_ROLES: readonly Role[] = ['destination', 'content'];

interface Traced {
  readonly argument: string;
  readonly role: Role;
  readonly value: string | number;
  readonly labels: Labels;
  readonly links: number;
  readonly origin: Origin;
}

/** The origins of the arguments of a call. An origin that no policy reads is not computed. */
export class CallOrigins {
  private readonly summaries = new Map<string, OriginSummary>();
  private level: number | undefined;

  /**
   * @param asked whether the prompt, or a mandate that names it, asks for something of this kind
   * @param roles those that the tool has, whether or not the call has such a value
   */
  constructor(
    private readonly traced: readonly Traced[],
    private readonly roles: ReadonlySet<Role>,
    readonly asked: boolean,
  ) {}

  /** One for each value. */
  get origins(): readonly Origin[] {
    return this.traced.map(({ origin }) => origin);
  }

  /** The values of the arguments with a role. */
  valuesOf(role: Role): readonly (string | number)[] {
    return this.traced.flatMap((one) => (one.role === role ? [one.value] : []));
  }

  /** Of all values with a role; undefined when the tool has no such role. */
  ofRole(role: Role): OriginSummary | undefined {
    if (!this.roles.has(role)) return undefined;
    return this.summary(`role ${role}`, (one) => one.role === role);
  }

  /** Of the values of one argument; undefined when it has no role, or the call does not have it. */
  ofArgument(name: string): OriginSummary | undefined {
    if (!this.traced.some(({ argument }) => argument === name)) return undefined;
    return this.summary(`argument ${name}`, ({ argument }) => argument === name);
  }

  /**
   * Returns the labels of the values with a role, for the place where they are kept. A value that was never said has every label of
   * the task, because it can be made of anything there. Undefined if the tool has no such role.
   */
  propagatedLabels(role: Role, ofTask: readonly string[]): readonly string[] | undefined {
    if (!this.roles.has(role)) return undefined;
    const labels = new Set<string>();
    for (const { role: its, origin } of this.traced) {
      if (its === role) for (const label of origin.from === 'nowhere' ? ofTask : origin.labels) labels.add(label);
    }
    return [...labels].sort();
  }

  private summary(key: string, isOf: (one: Traced) => boolean): OriginSummary {
    let known = this.summaries.get(key);
    if (known === undefined) {
      known = new OriginSummary(this.traced.filter(isOf));
      this.summaries.set(key, known);
    }
    return known;
  }

  /** The integrity of what the call acts on: its destinations, targets and secrets, or all its values if it has none of these. */
  get authority(): number {
    this.level ??= this.least(({ role }) => AUTHORITY.has(role)) ?? this.least(() => true) ?? (this.asked ? 4 : 0);
    return this.level;
  }

  private least(isOf: (one: Traced) => boolean): number | undefined {
    let least: number | undefined;
    for (const one of this.traced) {
      if (isOf(one)) least = Math.min(least ?? 4, integrityLevel(one.labels.integrity));
    }
    return least;
  }
}

/** Traces the arguments of a call that have a role; of a tool that nothing describes, all. */
export function originsOf(tool: ToolDescription, input: unknown, known: Known): CallOrigins {
  const traced: Traced[] = [];
  const tracer = new Tracer(known);
  for (const described of tool.arguments) {
    const { argument, path, role, kind } = described;
    for (const value of valuesAt(described, input)) traced.push(tracer.trace(argument, path, role, value, kind));
  }
  if (!tool.isDescribed) {
    for (const [argument, value] of Object.entries(recordOf(input)))
      for (const one of scalarsIn(value))
        for (const role of UNDESCRIBED_ROLES) traced.push(tracer.trace(argument, argument, role, one, undefined));
  }
  const { values } = known;
  const isNamed = values !== undefined && (values.isApprovedTool(tool.name) || values.asksFor(stemsOf(tool)));
  return new CallOrigins(traced, rolesOf(tool), known.isMandated || isNamed);
}

const rolesOf = memo(
  (tool: ToolDescription): ReadonlySet<Role> =>
    new Set(tool.isDescribed ? tool.arguments.map(({ role }) => role) : UNDESCRIBED_ROLES),
);

const stemsOf = memo((tool: ToolDescription) => tool.asked.map((word) => stemmer(word.toLowerCase())));

class Tracer {
  /** The labels of a value that was never said: it can be made of anything that the task has read. */
  private readonly anything: Labels;

  private readonly effort = { characters: MAX_EFFORT };

  constructor(private readonly known: Known) {
    this.anything = anythingOf(known.taskLabels);
  }

  trace(argument: string, at: string, role: Role, value: string | number, kind: string | undefined): Traced {
    const { from, labels, source } = this.find(argument, role, value, kind);
    const links = role === 'content' && typeof value === 'string' ? this.linksOf(value) : 4;
    const origin: Origin = {
      argument: at,
      role,
      from,
      integrity: labels.integrity,
      labels: labelNames(labels),
      ...(source === undefined ? {} : { source }),
    };
    return { argument, role, value, labels, links, origin };
  }

  private find(
    argument: string,
    role: Role,
    value: string | number,
    kind: string | undefined,
  ): { from: Origin['from']; labels: Labels; source?: Found['source'] | undefined } {
    const { values, named } = this.known;
    const isTooLong = typeof value === 'string' && value.length > MAX_TRACED;
    if (named.includes(argument)) return { from: 'mandate', labels: FROM_USER };
    if (isTooLong) return { from: 'nowhere', labels: this.anything };
    const found = values?.find(value, kind, this.effort);
    // An approval says that a value is right, and not that everybody may know it.
    if (values?.isApproved(value) === true) {
      const labels: Labels = { ...(found?.labels ?? this.anything), integrity: 'user' };
      return { from: 'approval', labels, source: found?.source };
    }
    if (found !== undefined) return found;
    if (role === 'content' && typeof value === 'string' && values?.isOfPromptWords(value) === true)
      return { from: 'prompt', labels: FROM_USER };
    return { from: 'nowhere', labels: this.anything };
  }

  private linksOf(text: string): number {
    if (text.length > MAX_TRACED) return 0;
    let least = 4;
    for (const link of linksIn(text)) {
      if (this.known.values?.isApproved(link) === true) continue;
      const found = this.known.values?.find(link, undefined, this.effort);
      least = Math.min(least, found === undefined ? 0 : integrityLevel(found.labels.integrity));
    }
    return least;
  }
}

/** Returns the labels of data made of anything in a task; the labels of a task are one list for as long as they do not change. */
const anythingOf = memo(
  (taskLabels: readonly string[]): Labels => ({ ...labelsNamed(taskLabels), integrity: 'external' }),
);

/** The origin of the values of one argument, or of all with one role, for policies. */
export class OriginSummary {
  private joined: Labels | undefined;

  constructor(private readonly traced: readonly Traced[]) {}

  private get all(): Labels {
    if (this.joined === undefined) {
      let labels = FROM_USER;
      for (const one of this.traced) labels = labels === FROM_USER ? one.labels : join(labels, one.labels);
      this.joined = labels;
    }
    return this.joined;
  }

  /** 0 for `external` to 4 for `user`: the lowest integrity of its values; 4 if it has no values. */
  get integrity(): number {
    return integrityLevel(this.all.integrity);
  }

  get confidentiality(): number {
    return confidentialityLevel(this.all.confidentiality);
  }

  get labels(): readonly string[] {
    return labelNames(this.all);
  }

  get from(): readonly string[] {
    return different(this.traced.map(({ origin }) => origin.from));
  }

  get values(): readonly string[] {
    return different(this.traced.map(({ value }) => String(value)));
  }

  /** Of e-mail addresses and URLs. */
  get domains(): readonly string[] {
    return different(this.traced.flatMap(({ value }) => domainOf(String(value)) ?? []));
  }

  /** As `integrity`, of the addresses within the values. */
  get links(): number {
    return Math.min(4, ...this.traced.map(({ links }) => links));
  }
}

function different(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)].sort();
}

/** The values of a call that have a role; all of one that nothing describes. */
export function valuesOf(tool: ToolDescription, input: unknown): (string | number)[] {
  if (!tool.isDescribed) return scalarsIn(input);
  return tool.arguments.flatMap((described) => [...valuesAt(described, input)]);
}

function* valuesAt({ argument, query }: RoleArgument, input: unknown): Generator<string | number> {
  if (query === undefined) {
    const value = recordOf(input)[argument];
    yield* scalarsIn(value);
    return;
  }
  for (const { value } of query.query(input as never).nodes) yield* scalarsIn(value);
}

/** The texts and numbers in a value, at whatever depth. */
function scalarsIn(value: unknown): (string | number)[] {
  const out: (string | number)[] = [];
  const look = (at: unknown, depth: number): void => {
    if (out.length === MAX_VALUES || depth > MAX_DEPTH) out.push(UNSEEN);
    if (out.length > MAX_VALUES || depth > MAX_DEPTH) return;
    if (typeof at === 'string' ? at.trim() !== '' : typeof at === 'number') out.push(at as string | number);
    else if (typeof at === 'object' && at !== null) for (const item of Object.values(at)) look(item, depth + 1);
  };
  look(value, 0);
  return out;
}

function recordOf(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
}
