import { stemmer } from 'stemmer';
import { domainOf } from '../../lib/domain.js';
import { memo } from '../../lib/memo.js';
import { ArgumentUse, stemsOf } from './argument-use.js';
import { type CallValue, callValues, UNSEEN } from './call-values.js';
import { type Carried, carriedBy } from './carried-data.js';
import type { Role } from './declared-tool.js';
import type { NamedByUser } from './deviations.js';
import type { TracedValues } from './known-values.js';
import {
  confidentialityLevel,
  FROM_USER,
  type Integrity,
  integrityLevel,
  join,
  type Labels,
  labelNames,
  labelsNamed,
  withIntegrity,
} from './labels.js';
import { linksIn } from './links.js';
import { wordsIn } from './nouns.js';
import type { ValueUse } from './prompt-values.js';
import { plainLabels } from './readers.js';
import { type CarriedCodes, codesOf } from './returned-codes.js';
import { MAX_EFFORT } from './task-values.js';
import type { ToolDescription } from './tool-description.js';
import { exactForm } from './value-kinds.js';
import type { Found } from './value-sources.js';

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

/** The values that others are traced to. */
export interface KnownValues {
  readonly values: TracedValues | undefined;
  /** The labels of everything that the task has read. */
  readonly taskLabels: readonly string[];
  /** The arguments whose values the mandate names. */
  readonly named: readonly string[];
}

/** The values and labels that a call is traced against. */
interface Known extends KnownValues {
  /** The names of members that the schema has. */
  readonly declared?: ReadonlySet<string> | undefined;
  /** Whether the task has a mandate that was given for something. */
  readonly isMandated: boolean;
}

const AUTHORITY: ReadonlySet<Role> = new Set(['destination', 'target', 'secret']);
/** A longer value is not traced: nobody said it, and it can hold any address. */
const MAX_TRACED = 64 * 1024;
/** The places where a value was said. */
type Said = Found['said'][number] | 'given' | 'approval' | 'mandate' | 'nowhere';

interface Traced {
  readonly argument: string;
  readonly role: Role;
  readonly kind: string | undefined;
  readonly named: NamedByUser | undefined;
  readonly value: string | number;
  readonly labels: Labels;
  readonly links: number;
  readonly origin: Origin;
  readonly said: readonly Said[];
  readonly isNamed: boolean;
  readonly isUndescribed: boolean;
  /** The groups of readers that it is a member of by a record of our own. */
  readonly clears: readonly string[];
}

/** The origins of the arguments of a call. An origin that no policy reads is not computed. */
export class CallOrigins {
  private summaries: Map<string, OriginSummary> | undefined;
  private level: number | undefined;
  private carries: Carried | undefined;
  private codesOfCall: CarriedCodes | undefined;

  /**
   * @param asked whether the prompt, or a mandate that names it, asks for something of this kind
   * @param roles those that the tool has, whether or not the call has such a value
   */
  constructor(
    private readonly traced: readonly Traced[],
    private readonly roles: ReadonlySet<Role>,
    readonly asked: boolean,
    private readonly tool: Pick<ToolDescription, 'readerGroups' | 'services'>,
    private readonly values: Pick<TracedValues, 'codes'> | undefined,
  ) {}

  /** One for each value. */
  get origins(): readonly Origin[] {
    return this.traced.map(({ origin }) => origin);
  }

  /** The values that name things: each with its argument, the place that it is described at, and its origin. */
  get names(): readonly Pick<Traced, 'argument' | 'role' | 'value' | 'origin'>[] {
    return this.traced.filter(({ role }) => role === 'target' || role === 'destination');
  }

  /** The values of the arguments with a role. */
  valuesOf(role: Role): readonly (string | number)[] {
    return this.traced.flatMap((one) => (one.role === role ? [one.value] : []));
  }

  /** Of all values with a role; undefined when the tool has no such role. */
  ofRole(role: Role): OriginSummary | undefined {
    if (!this.roles.has(role) && !this.traced.some((one) => one.role === role)) return undefined;
    return this.summary(`role ${role}`, (one) => one.role === role);
  }

