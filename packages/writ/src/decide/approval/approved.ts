import type { ActionDeclaration, EntityUid } from '@writ/cedar';
import { sameUid } from '@writ/cedar';
import canonicalize from 'canonicalize';
import type { TaskKey } from '../../lib/ids.js';
import { after, seconds, secondsAt } from '../../lib/units.js';
import type { Approval, HeldApprovals } from '../../registry/approvals.js';
import { isOwn } from '../context.js';
import type { ApprovalProblem, DecisionRecord, RecordedApproval, UsedProof } from '../record.js';
import type { AccessRequest } from '../request.js';

/** What an approval has to be for. */
export interface Asked {
  readonly request: AccessRequest;
  readonly path: readonly EntityUid[];
  /** Worked out when it is needed, as {@link Asked.binding}. */
  readonly task: () => TaskKey;
  readonly enforcementPoint: string;
  readonly policyVersion: string;
  /** See {@link boundText}; worked out when it is needed. */
  readonly binding: () => string;
  readonly now: Date;
}

/** What of a context an approval is for, whether or not the schema declares it: the arguments, and through what they go. */
const ALWAYS_BOUND = new Set(['input', 'agent', 'upstream']);

/**
 * Everything of a request that an approval is for, besides who asks in which task, in one way of writing it: subject, action, resource,
 * and what of the context a decision depends on. `subject.properties.act` is who asks.
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

/** What was approved for exactly what is asked; looked up once, when it is needed. */
export class AppliedApprovals {
  /** Those that something rests on. */
  readonly relied = new Set<Approval>();
  private found: readonly Approval[] | undefined;

  /** @param sharesUses whether another service knows which of those for one permit were used: then none counts */
  constructor(
    private readonly approvals: HeldApprovals,
    private readonly asked: Asked,
    private readonly sharesUses: boolean,
  ) {}

  /** All the policies that are lifted. */
  get lifted(): ReadonlySet<string> {
    return new Set(this.applicable.flatMap(({ policies }) => policies));
  }

  /** Of these policies, those that are lifted. What is used up comes last. */
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
      // Who names one relies on that, and on no other.
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

/** What is wrong with the approval that a request came with; undefined when it is good, or it came with none. */
function problemOf(approvals: HeldApprovals, asked: Asked): ApprovalProblem | undefined {
  const presented = asked.request.context?.approval;
  if (presented === undefined) return undefined;
  const { id, state } = (presented ?? {}) as Readonly<Record<string, unknown>>;
  const found = typeof id === 'string' ? approvals.find(id) : undefined;
  // This service gives out no `state`; one that came with it is of somebody else.
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
    (approval.uses === 'until' || approval.task === asked.task()) &&
    (approval.binding === undefined || approval.binding === asked.binding())
  );
}

/** Approvals end at a millisecond, used proofs at a second: longer than any approval counts. */
const A_WHILE = seconds(2);
/** Before the id of an approval among the used proofs. */
const USED_APPROVAL = 'approval ';

/** The ids of the approvals for one permit that were used, among the used proofs. */
export function usedApprovalsIn(proofs: readonly Pick<UsedProof, 'key'>[]): string[] {
  return proofs.flatMap(({ key }) => (key.startsWith(USED_APPROVAL) ? [key.slice(USED_APPROVAL.length)] : []));
}

/** The approvals for one permit that these decisions used: that goes on the disk with them. */
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

export function recordedApproval(approval: Approval): RecordedApproval {
  const { id, request, policies, approvers, uses, approvedAt, approvedUntil, reason, emergency } = approval;
  const plain = { id, request, policies, approvers, uses, approvedAt, approvedUntil, reason };
  return emergency === undefined ? plain : { ...plain, emergency };
}

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
