import { randomBytes } from 'node:crypto';
import { type EntityUid, uidText } from '@writ/cedar';
import type { Approval } from '../decide/record.js';
import { type AccessItem, type AccessTask, type ApprovalScope, statusOf, type Vote } from './access-task.js';
import { consentConflict } from './consent.js';
import { AccessRequestError, ApproverError } from './errors.js';
import type { AccessRequestsParts, Voting } from './submission.js';
import { approvalOf, endOf, narrowest, withVote } from './workflow.js';

/** A vote that may be counted. */
export interface PermittedVote {
  readonly task: AccessTask;
  readonly items: readonly number[];
  readonly decisions: readonly string[];
  readonly scope: ApprovalScope;
  readonly name: string;
  readonly lineage: string;
}

/** Checks that an approver may decide items of a task. @throws {ApproverError} {@link AccessRequestError} */
export async function permittedVote(
  parts: AccessRequestsParts,
  task: AccessTask,
  voting: Voting,
): Promise<PermittedVote> {
  const { approver } = voting;
  const scope = voting.verdict === 'deny' ? ({ uses: 'once' } as const) : voting.scope;
  const items = voting.items ?? task.items.flatMap(({ status }, i) => (status === 'pending' ? [i] : []));
  if (items.length === 0 || items.some((i) => task.items[i]?.status !== 'pending'))
    throw new AccessRequestError('invalid_task_state', 'some of these were decided before');
  const name = uidText(approver);
  const lineage = parts.lineageOf(approver);
  const { isConsent } = parts.template(task.template);
  const why = isConsent
    ? consentConflict(task, voting, scope, (uid) => parts.peopleIn([uid]).length === 1)
    : conflictOf(parts, task, name, lineage);
  if (why !== undefined) throw new ApproverError(`${name} may not decide this: ${why}`);
  if (task.votes.some((one) => one.approver === name && one.items.some((i) => items.includes(i))))
    throw new ApproverError(`${name} has said so before`, 'somebody else has to');
  const decisions: string[] = [];
  for (const i of items) {
    const decision = await parts.mayApprove(approver, task, task.items[i] as AccessItem, scope);
    decisions.push(decision.id);
    if (decision.result !== 'allow')
      throw new ApproverError(
        `${name} may not decide this: ${decision.refusal?.message ?? decision.reasons.map(({ policy }) => policy).join(', ')}`,
        `see writ explain ${decision.id}`,
      );
  }
  return { task, items, decisions, scope, name, lineage };
}

/** Counts and records a vote that is permitted, and puts approvals in force. @returns the task after it */
export async function countedVote(
  parts: AccessRequestsParts,
  permitted: PermittedVote,
  { verdict, reason, via, vouchedBy }: Voting,
): Promise<AccessTask> {
  const { task, items, decisions, scope, name, lineage } = permitted;
  const { lifetimesMs, isConsent } = parts.template(task.template);
  const now = parts.clock();
  const at = now.toISOString();
  const vote: Vote = {
    ...{ approver: name, lineage, verdict, at, via, items, decisions, reason, scope },
    ...(vouchedBy === undefined ? {} : { vouchedBy }),
  };
  const approved: Approval[] = [];
  const next = withVote(task, vote, items, (item, votes) => {
    const narrow = narrowest(votes);
    const made = {
      id: newId('apr_'),
      approvedAt: at,
      approvedUntil: endOf(narrow, lifetimesMs, task.requested.until, now),
    };
    const reasons = [...new Set(votes.map((one) => one.reason))].join('; ');
    const consent = isConsent ? { consent: true as const } : {};
    approved.push(approvalOf(task, item, made, { votes, scope: narrow, reason: reasons, ...consent }));
    return made;
  });
  const status = statusOf(next);
  await parts.record(
    vouchedBy ?? name,
    verdict === 'deny' ? 'access.deny' : isConsent ? 'access.consent' : 'access.approve',
    {
      request: task.id,
      approver: name,
      via,
      reason,
      decisions,
      status,
      ...(approved.length === 0 ? {} : { approvals: approved.map(summaryOf) }),
    },
  );
  for (const approval of approved) await parts.approve(approval, name);
  return next;
}

/** Returns why somebody may not decide, whatever the policies say; undefined if they may. */
function conflictOf(
  parts: AccessRequestsParts,
  { path }: AccessTask,
  approver: string,
  lineage: string,
): string | undefined {
  if (path.some((uid) => uidText(uid) === approver)) return 'it was asked by or through them';
  // Approval by the one who answers for the originator would be approval of their own request.
  return parts.lineageOf(path[0] as EntityUid) === lineage ? 'they answer for who asks' : undefined;
}

/** Returns an approval as a change on the record names it. */
export function summaryOf({ id, decision, policies, uses, approvedUntil, approvers, binding }: Approval) {
  return { id, decision, policies, uses, approvedUntil, approvers, arguments: binding === undefined ? 'any' : 'these' };
}

/** Returns an id that cannot be guessed. */
export function newId(prefix = ''): string {
  return prefix + randomBytes(16).toString('base64url');
}