  /** Of the values of one argument; undefined when it is not traced, or the call does not have it. */
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
    this.summaries ??= new Map();
    let known = this.summaries.get(key);
    if (known === undefined) {
      known = new OriginSummary(
        this.traced.filter(isOf),
        () => this.carried,
        () => this.codes,
      );
      this.summaries.set(key, known);
    }
    return known;
  }

  /** The data that the call carries to where it goes. */
  private get carried(): Carried {
    this.carries ??= carriedBy(this.traced, this.tool.readerGroups);
    return this.carries;
  }

  private get codes(): CarriedCodes {
    this.codesOfCall ??= codesOf(this.traced, this.tool.services, this.values?.codes);
    return this.codesOfCall;
  }

  /** Whether it carries a code that a service sent to somebody else. */
  get leaksCode(): boolean {
    return this.codes.leaks;
  }

  /** The integrity of what the call acts on: its destinations, targets and secrets, or all its values if it has none of these. */
  get authority(): number {
    this.level ??=
      this.least(({ role }) => AUTHORITY.has(role)) ??
      this.least(({ isUndescribed }) => !isUndescribed) ??
      (this.asked ? 4 : 0);
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

/** Traces the arguments of a call: those that have a role, and texts that count as content without one. */
export function originsOf(tool: ToolDescription, input: unknown, known: Known): CallOrigins {
  const tracer = new Tracer(tool, known);
  const traced = callValues(tool, input, known.declared).map((one) => tracer.trace(one));
  const { values } = known;
  const isNamed = values !== undefined && (values.isApprovedTool(tool.name) || values.asksFor(stemsOf(tool)));
  return new CallOrigins(traced, rolesOf(tool), known.isMandated || isNamed, tool, values);
}

const rolesOf = memo(
  (tool: ToolDescription): ReadonlySet<Role> =>
    new Set<Role>(
      tool.isDescribed ? [...tool.arguments, ...tool.programRoles].map(({ role }) => role) : ['destination', 'content'],
    ),
);

/** The sources of a value of a call. */
interface FoundOrigin extends Pick<Traced, 'labels' | 'said' | 'isNamed'> {
  readonly clears?: readonly string[] | undefined;
  readonly from: Origin['from'];
  readonly source?: Found['source'] | undefined;
}

/** Traces values one after the other. The work for one call, and its share of the prompt's words, are bounded in all. */
export class Tracer {
  /** The labels of a value that was never said: it can be made of anything that the task has read. */
  private readonly anything: Labels;

  private readonly effort = { characters: MAX_EFFORT };
  private places: Set<string> | undefined;
  private timesInContent: Map<string | number, number> | undefined;

  constructor(
    private readonly tool: ToolDescription,
    private readonly known: KnownValues,
  ) {
    this.anything = anythingOf(known.taskLabels);
  }

  trace({ argument, at, role, value, kind, isUndescribed, isFlag }: CallValue): Traced {
    const found =
      isFlag === true
        ? this.findFlag(argument)
        : role === 'destination' && this.isRepeated(argument, value)
          ? this.nowhere
          : this.find(argument, role, value, kind);
    const { from, labels, source, said, isNamed, clears = NO_GROUPS } = found;
    const links = role === 'content' && typeof value === 'string' ? this.linksOf(value) : 4;
    const { integrity } = labels;
    const names = labelNames(labels);
    const origin: Origin =
      source === undefined
        ? { argument: at, role, from, integrity, labels: names }
        : { argument: at, role, from, integrity, labels: names, source };
    return {
      argument,
      role,
      kind,
      named: this.known.values?.named,
      value,
      labels,
      links,
      origin,
      said,
      isNamed,
      isUndescribed,
      clears,
    };
  }

  /** Returns where a truth value is from: the user, if the prompt has a word of its name. */
  private findFlag(argument: string): FoundOrigin {
    const { values, named } = this.known;
    if (named.includes(argument)) return { from: 'mandate', labels: FROM_USER, said: ['mandate'], isNamed: true };
    const isAsked = values?.asksFor(wordsIn(argument).map((word) => stemmer(word))) === true;
    return isAsked ? { from: 'prompt', labels: FROM_USER, said: ['prompt'], isNamed: true } : this.nowhere;
  }

  /** Returns whether an argument has a place for another time: nobody is written to twice, and the order could say something. */
  private isRepeated(argument: string, value: string | number): boolean {
    const place = `${argument}\n${typeof value === 'string' ? exactForm(value).toLowerCase() : value}`;
    this.places ??= new Set();
    const isKnown = this.places.has(place);
    this.places.add(place);
    return isKnown;
  }

  /** Returns where a value of an argument is from, with the labels of all its sources. */
  find(argument: string, role: Role, value: string | number, kind: string | undefined): FoundOrigin {
    const { values, named } = this.known;
    if (named.includes(argument)) return { from: 'mandate', labels: FROM_USER, said: ['mandate'], isNamed: true };
    const isTooLong = typeof value === 'string' && value.length > MAX_TRACED;
    if (isTooLong || value === UNSEEN) return this.nowhere;
    const day = role === 'content' && TIMES.has(kind ?? '') && typeof value === 'string' ? dayOf(value) : undefined;
    if (day !== undefined && values?.named.namesDay(day) === true)
      return { from: 'prompt', labels: FROM_USER, said: ['prompt'], isNamed: true };
    const use = new ArgumentUse(role, day === undefined ? kind : undefined, this.tool, argument);
    const found = values?.find(day ?? value, use, this.effort);
    const labels = found && (found.isPartial ? withLabelsOf(found.labels, this.anything) : found.labels);
    // An approval says that a value is right, and not that everybody may know it.
    if (values?.isApproved(value) === true)
      return {
        ...{ from: 'approval', labels: withIntegrity(labels ?? this.anything, 'user'), source: found?.source },
        ...{ said: ['approval', ...(found?.said ?? [])], isNamed: true },
      };
    if (role === 'content' && values !== undefined && found?.from !== 'field') {
      if (found?.from === 'prompt' && this.isWithinPrompt(value, values)) {
        const own = withIntegrity(labels ?? FROM_USER, 'user');
        if (values.gives(value, use, this.effort))
          return { from: 'prompt', labels: own, said: ['given', ...found.said], isNamed: true };
        // Which words of the prompt it has can say what was read.
        return { from: 'prompt', labels: withLabelsOf(own, this.anything), said: found.said, isNamed: true };
      }
      if (found?.from === 'prompt') return this.nowhere;
    }
    if (found === undefined || labels === undefined) return this.nowhere;
    return labels === found.labels ? found : { ...found, labels };
  }

  private get nowhere(): FoundOrigin {
    return { from: 'nowhere', labels: this.anything, said: ['nowhere'], isNamed: false };
  }

  /** Returns whether content has a value no more often than twice as often as the prompt, and two: more is a code. */
  private isWithinPrompt(value: string | number, values: TracedValues): boolean {
    this.timesInContent ??= new Map();
    const times = (this.timesInContent.get(value) ?? 0) + 1;
    this.timesInContent.set(value, times);
    return times <= 2 || times <= 2 + 2 * values.countInPrompts(value, this.effort);
  }

  private linksOf(text: string): number {
    if (text.length > MAX_TRACED || this.effort.characters < text.length * LINK_EFFORT) return 0;
    this.effort.characters -= text.length * LINK_EFFORT;
    let least = 4;
    for (const link of linksIn(text)) {
      if (this.known.values?.isApproved(link) === true) continue;
      const found = this.known.values?.find(link, LINK, this.effort);
      least = Math.min(least, found === undefined ? 0 : integrityLevel(found.labels.integrity));
    }
    return least;
  }
}

const NO_GROUPS: readonly string[] = [];
/** To look for addresses takes this many times as long as to look for a text. */
const LINK_EFFORT = 64;
/** The kinds of arguments whose values are days and times. */
const TIMES: ReadonlySet<string> = new Set(['time', 'date', 'datetime', 'date-time', 'day']);

/** Returns the day of a time in steps of five minutes; undefined for any other text. The rest of the time says next to nothing. */
function dayOf(value: string): string | undefined {
  return /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ](?:[01][0-9]|2[0-3]):[0-5][05](?::00)?(?:\.000)?(?:Z|[+-][01][0-9]:[03]0)?)?$/.exec(
    value.trim(),
  )?.[1];
}

