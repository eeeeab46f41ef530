import { stemmer } from 'stemmer';
import {
  confidentialityLevel,
  FROM_USER,
  type Integrity,
  integrityLevel,
  join,
  type Labels,
  labelsOfMarks,
  marksOf,
} from './labels.js';
import { domainOf, linksIn } from './normal-form.js';
import type { Found, TaskValues } from './task-values.js';
import type { Role, RoleArgument, ToolDescription } from './tool-description.js';

/** Where one value of an argument came from (design section 5, "Origins of values"). */
export interface Origin {
  /** The argument, or the place in it. */
  readonly argument: string;
  readonly role: Role;
  readonly from: Found['from'] | 'approval' | 'mandate' | 'nowhere';
  readonly integrity: Integrity;
  readonly labels: readonly string[];
  readonly source?: NonNullable<Found['source']>;
}

/** What policies see of the values of one argument, or of all with one role. */
export interface OriginSummary {
  /** 0 for `external` to 4 for `user`: of the value that is believed least; 4 when there is none. */
  readonly integrity: number;
  readonly confidentiality: number;
  readonly labels: readonly string[];
  readonly from: readonly string[];
  readonly values: readonly string[];
  /** Of e-mail addresses and URLs. */
  readonly domains: readonly string[];
  /** As `integrity`, of the addresses within the values. */
  readonly links: number;
}

/** What is known of the arguments of a call. */
export interface CallOrigins {
  readonly origins: readonly Origin[];
  readonly byArgument: Readonly<Record<string, OriginSummary>>;
  readonly byRole: Readonly<Partial<Record<Role, OriginSummary>>>;
  /** The values of the arguments with the role `amount`. */
  readonly amounts: readonly (string | number)[];
  /** What the call acts on: the integrity of its destinations, targets and secrets; of all its values when it has none of these. */
  readonly authority: number;
  /** Whether the prompt, or a mandate that names it, asks for something of this kind. */
  readonly asked: boolean;
}

/** What a call is traced against. */
export interface Known {
  readonly values: TaskValues | undefined;
  /** The marks of everything that the task has read. */
  readonly marks: readonly string[];
  /** The arguments whose values the mandate names. */
  readonly named: readonly string[];
  /** Whether the task has a mandate that was given for something. */
  readonly isMandated: boolean;
}

const AUTHORITY: readonly Role[] = ['destination', 'target', 'secret'];
/** Past so many values of one argument the rest counts as one that was never said. */
const MAX_VALUES = 1_000;
const MAX_DEPTH = 64;
/** Stands for what was not looked at; nobody ever said it. */
const UNSEEN = '\0';

const UNDESCRIBED_ROLES: readonly Role[] = ['destination', 'content'];

interface Traced {
  readonly value: string | number;
  readonly found: Omit<Origin, 'argument' | 'role'>;
  readonly labels: Labels;
  readonly links: number;
}

/** Traces the arguments of a call that have a role; of a tool that nothing describes, all. */
export function originsOf(tool: ToolDescription, input: unknown, known: Known): CallOrigins {
  const origins: Origin[] = [];
  const byArgument: Record<string, Traced[]> = {};
  const byRole: Partial<Record<Role, Traced[]>> = {};
  const tracer = new Tracer(known);
  for (const role of tool.arguments) byRole[role.role] ??= [];
  if (!tool.isDescribed) for (const role of UNDESCRIBED_ROLES) byRole[role] = [];
  const trace = (argument: string, at: string, role: Role, value: string | number, kind: string | undefined): void => {
    const traced = tracer.trace(argument, role, value, kind);
    const { found } = traced;
    origins.push({ argument: at, role, ...found });
    const list = byArgument[argument] ?? [];
    list.push(traced);
    byArgument[argument] = list;
    byRole[role]?.push(traced);
  };
  for (const described of tool.arguments) {
    const { argument, path, role, kind } = described;
    for (const value of valuesAt(described, input)) trace(argument, path, role, value, kind);
  }
  if (!tool.isDescribed) {
    for (const [argument, value] of Object.entries(recordOf(input)))
      for (const one of scalarsIn(value))
        for (const role of UNDESCRIBED_ROLES) trace(argument, argument, role, one, undefined);
  }
  const roles = Object.fromEntries(Object.entries(byRole).map(([role, list]) => [role, summaryOf(list)]));
  const { values } = known;
  const isNamed = values !== undefined && (values.isApprovedTool(tool.name) || values.asksFor(stemsOf(tool)));
  const asked = known.isMandated || isNamed;
  return {
    origins,
    byArgument: Object.fromEntries(Object.entries(byArgument).map(([name, list]) => [name, summaryOf(list)])),
    byRole: roles,
    amounts: (byRole.amount ?? []).map(({ value }) => value),
    authority: authorityOf(byRole, asked),
    asked,
  };
}

