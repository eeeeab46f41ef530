import type { ActionDeclaration, EntityUid } from '@writ/cedar';
import { sameUid } from '@writ/cedar';
import type { AccessRequest } from '@writ/sdk/authzen';
import canonicalize from 'canonicalize';
import type { TaskKey } from '../../lib/ids.js';
import { after, seconds, secondsAt } from '../../lib/units.js';
import type { Approval, HeldApprovals } from '../../registry/approvals.js';
import { isOwn } from '../context.js';
import type { ApprovalProblem, DecisionRecord, RecordedApproval, UsedProof } from '../record.js';

/** A request, as an approval has to match it. */
export interface Asked {
  readonly request: AccessRequest;
  readonly path: readonly EntityUid[];
  /** Computed on demand, as {@link Asked.binding}. */
  readonly task: () => TaskKey;
  /** The keys of the tasks without a token that the task follows. */
  readonly before?: readonly TaskKey[] | undefined;
  readonly enforcementPoint: string;
  readonly policyVersion: string;
  /** Returns the keyed hash of {@link boundText}. */
  readonly binding: () => string;
  readonly now: Date;
}

/** The parts of a context that an approval is always for, declared or not: the arguments, and what they go through. */
const ALWAYS_BOUND = new Set(['input', 'agent', 'upstream']);

/**
 * Returns everything of a request that an approval is for, in canonical form: subject, action, resource, and the parts of the context
 * that a decision depends on. The path (`subject.properties.act`) and the task are matched apart from it.
 */
export function boundText(
  { subject, action, resource, context = {} }: AccessRequest,
  declared: ActionDeclaration,
): string {
  const { act: _act, ...properties } = subject.properties ?? {};
  const names = Object.keys(context).filter(
    (name) => ALWAYS_BOUND.has(name) || (declared.context.attributes.has(name) && !isOwn(name)),
  );
  const bound = {
    subject: {
      type: subject.type,
      id: subject.id,
      ...(Object.keys(properties).length === 0 ? {} : { properties }),
    },
    action,
    resource,
    context: Object.fromEntries(names.map((name) => [name, context[name]])),
  };
  return canonicalize(bound) ?? '';
}

/** The approvals for exactly this request. Looked up once, on demand. */
export class AppliedApprovals {
  /** The approvals that the decision relies on. */
  readonly relied = new Set<Approval>();
  private found: readonly Approval[] | undefined;

  /** @param sharesUses whether another service keeps which approvals for one permit were used: none of those then counts */
  constructor(
    private readonly approvals: HeldApprovals,
    private readonly asked: Asked,
    private readonly sharesUses: boolean,
  ) {}

  /** The policies that approvals lift. */
  get lifted(): ReadonlySet<string> {
    return new Set(this.applicable.flatMap(({ policies }) => policies));
  }

  /** The policies that the consent of the originator lifts. */
  get consented(): ReadonlySet<string> {
    return new Set(this.applicable.flatMap(({ policies, consent }) => (consent === true ? policies : [])));
  }

  /** Returns which of these policies are lifted, and relies on the approvals. One for one permit is chosen last. */
  lift(policies: readonly string[]): ReadonlySet<string> {
    const lifted = new Set<string>();
    for (const policy of policies) {
      const lifting = this.applicable.filter((approval) => approval.policies.includes(policy));
      const chosen =
        lifting.find((one) => this.relied.has(one)) ?? lifting.find(({ uses }) => uses !== 'once') ?? lifting[0];
      if (chosen === undefined) continue;
      this.relied.add(chosen);
      lifted.add(policy);
    }
    return lifted;
  }

  private get applicable(): readonly Approval[] {
    if (this.found === undefined) {
      const { approvals, asked, sharesUses } = this;
      const { request, path, now } = asked;
      const all = approvals.of(path, request.action.name, request.resource);
      const presented = request.context?.approval;
      // A request that names an approval relies on that one alone.
      const named = (presented ?? {}) as Readonly<Record<string, unknown>>;
      const isNamed = ({ id }: Approval): boolean =>
        presented === undefined || (named.id === id && !('state' in named));
      this.found = all.filter(
        (one) =>
          isNamed(one) && approvals.isGood(one, now) && isFor(one, asked) && !(sharesUses && one.uses === 'once'),
      );
    }
    return this.found;
  }
}