const LINK: ValueUse = { role: 'destination', kind: undefined, nouns: new Set() };

/** Returns labels with the confidentiality and the names of others also. */
function withLabelsOf(labels: Labels, others: Labels): Labels {
  return withIntegrity(join(labels, others), labels.integrity);
}

/** Returns the labels of data made of anything in a task; the labels of a task are one list for as long as they do not change. */
export const anythingOf = memo(
  (taskLabels: readonly string[]): Labels => withIntegrity(labelsNamed(taskLabels), 'external'),
);

/** The origin of the values of one argument, or of all with one role, for policies. */
export class OriginSummary {
  private joined: Labels | undefined;

  constructor(
    private readonly traced: readonly Traced[],
    private readonly carried: () => Carried,
    private readonly codes: () => CarriedCodes,
  ) {}

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
    return plainLabels(labelNames(this.all));
  }

  /** Whether each value that is not the user's is a code or a link that goes back to the service that sent it, and one is. */
  get returned(): boolean {
    const foreign = this.traced.filter(({ labels }) => labels.integrity !== 'user');
    return foreign.length > 0 && foreign.every((one) => this.codes().isReturned(one));
  }

  /** The values that may not read some of the data that the call carries; those that the user named may. */
  get unclear(): readonly string[] {
    return different(this.traced.filter((one) => !this.carried().isFor(one)).map(({ value }) => String(value)));
  }

  get from(): readonly string[] {
    return different(this.traced.map(({ origin }) => origin.from));
  }

  /** The places where its values were said, all of them and not the best alone. */
  get said(): readonly string[] {
    return different(this.traced.flatMap(({ said }) => said));
  }

  /** Whether the user named each of its values, or the record or the text that it is from. */
  get named(): boolean {
    return this.traced.every(({ isNamed }) => isNamed);
  }

  get values(): readonly string[] {
    return different(this.traced.map(({ value }) => String(value)));
  }

  /** Of e-mail addresses and URLs. */
  get domains(): readonly string[] {
    return different(this.traced.flatMap(({ value }) => domainOf(String(value)) ?? []));
  }

  /** The kinds of values that the prompt names, where a value is another of the kind. */
  get deviates(): readonly string[] {
    return different(this.traced.flatMap(({ named, role, kind, value }) => named?.deviation(role, kind, value) ?? []));
  }

  /** As `integrity`, of the addresses within the values. */
  get links(): number {
    return Math.min(4, ...this.traced.map(({ links }) => links));
  }
}

function different(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)].sort();
}
