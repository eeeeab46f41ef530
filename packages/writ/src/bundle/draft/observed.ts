import { type EntityUid, uidText } from '@writ/cedar';
import { domainOf } from '../../lib/domain.js';
import { cedarText } from './cedar-text.js';
import type { GuessedTool } from './guess.js';
import type { ListedTool } from './listed-tool.js';

/** A call that was permitted and recorded. */
export interface ObservedCall {
  readonly time: string;
  readonly action: string;
  /** The originator and the actors: each of them is decided on. */
  readonly path: readonly EntityUid[];
  readonly input: Readonly<Record<string, unknown>>;
}

interface DraftedPolicies {
  readonly text: string;
  /** How often each tool was called. */
  readonly seen: ReadonlyMap<string, number>;
  readonly identities: readonly EntityUid[];
}

const MAX_NAMED = 20;

/**
 * Permits for what was seen, and nothing else: the tools that were called, by those who called them, up to the largest amount, and to where
 * it went. The roles of amounts and destinations are guessed like the rest of the draft.
 */
export function observedPolicies(
  calls: readonly ObservedCall[],
  tools: readonly (ListedTool & Pick<GuessedTool, 'roles'> & { readonly opaque: readonly string[] })[],
): DraftedPolicies {
  const seen = new Map<string, number>();
  const policies: string[] = [];
  for (const tool of [...tools].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const its = calls.filter(({ action }) => action === tool.name);
    if (its.length === 0) continue;
    seen.set(tool.name, its.length);
    policies.push(permitFor(tool, its));
  }
  const never = tools.filter(({ name }) => !seen.has(name)).map(({ name }) => JSON.stringify(name));
  const times = calls.map(({ time }) => time).sort();
  const head = [
    `// Drafted from ${calls.length} calls that were permitted between ${times[0]} and ${times.at(-1)}.`,
    '// Actions that were not seen then are not permitted: review the policy, and add what is missing.',
    ...(never.length === 0 ? [] : [`// Never called: ${never.sort().join(', ')}.`]),
  ];
  const identities = new Map(calls.flatMap(({ path }) => path).map((uid) => [uidText(uid), uid]));
  return { text: `${[head.join('\n'), ...policies].join('\n\n')}\n`, seen, identities: [...identities.values()] };
}

function permitFor(
  tool: ListedTool & Pick<GuessedTool, 'roles'> & { readonly opaque: readonly string[] },
  calls: readonly ObservedCall[],
): string {
  const conditions = [who(calls), ...amounts(tool, calls), ...destinations(tool, calls)];
  return [
    `@id(${cedarText(`observed-${tool.name}`)})`,
    `@reason(${JSON.stringify(`it was called ${calls.length === 1 ? 'once' : `${calls.length} times`} when this was drafted`)})`,
    `permit (principal, action == Action::${cedarText(tool.name)}, resource is Tool)`,
    `when {\n  ${conditions.join(' &&\n  ')}\n};`,
  ].join('\n');
}

function who(calls: readonly ObservedCall[]): string {
  const byType = new Map<string, Set<string>>();
  for (const { path } of calls)
    for (const uid of path) byType.set(uid.type, (byType.get(uid.type) ?? new Set()).add(uidText(uid)));
  const tests = [...byType]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([type, uids]) =>
      uids.size > MAX_NAMED ? [`principal is ${type}`] : [...uids].sort().map((uid) => `principal == ${uid}`),
    );
  return tests.length === 1 ? (tests[0] as string) : `(${tests.join(' || ')})`;
}

function amounts(
  { roles, inputSchema, opaque }: ListedTool & Pick<GuessedTool, 'roles'> & { readonly opaque: readonly string[] },
  calls: readonly ObservedCall[],
): string[] {
  const properties = (inputSchema?.properties ?? {}) as Record<string, { type?: unknown }>;
  return Object.entries(roles).flatMap(([argument, role]) => {
    const { type } = properties[argument] ?? {};
    if (role !== 'amount' || opaque.includes(argument) || (type !== 'integer' && type !== 'number')) return [];
    const values = calls.map(({ input }) => input[argument]).filter((value) => typeof value === 'number');
    const has = `context has input && context.input has ${attribute(argument)}`;
    if (values.length === 0) return [`!(${has})`];
    const most = Math.max(...values);
    const read = `context.input${access(argument)}`;
    const test =
      type === 'integer' ? `${read} <= ${Math.ceil(most)}` : `${read}.lessThanOrEqual(decimal("${decimalOf(most)}"))`;
    return [`(if ${has} then ${test} else true)`];
  });
}

/** `decimal` has four fractional digits: what is seen is rounded up to them. */
function decimalOf(value: number): string {
  return (Math.ceil(value * 10_000) / 10_000).toFixed(4).replace(/0{1,3}$/, '');
}

/** The values themselves while they are few, and their domains when there are more. */
function destinations({ roles }: Pick<GuessedTool, 'roles'>, calls: readonly ObservedCall[]): string[] {
  const names = Object.entries(roles).filter(([, role]) => role === 'destination');
  const texts = new Set(calls.flatMap(({ input }) => names.flatMap(([name]) => textsIn(input[name]))));
  if (texts.size === 0) return [];
  const only = (part: 'values' | 'domains', some: readonly string[]): string => {
    const list = [...new Set(some)].sort().map(cedarText);
    const isSome = part === 'domains' ? ' && !context.tool.destination.domains.isEmpty()' : '';
    return `(if context.tool has destination then [${list.join(', ')}].containsAll(context.tool.destination.${part})${isSome} else true)`;
  };
  if (texts.size <= MAX_NAMED) return [only('values', [...texts])];
  const domains = [...texts].map(domainOf);
  const isFew = !domains.includes(undefined) && new Set(domains).size <= MAX_NAMED;
  return isFew ? [only('domains', domains as string[])] : [];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.flatMap(textsIn) : [];
}

function attribute(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : cedarText(name);
}

function access(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${cedarText(name)}]`;
}
