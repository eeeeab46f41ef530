import { isRequestable } from '@writ/sdk/authzen';
import type { Decider } from '../decide/decide.js';
import type { DecisionRecord } from '../decide/record.js';
import type { Approval, HeldApprovals } from '../registry/approvals.js';

const FOREVER = '9999-12-31T00:00:00.000Z';

/**
 * Approves a call that a person would be asked about: endorses its values, and lifts what stood in the way if it can be lifted.
 *
 * @param uses how often it is lifted; a rule that asks for consent once, because a consent is for one call
 * @returns false if nobody would be asked
 */
export function approveOffline(
  decision: DecisionRecord,
  decider: Decider,
  approvals: HeldApprovals,
  uses: Approval['uses'],
): boolean {
  if (decision.result !== 'step_up') return false;
  const isEndorsed = decider.memory.endorse(decision);
  if (!isRequestable(decision)) return isEndorsed;
  const { id, time, policyVersion, enforcementPoint, request, reasons, binding, provenance } = decision;
  const { policies, consents } = decider.plane;
  const asksConsent = (policy: string): boolean =>
    consents.has(policies.policies.get(policy)?.annotations.requestable ?? '');
  for (const isConsent of [false, true]) {
    const lifted = reasons.map(({ policy }) => policy).filter((policy) => asksConsent(policy) === isConsent);
    if (lifted.length === 0) continue;
    approvals.hold({
      ...{ request: id, decision: id, policyVersion, enforcementPoint, binding },
      ...(isConsent ? { id: `${id} consent`, uses: 'once', consent: true } : { id, uses }),
      policies: lifted,
      path: provenance?.path ?? [request.subject],
      action: request.action.name,
      resource: request.resource,
      task: decider.taskKeyOf(decision),
      approvedAt: time,
      approvedUntil: FOREVER,
      approvers: [],
      reason: 'approved offline',
    });
  }
  return true;
}
