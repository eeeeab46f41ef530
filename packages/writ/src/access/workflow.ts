import type { Approval } from '../decide/record.js';
import type { AccessItem, AccessTask, ApprovalScope, Vote } from './access-task.js';

/** How long an approval holds at most, by its uses, in milliseconds. */
type Lifetimes = Readonly<Record<ApprovalScope['uses'], number>>;

/** The part of a template that says how a request proceeds. */
export interface Workflow {
  readonly quorum: number;
  /** The further steps: each begins `afterMs` after the one before, and asks more people. */
  readonly escalate: readonly { readonly afterMs: number; readonly ask: readonly string[] }[];
  readonly lifetimesMs: Lifetimes;
}

/** The pure part of requests. Whether an approver may vote is decided before. */

const WIDTH = { once: 0, task: 1, until: 2 } as const;

/** Adds a vote to a task. An item is approved by as many lineages as the quorum, and denied by one denial. */
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

/** Returns the votes that approve an item. */
function votesFor({ votes }: Pick<AccessTask, 'votes'>, item: number): readonly Vote[] {
  return votes.filter(({ verdict, items }) => verdict === 'approve' && items.includes(item));
}

/** Returns the scope that every one of the votes approves. */
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

/** Returns the end of an approval: the earliest of its lifetime, the approver's and the requester's. */
export function endOf(scope: ApprovalScope, lifetimes: Lifetimes, requested: string | undefined, now: Date): string {
  const latest = new Date(now.getTime() + lifetimes[scope.uses]).toISOString();
  return [latest, scope.until, requested].filter((end) => end !== undefined).sort()[0] as string;
}

/** Returns the approval of an item. */
export function approvalOf(
  task: AccessTask,
  item: AccessItem,
  made: { readonly id: string; readonly approvedAt: string; readonly approvedUntil: string },
  {
    votes,
    scope,
    reason,
    emergency,
    consent,
  }: {
    readonly votes: readonly Vote[];
    readonly scope: ApprovalScope;
    readonly reason: string;
    readonly emergency?: true;
    readonly consent?: true;
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
    ...(consent === undefined ? {} : { consent }),
  };
}

/** Returns the step that is due for a task; undefined if none is. */
export function nextStep(task: AccessTask, { escalate }: Workflow, now: Date): number | undefined {
  const next = escalate[task.step];
  if (next === undefined || now.getTime() - Date.parse(task.stepAt) < next.afterMs) return undefined;
  return task.step + 1;
}

/** Returns when an undecided task is due: at its next step, or at its end. */
export function dueAt(task: AccessTask, { escalate }: Workflow): string {
  const next = escalate[task.step];
  if (next === undefined) return task.expiresAt;
  const step = new Date(Date.parse(task.stepAt) + next.afterMs).toISOString();
  return step < task.expiresAt ? step : task.expiresAt;
}

/** Ends the pending items of a task with a status. */
export function ended(task: AccessTask, status: 'expired' | 'cancelled' | 'failed'): AccessTask {
  return { ...task, items: task.items.map((item) => (item.status === 'pending' ? { ...item, status } : item)) };
}