/** Returns why the approval that a request names does not count; undefined if it does, or the request names none. */
function problemOf(approvals: HeldApprovals, asked: Asked): ApprovalProblem | undefined {
  const presented = asked.request.context?.approval;
  if (presented === undefined) return undefined;
  const { id, state } = (presented ?? {}) as Readonly<Record<string, unknown>>;
  const found = typeof id === 'string' ? approvals.find(id) : undefined;
  // This service issues no `state`; another one made it.
  if (found === undefined || state !== undefined) return 'approval_unverifiable';
  if (!approvals.isGood(found, asked.now)) return 'approval_expired';
  return isFor(found, asked) ? undefined : 'out_of_scope';
}

function isFor(approval: Approval, asked: Asked): boolean {
  const { request, path } = asked;
  return (
    approval.policyVersion === asked.policyVersion &&
    approval.enforcementPoint === asked.enforcementPoint &&
    approval.action === request.action.name &&
    sameUid(approval.resource, request.resource) &&
    approval.path.length === path.length &&
    approval.path.every((uid, i) => sameUid(uid, path[i] as EntityUid)) &&
    (approval.uses === 'until' || approval.task === asked.task() || isForEarlier(approval, asked)) &&
    (approval.binding === undefined || approval.binding === asked.binding())
  );
}

/** Returns whether an approval is for one call of a task that this one follows: a person may take longer than a task is unused. */
function isForEarlier({ uses, task }: Approval, { before = [] }: Asked): boolean {
  return uses === 'once' && before.some((earlier) => earlier === task);
}

/** Approvals end at a millisecond, used proofs at a second: longer than any approval counts. */
const A_WHILE = seconds(2);
/** The log keeps what counts once by a key. An approval has this before its id, which no hash of a proof has. */
const USED_APPROVAL = 'approval ';

/** Returns the ids of the approvals for one permit among what was used once. */
export function usedApprovalsIn(proofs: readonly Pick<UsedProof, 'key'>[]): string[] {
  return proofs.flatMap(({ key }) => (key.startsWith(USED_APPROVAL) ? [key.slice(USED_APPROVAL.length)] : []));
}

/** Returns the approvals for one permit that decisions used; they go to disk with them. */
export function usedApprovals(
  records: readonly DecisionRecord[],
): { readonly id: string; readonly proof: UsedProof }[] {
  return records.flatMap(({ approvals = [], time }) =>
    approvals
      .filter(({ uses }) => uses === 'once')
      .map(({ id, approvedUntil }) => ({
        id,
        proof: {
          key: `${USED_APPROVAL}${id}`,
          until: after(secondsAt(new Date(approvedUntil)), A_WHILE),
          at: secondsAt(new Date(time)),
        },
      })),
  );
}

/** Returns an approval as it is recorded. */
export function recordedApproval(approval: Approval): RecordedApproval {
  const { id, request, policies, approvers, uses, approvedAt, approvedUntil, reason, emergency, consent } = approval;
  const plain = { id, request, policies, approvers, uses, approvedAt, approvedUntil, reason };
  return {
    ...plain,
    ...(emergency === undefined ? {} : { emergency }),
    ...(consent === undefined ? {} : { consent }),
  };
}

/** Returns the approval that a request names, as it is recorded. */
export function presentedIn(
  { context }: AccessRequest,
  approvals: HeldApprovals,
  asked: Asked,
): NonNullable<DecisionRecord['presented']> {
  const { id } = (context?.approval ?? {}) as Readonly<Record<string, unknown>>;
  const problem = problemOf(approvals, asked);
  const approval = typeof id === 'string' ? id.slice(0, 64) : '';
  return problem === undefined ? { approval } : { approval, problem };
}
