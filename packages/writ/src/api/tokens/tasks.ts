import { uidText } from '@writ/cedar';
import { z } from 'zod';
import { kindMandate } from '../../decide/mandates.js';
import type { PlainTasks } from '../../decide/plain-tasks.js';
import type { PolicyPlane } from '../../decide/plane.js';
import type { Caps } from '../../ledger/caps.js';
import type { Mandate } from '../../provenance/mandate.js';
import type { StartedTask, TaskStore } from '../../provenance/task-store.js';
import type { Revocations } from '../../registry/revocations.js';
import { type ChangeParts, recordChange } from '../admin/changes.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';

export interface TaskParts extends ChangeParts {
  readonly tasks: TaskStore;
  readonly plainTasks: Pick<PlainTasks, 'unsavedUse'>;
  readonly caps: Caps;
  readonly revocations: Revocations;
}

const capShape = z.object({
  id: z.string(),
  uses: z.int().optional(),
  limits: z.record(z.string(), z.int()).optional(),
  /** The uses so far, and the amounts used of each limit. */
  used: z.object({ uses: z.int(), amounts: z.record(z.string(), z.number()) }),
});
const grantShape = z.looseObject({ caps: z.array(capShape) });
const taskShape = z.object({
  txn: z.string(),
  /** Empty when the bundle has no kinds. */
  kind: z.string(),
  /** How a task without a token began. */
  began: z.enum(['prompt', 'session', 'name', 'call']).optional(),
  scope: z.array(z.string()),
  originator: z.string(),
  actor: z.string(),
  startedBy: z.string(),
  started: z.string(),
  expires: z.string(),
  state: z.enum(['active', 'ended', 'expired']),
  ended: z.object({ at: z.string(), by: z.string(), reason: z.string() }).optional(),
  /** `any`: whatever its identities may do. */
  mandate: z.union([z.literal('any'), z.array(grantShape)]),
});
const notFound = { description: 'There is no such task, or it is not yours' };

/**
 * `/v1/tasks`: the tasks that were started, with a token or without. A caller sees and ends its own; one that may use the area `tasks` of
 * the admin API, all.
 */
export function taskRoutes(parts: TaskParts): Route[] {
  const { tasks, decider, clock, revocations } = parts;
  const find = async (txn: string, caller: AuthenticatedCaller, how: 'read' | 'write'): Promise<StartedTask> => {
    const task = await tasks.find(txn);
    if (task === undefined || (task.startedBy !== caller.enforcementPoint && !caller.mayUse(how, 'tasks')))
      throw new Problem(404, `there is no task ${txn}, or it is not yours`);
    return task;
  };
  return [
    route({
      method: 'GET',
      url: '/v1/tasks',
      operationId: 'listTasks',
      tag: 'Tokens',
      summary: 'List the tasks that were started, the newest first',
      access: { kind: 'caller' },
      query: z.object({
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        /** Continues after the `next` of the page before. */
        before: z.string().optional(),
      }),
      answers: {
        200: { description: 'The tasks', shape: z.object({ tasks: z.array(taskShape), next: z.string().optional() }) },
      },
      async handle({ query: { limit, before }, caller }) {
        const own = caller.mayUse('read', 'tasks') ? undefined : caller.enforcementPoint;
        const found = await tasks.list(own, limit, before);
        const next = found.length < limit ? {} : { next: found[found.length - 1]?.txn };
        return { tasks: found.map((task) => viewOf(task, parts)), ...next };
      },
    }),
    route({
      method: 'GET',
      url: '/v1/tasks/:txn',
      operationId: 'getTask',
      tag: 'Tokens',
      summary: 'Get a task: whom it is for, what it may do, and what it has used up',
      access: { kind: 'caller' },
      answers: { 200: { description: 'The task', shape: taskShape }, 404: notFound },
      handle: async ({ params, caller }) => viewOf(await find(params.txn ?? '', caller, 'read'), parts),
    }),
    route({
      method: 'POST',
      url: '/v1/sessions/end',
      operationId: 'endSession',
      tag: 'Tokens',
      summary: 'End the tasks without a token of a session of this enforcement point: no call continues them',
      access: { kind: 'caller' },
      always: true,
      /** As its requests name it: `context.conversation`, or `context.session` of requests that name no task. */
      body: z.object({ conversation: z.string().min(1).max(1_024) }),
      answers: { 200: { description: 'The tasks that ended', shape: z.object({ tasks: z.array(z.string()) }) } },
      async handle({ body, caller }) {
        return { tasks: [...(await decider().endSession(caller, body.conversation))] };
      },
    }),
    route({
      method: 'POST',
      url: '/v1/tasks/:txn/end',
      operationId: 'endTask',
      tag: 'Tokens',
      summary: 'End a task: its tokens, and all that were delegated from them, are worth nothing from now on',
      access: { kind: 'caller' },
      always: true,
      body: z.object({ reason: z.string().min(1).max(1_024) }),
      answers: { 200: { description: 'The task, ended', shape: taskShape }, 404: notFound },
      async handle({ params, body, caller }) {
        const task = await find(params.txn ?? '', caller, 'write');
        const now = clock();
        const id = decider().nextId(now);
        const by = caller.enforcementPoint;
        const ended = { id, kind: 'task', target: task.txn, reason: body.reason, by, at: now.toISOString() } as const;
        const standing = await revocations.add(ended);
        if (standing.id === id) await recordChange(parts, caller, 'task.end', { txn: task.txn, reason: body.reason });
        return viewOf(task, parts);
      },
    }),
  ];
}

function viewOf(
  task: StartedTask,
  { plainTasks, caps, decider, clock, revocations }: TaskParts,
): z.output<typeof taskShape> {
  const { originator, actor, mandate: _mandate, plain, ...rest } = task;
  const { plane } = decider();
  const { kind, grants } = mandateOf(task, plane);
  const revoked = revocations.ofTask(task.txn);
  const use = plain && (plainTasks.unsavedUse(task.txn) ?? plain);
  const over = use?.endedAt;
  const ended =
    revoked ??
    (over === undefined
      ? undefined
      : { at: new Date(over).toISOString(), by: task.startedBy, reason: 'its session ended' });
  const expires = use === undefined ? rest.expires : new Date(use.usedAt + plane.idleMs).toISOString();
  const isExpired = Date.parse(expires) <= clock().getTime();
  return {
    ...rest,
    expires,
    scope: [...rest.scope],
    kind,
    ...(plain === undefined ? {} : { began: plain.began.by }),
    originator: uidText(originator),
    actor: uidText(actor),
    state: ended !== undefined ? 'ended' : isExpired ? 'expired' : 'active',
    ...(ended === undefined ? {} : { ended: { at: ended.at, by: ended.by, reason: ended.reason } }),
    mandate:
      grants === 'any'
        ? 'any'
        : grants.map((grant) => ({
            ...grant,
            caps: grant.caps.map(({ id, uses, limits }) => ({
              id,
              ...(uses === undefined ? {} : { uses }),
              ...(limits === undefined ? {} : { limits: { ...limits } }),
              used: { uses: caps.usesOf(id), amounts: { ...caps.sumsOf(id) } },
            })),
          })),
  };
}

/** Returns the mandate of a task; of the default kind, and without a token, the one that the bundle has now. */
function mandateOf({ txn, mandate, plain }: StartedTask, { tasks, usualMandate }: PolicyPlane): Mandate {
  const kind = plain?.began.kind;
  if (kind !== undefined) return kindMandate(tasks, kind, txn);
  return mandate ?? usualMandate ?? { kind: '', grants: 'any' };
}
