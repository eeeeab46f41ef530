import type { ActionDeclaration, CedarType, RecordType } from '@writ/cedar';
import { isOwn } from './context.js';
import { type Outlook, worstOf } from './outlook.js';

/** The parts that the arguments of an operation have: each time, or at times. */
export type InputParts = ReadonlyMap<string, 'always' | 'sometimes'>;

interface ForeseenContext {
  readonly input: InputParts;
  /** The other members of the context that requests have. */
  readonly given: ReadonlySet<string>;
  /** Whether requests can have further members. */
  readonly hasMore: boolean;
  /** The parts of the arguments that policies do not see. */
  readonly opaque: readonly string[];
}

/** The parts that Writ can always provide. Others depend on what is remembered, and can fail. */
const CERTAIN: ReadonlySet<string> = new Set(['provenance', 'approvals', 'consents', 'now']);

/**
 * Returns whether the context of requests has the members that the schema promises for an action: a request without one is denied,
 * whatever the policies say.
 */
export function contextOutlook({ context }: ActionDeclaration, foreseen: ForeseenContext): Outlook {
  const { given, hasMore, opaque } = foreseen;
  const input = new Map([...foreseen.input].filter(([name]) => !opaque.includes(name)));
  const declared = context.attributes.get('input');
  let outlook: Outlook = inputOutlook(declared?.type, input);
  for (const [name, { type, required }] of context.attributes) {
    if (outlook === 'never') break;
    if (name === 'input' || given.has(name)) continue;
    if (isOwn(name) ? !isCertain(name, type) : required) outlook = isOwn(name) || hasMore ? 'depends' : 'never';
  }
  return outlook;
}

function isCertain(name: string, type: CedarType): boolean {
  return CERTAIN.has(name) && !(type.kind === 'record' && type.attributes.get('promptHash')?.required === true);
}

function inputOutlook(type: CedarType | undefined, parts: InputParts): Outlook {
  // Arguments that no policy could see are refused.
  if (type === undefined) return worstOf([...parts.values()].map((one) => (one === 'always' ? 'never' : 'depends')));
  if (type.kind !== 'record') return 'depends';
  const { attributes } = type as RecordType;
  const undeclared = [...parts].filter(([name]) => !attributes.has(name));
  const needed = [...attributes].filter(([, { required }]) => required);
  return worstOf([
    ...undeclared.map(([, one]) => (one === 'always' ? 'never' : 'depends') as Outlook),
    ...needed.map(
      ([name]) => ({ always: 'always', sometimes: 'depends', no: 'never' })[parts.get(name) ?? 'no'] as Outlook,
    ),
  ]);
}
