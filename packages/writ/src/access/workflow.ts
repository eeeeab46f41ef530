import type { Approval } from '../decide/record.js';
import type { AccessItem, AccessTask, ApprovalScope, Vote } from './access-task.js';

/** How long approvals hold at most, in milliseconds. */
type Lifetimes = Readonly<Record<ApprovalScope['uses'], number>>;

/** What a template says of what becomes of a request. */
export interface Workflow {
  readonly quorum: number;
  /** After so many milliseconds in a step the next one begins. */
  readonly escalate: readonly { readonly after: number; readonly ask: readonly string[] }[];
  readonly lifetimes: Lifetimes;
}

/** The pure part: what a task comes to. Whether somebody may say so is found out before. */

const WIDTH = { once: 0, task: 1, until: 2 } as const;

/** Takes in what somebody said. Enough that approve, of different lineage, approve; one that denies, denies. */
export function withVote(
  task: AccessTask,
  vote: Vote,
  items: readonly number[],
  approve: (item: AccessItem, votes: readonly Vote[]) => NonNullable<AccessItem['approval']>,
): AccessTask {
  const votes = [...task.votes, vote];
  const changed = task.items.map((item, i): AccessItem => {
    if (item.status !== 'pending' || !items.includes(i)) return item;
    if (vote.verdict === 'deny') return { ...item, status: 'denied' };
    const approving = votesFor({ ...task, votes }, i);
    if (new Set(approving.map(({ lineage }) => lineage)).size < task.quorum) return item;
    return { ...item, status: 'approved', approval: approve(item, approving) };
  });
  return { ...task, votes, items: changed };
}

/** Who approved an item until now. */
function votesFor({ votes }: Pick<AccessTask, 'votes'>, item: number): readonly Vote[] {
  return votes.filter(({ verdict, items }) => verdict === 'approve' && items.includes(item));
}

/** What several people approve together: what each of them does. */
export function narrowest(votes: readonly Vote[]): ApprovalScope {
  const scopes = votes.map(({ scope }) => scope);
  const uses = scopes.reduce<ApprovalScope['uses']>(
    (narrow, scope) => (WIDTH[scope.uses] < WIDTH[narrow] ? scope.uses : narrow),
    'until',
  );
  const ends = scopes.flatMap(({ until }) => (until === undefined ? [] : [until])).sort();
  return {
    uses,
    ...(ends[0] === undefined ? {} : { until: ends[0] }),
    ...(scopes.every(({ anyArguments }) => anyArguments === true) ? { anyArguments: true } : {}),
  };
}

/** Until when something is approved: an end that is not too far off, and not past what was asked for. */
export function endOf(scope: ApprovalScope, lifetimes: Lifetimes, requested: string | undefined, now: Date): string {
  const latest = new Date(now.getTime() + lifetimes[scope.uses]).toISOString();
  return [latest, scope.until, requested].filter((end) => end !== undefined).sort()[0] as string;
}

/** The approval of an item. */
export function approvalOf(
  task: AccessTask,
  item: AccessItem,
  made: { readonly id: string; readonly approvedAt: string; readonly approvedUntil: string },
  {
    votes,
    scope,
    reason,
    emergency,
  }: {
    readonly votes: readonly Vote[];
    readonly scope: ApprovalScope;
    readonly reason: string;
    readonly emergency?: true;
  },
): Approval {
  return {
    ...made,
    request: task.id,
    decision: item.decision,
    policies: item.policies.map(({ policy }) => policy),
    policyVersion: task.policyVersion,
    enforcementPoint: task.enforcementPoint,
    path: task.path,
    action: item.action.name,
    resource: item.resource,
    task: task.task,
    ...(scope.anyArguments === true ? {} : { binding: item.binding }),
    uses: scope.uses,
    approvers: votes.map(({ approver }) => approver),
    reason,
    ...(emergency === undefined ? {} : { emergency }),
  };
}

/** The step that a task should be in, when it is another than it is in. */
export function nextStep(task: AccessTask, { escalate }: Workflow, now: Date): number | undefined {
  const next = escalate[task.step];
  if (next === undefined || now.getTime() - Date.parse(task.stepAt) < next.after) return undefined;
  return task.step + 1;
}

/** When something is to be done about a task that nobody decides: the next step of it, or its end. */
export function dueAt(task: AccessTask, { escalate }: Workflow): string {
  const next = escalate[task.step];
  if (next === undefined) return task.expiresAt;
  const step = new Date(Date.parse(task.stepAt) + next.after).toISOString();
  return step < task.expiresAt ? step : task.expiresAt;
}

/** All that is pending ends so. */
export function ended(task: AccessTask, status: 'expired' | 'cancelled' | 'failed'): AccessTask {
  return { ...task, items: task.items.map((item) => (item.status === 'pending' ? { ...item, status } : item)) };
}