const stems = new WeakMap<ToolDescription, readonly string[]>();

function stemsOf(tool: ToolDescription): readonly string[] {
  let known = stems.get(tool);
  if (known === undefined) {
    known = tool.asked.map((word) => stemmer(word.toLowerCase()));
    stems.set(tool, known);
  }
  return known;
}

class Tracer {
  /** What was never said can be made of anything that the task has read. */
  private readonly anything: Labels;

  constructor(private readonly known: Known) {
    this.anything = { ...labelsOfMarks(known.marks), integrity: 'external' };
  }

  trace(argument: string, role: Role, value: string | number, kind: string | undefined): Traced {
    const { values, named } = this.known;
    const links = role === 'content' && typeof value === 'string' ? this.linksOf(value) : 4;
    if (named.includes(argument)) return traced(value, 'mandate', FROM_USER, links);
    const found = values?.find(value, kind);
    // An approval says that a value is right, and not that everybody may know it.
    if (values?.isApproved(value) === true)
      return traced(
        value,
        'approval',
        { ...(found?.labels ?? this.anything), integrity: 'user' },
        links,
        found?.source,
      );
    if (found !== undefined) return traced(value, found.from, found.labels, links, found.source);
    if (role === 'content' && typeof value === 'string' && values?.isOfPromptWords(value) === true)
      return traced(value, 'prompt', FROM_USER, links);
    return traced(value, 'nowhere', this.anything, links);
  }

  private linksOf(text: string): number {
    let least = 4;
    for (const link of linksIn(text)) {
      if (this.known.values?.isApproved(link) === true) continue;
      const found = this.known.values?.find(link, undefined);
      least = Math.min(least, found === undefined ? 0 : integrityLevel(found.labels.integrity));
    }
    return least;
  }
}

function traced(
  value: string | number,
  from: Origin['from'],
  labels: Labels,
  links: number,
  source?: Found['source'],
): Traced {
  const found = {
    from,
    integrity: labels.integrity,
    labels: marksOf(labels),
    ...(source === undefined ? {} : { source }),
  };
  return { value, found, labels, links };
}

const NOTHING: OriginSummary = {
  integrity: 4,
  confidentiality: 0,
  labels: [],
  from: [],
  values: [],
  domains: [],
  links: 4,
};

function summaryOf(list: readonly Traced[]): OriginSummary {
  if (list.length === 0) return NOTHING;
  let labels = FROM_USER;
  let links = 4;
  for (const one of list) {
    labels = join(labels, one.labels);
    links = Math.min(links, one.links);
  }
  return {
    integrity: integrityLevel(labels.integrity),
    confidentiality: confidentialityLevel(labels.confidentiality),
    labels: marksOf(labels),
    from: [...new Set(list.map(({ found }) => found.from))].sort(),
    values: [...new Set(list.map(({ value }) => String(value)))].sort(),
    domains: [...new Set(list.flatMap(({ value }) => domainOf(String(value)) ?? []))].sort(),
    links,
  };
}

function authorityOf(byRole: Partial<Record<Role, readonly Traced[]>>, asked: boolean): number {
  const least = (lists: readonly (readonly Traced[])[]): number | undefined => {
    const all = lists.flat();
    return all.length === 0 ? undefined : Math.min(...all.map(({ labels }) => integrityLevel(labels.integrity)));
  };
  const chosen = least(AUTHORITY.map((role) => byRole[role] ?? []));
  return chosen ?? least(Object.values(byRole)) ?? (asked ? 4 : 0);
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
