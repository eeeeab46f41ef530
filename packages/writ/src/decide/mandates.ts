import { parseUid } from '@writ/cedar';
import type { AccessRequest, Refusal, Verdict } from '@writ/sdk/authzen';
import type { Caps, CapUse } from '../ledger/caps.js';
import type { Txn } from '../lib/ids.js';
import {
  amountsOf,
  type Grant,
  type Mandate,
  type MandatedAction,
  type Misfit,
  mandateOf,
  misfit,
} from '../provenance/mandate.js';
import type { TaskKinds } from '../provenance/task-kinds.js';
import { KEY_OVERLAP_MS } from '../provenance/token-times.js';
import { TASK_ACTIONS } from './own-actions.js';

/** A mandate covers what a task does, not what may be done with the mandate. */
const ON_TASKS: ReadonlySet<string> = new Set(Object.values(TASK_ACTIONS));

/** The coverage of an action by the mandate of its task. */
export interface Coverage {
  readonly kind: string;
  readonly covers: boolean;
  /** Why it does not. */
  readonly why?: string;
  /** The grant that covers it, by its index. */
  readonly grant?: number;
  /** Whether that grant names this action, not only its effects. */
  readonly namesAction?: boolean;
  /** Whether that grant names this resource, not only its type. */
  readonly namesResource: boolean;
  /** The arguments whose values that grant names. */
  readonly namedInput: readonly string[];
  /** The amounts that a permit takes of its caps. */
  readonly use?: CapUse;
}

/** Returns the mandate that an action is under; undefined if neither its token nor the bundle has one. */
export function mandateFor(
  given: Mandate | undefined,
  usual: Mandate | undefined,
  action: string,
): Mandate | undefined {
  return ON_TASKS.has(action) ? undefined : (given ?? usual);
}

/** Returns the mandate of a task without a token that is of a kind; one that covers nothing if the bundle does not have the kind. */
export function kindMandate(kinds: TaskKinds | undefined, kind: string, txn: Txn): Mandate {
  return mandateOf(kind, kinds?.kinds.get(kind)?.mandate ?? [], txn);
}

/**
 * Returns whether a mandate covers an action. Reads the caps, so it runs in the same turn of the event loop as they are taken.
 *
 * @param lastsMs for how long the task can last from now
 */
export function coverageOf(mandate: Mandate, action: MandatedAction, caps: Caps, lastsMs = KEY_OVERLAP_MS): Coverage {
  const { kind, grants } = mandate;
  if (grants === 'any') return { kind, covers: true, namesResource: false, namedInput: [] };
  const until = Math.ceil((action.now.getTime() + lastsMs) / 1_000);
  let why = 'it covers nothing';
  for (const [i, grant] of grants.entries()) {
    const use = useOf(grant, action, caps, until);
    if (!('why' in use))
      return { kind, covers: true, grant: i, ...namedBy(grant), ...(use.caps.length === 0 ? {} : { use }) };
    // A grant for this action that is used up explains more than one for another.
    if (i === 0 || use.kind === 'unusable') why = use.why;
  }
  return { kind, covers: false, why, namesResource: false, namedInput: [] };
}

/** Returns what an action would use up of a grant, or why the grant does not cover it. */
function useOf(grant: Grant, action: MandatedAction, caps: Caps, until: number): CapUse | Misfit {
  const unfit = misfit(grant, action);
  if (unfit !== undefined) return unfit;
  const read = amountsOf(grant, action.input);
  if ('wrong' in read) return { kind: 'unusable', why: `${read.wrong} is not a whole amount` };
  const { amounts } = read;
  const why = caps.obstacle(grant.caps, amounts);
  return why === undefined ? { caps: grant.caps.map(({ id }) => id), amounts, until } : { kind: 'unusable', why };
}

function namedBy({ actions, resources, input }: Grant): Pick<Coverage, 'namesAction' | 'namesResource' | 'namedInput'> {
  const named = Object.entries(input ?? {}).filter(([, constraint]) => constraint.one_of !== undefined);
  return {
    ...(actions === undefined ? {} : { namesAction: true }),
    // A type among the names would let any resource of it through.
    namesResource: resources?.every((one) => parseUid(one) !== undefined) === true,
    namedInput: named.map(([name]) => name),
  };
}

/** Returns the name that a mandate has among the policies that stand in the way. */
export function mandatePolicy(kind: string): string {
  return `mandate:${kind}`;
}

/**
 * Returns the verdict on an action that the mandate does not cover. The mandate is a plain forbid: nobody is asked about a rule that
 * stands in the way too, because the approval would not permit it. In a kind that asks, one approval is for both.
 *
 * @param byPolicy the verdict of the policies
 */
export function outsideVerdict(
  byPolicy: Verdict,
  { kind, why = '' }: Coverage,
  kinds: TaskKinds | undefined,
  { subject }: AccessRequest,
): Verdict {
  if (byPolicy.result === 'deny') return byPolicy;
  const message = `the mandate of this task${kind === '' ? '' : ` (${kind})`} does not cover it: ${why}`;
  const refusal: Refusal = { code: 'outside_mandate', message };
  const inTheWay = byPolicy.result === 'step_up' ? byPolicy.reasons : [];
  if (kinds?.kinds.get(kind)?.outside !== 'ask') return { result: 'deny', reasons: inTheWay, refusal };
  if (byPolicy.result === 'defer') return byPolicy;
  const { type, id } = subject;
  const reason = {
    policy: mandatePolicy(kind),
    effect: 'forbid',
    identity: { type, id },
    liftedBy: 'request',
  } as const;
  const { obligations } = byPolicy.result === 'step_up' ? byPolicy : {};
  const steps = obligations === undefined ? {} : { obligations };
  return { result: 'step_up', reasons: [...inTheWay, reason], refusal, ...steps };
}
