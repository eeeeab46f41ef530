import { type EntityUid, parseUid, uidText } from '@writ/cedar';
import { z } from 'zod';
import type { AccessRequests } from '../../access/access-requests.js';
import { type AccessTask, statusOf } from '../../access/access-task.js';
import type { DecisionRecord } from '../../decide/record.js';
import { ExchangeError } from '../../provenance/errors.js';
import type { Approvals } from '../../registry/approval-store.js';
import type { Approval } from '../../registry/approvals.js';
import { authorOf, type ChangeParts, recordChange } from '../admin/changes.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { type Route, route } from '../http/route.js';
import { alikeCalls } from './alike.js';
import { type ChainParts, chainOf } from './chain.js';
import { withProblems } from './problems.js';

export interface ApprovalParts extends ChangeParts, ChainParts {
  readonly requests: AccessRequests;
  readonly approvals: Approvals;
  /** Returns why nobody can approve a denial; undefined if somebody can. */
  readonly unapprovable: (record: DecisionRecord) => string | undefined;
  /** Returns whom an access token of a declared issuer is about, and its id. @throws {ExchangeError} when it proves nothing */
  readonly whoIs: (token: string) => Promise<{ readonly uid: EntityUid; readonly credential?: string }>;
}

const text = z.string().min(1).max(1_024);
const reason = z.string().min(1).max(4_096);
const json = z.record(z.string(), z.unknown());

/** The person who decides: vouched for by the caller, or proved by their own access token. */
const approver = { as: text.optional(), token: z.string().min(1).max(8_192).optional() };
/** The most requests that lists are made of. */
const MAX_OPEN = 1_000;
/** The name of a list of like calls: the vote is on exactly these. */
const list = text.optional();
const items = z.array(z.int().min(0).max(1_000)).min(1).optional();

const viewShape = z.object({
  id: z.string(),
  status: z.string(),
  template: z.string(),
  step: z.int(),
  quorum: z.int(),
  enforcementPoint: z.string(),
  path: z.array(z.string()),
  task: z.string(),
  justification: z.string().optional(),
  requested: json,
  client: json.optional(),
  createdAt: z.string(),
  expiresAt: z.string(),
  items: z.array(json),
  votes: z.array(json),
  /** The like request that people were asked about. */
  like: z.string().optional(),
  /** The name of the list of like calls that wait, and the arguments in which they differ. */
  list: z.string().optional(),
  calls: z.array(z.object({ id: z.string(), values: json })).optional(),
  /** An explanation of each item, for a person. */
  chain: z.array(z.string()).optional(),
  /** Why nobody can approve it now, in words. */
  unapprovable: z.string().optional(),
});
const approvalShape = z.object({
  id: z.string(),
  request: z.string(),
  decision: z.string(),
  policies: z.array(z.string()),
  path: z.array(z.string()),
  action: z.string(),
  resource: z.string(),
  arguments: z.enum(['these', 'any']),
  uses: z.enum(['once', 'task', 'until']),
  approvers: z.array(z.string()),
  reason: z.string(),
  emergency: z.literal(true).optional(),
  /** The originator consented to exactly this. */
  consent: z.literal(true).optional(),
  approvedAt: z.string(),
  approvedUntil: z.string(),
  state: z.enum(['active', 'used', 'over', 'ended']),
});

/** The admin API of requests for access and approvals: list, approve, deny, end. */
export function approvalRoutes(parts: ApprovalParts): Route[] {
  const { requests, approvals } = parts;
  const access = { kind: 'area', area: 'approvals', how: 'read' } as const;
  const write = { kind: 'area', area: 'approvals', how: 'write' } as const;
  const decide = (
    verdict: 'approve' | 'deny',
    id: string,
    caller: AuthenticatedCaller,
    body: z.output<typeof approveShape> | z.output<typeof denyShape>,
  ) =>
    withProblems(async () => {
      const who = await approverIn(parts, caller, body);
      const scope = 'uses' in body ? scopeIn(body) : ({ uses: 'once' } as const);
      const voting = { verdict, via: 'api', reason: body.reason, scope, approver: who.uid, ...who.proof } as const;
      if (body.list !== undefined) {
        if (body.items !== undefined) throw new Problem(400, 'body: a list is decided whole; leave out items, or list');
        const decided = await requests.voteOnList(id, body.list, voting);
        return viewOf(decided.find((one) => one.id === id) as AccessTask);
      }
      return viewOf(await requests.vote(id, body.items === undefined ? voting : { ...voting, items: body.items }));
    });
  return [
    route({
      method: 'GET',
      url: '/v1/access-requests',
      operationId: 'listAccessRequests',
      tag: 'Administration',
      summary: 'List requests for access: open ones, or all of the last days',
      access,
      query: z.object({ which: z.enum(['open', 'all']).default('open') }),
      answers: { 200: { description: 'The newest first', shape: z.object({ requests: z.array(viewShape) }) } },
      handle: async ({ query }) => ({ requests: await withLists(await requests.list(query.which), parts) }),
    }),
    route({
      method: 'GET',
      url: '/v1/access-requests/:id',
      operationId: 'showAccessRequest',
      tag: 'Administration',
      summary: 'Get a request for access, with an explanation of each denial',
      access,
      answers: {
        200: { description: 'The request', shape: viewShape },
        404: { description: 'There is no such request' },
      },
      handle: ({ params }) =>
        withProblems(async () => {
          const task = await requests.find(params.id ?? '');
          const isOpen = statusOf(task) === 'pending';
          const alike = isOpen ? await alikeCalls(await requests.alikeTo(task), parts.reader) : undefined;
          const why = isOpen ? await unapprovableIn(task, parts) : undefined;
          return {
            ...viewOf(task),
            ...alike,
            calls: alike && [...alike.calls],
            chain: await chainOf(task, parts),
            ...(why === undefined ? {} : { unapprovable: why }),
          };
        }),
    }),
    route({
      method: 'POST',
      url: '/v1/access-requests/:id/approve',
      operationId: 'approveAccessRequest',
      tag: 'Administration',
      summary: 'Approve a request, as a person whom the policies permit: for one time, for the task, or until a time',
      access: { kind: 'caller' },
      body: approveShape,
      answers: {
        200: { description: 'The vote is counted; others may have to approve too', shape: viewShape },
        403: { description: 'The person may not decide this' },
        404: { description: 'There is no such request' },
        409: { description: 'It was decided before' },
      },
      handle: ({ params, caller, body }) => decide('approve', params.id ?? '', caller, body),
    }),
    route({
      method: 'POST',
      url: '/v1/access-requests/:id/deny',
      operationId: 'denyAccessRequest',
      tag: 'Administration',
      summary: 'Deny a request, as a person whom the policies permit to approve',
      access: { kind: 'caller' },
      body: denyShape,
      answers: {
        200: { description: 'It is denied', shape: viewShape },
        403: { description: 'The person may not decide this' },
        404: { description: 'There is no such request' },
        409: { description: 'It was decided before' },
      },
      handle: ({ params, caller, body }) => decide('deny', params.id ?? '', caller, body),
    }),
    route({
      method: 'GET',
      url: '/v1/approvals',
      operationId: 'listApprovals',
      tag: 'Administration',
      summary: 'List approvals, the newest first',
      access,
      answers: { 200: { description: 'Approvals', shape: z.object({ approvals: z.array(approvalShape) }) } },
      handle: () => ({ approvals: approvals.list().map((one) => approvalView(parts, one)) }),
    }),
    route({
      method: 'DELETE',
      url: '/v1/approvals/:id',
      operationId: 'endApproval',
      tag: 'Administration',
      summary: 'End an approval',
      access: write,
      always: true,
      query: z.object({ reason }),
      answers: {
        200: { description: 'The approval is ended', shape: approvalShape },
        404: { description: 'There is no such approval' },
      },
      async handle({ params, query, caller }) {
        const ended = await approvals.end(params.id ?? '', authorOf(parts, caller));
        if (ended === undefined) throw new Problem(404, `there is no approval ${params.id}`);
        await recordChange(parts, caller, 'approvals.end', { id: ended.id, reason: query.reason });
        return approvalView(parts, ended);
      },
    }),
  ];
}

const approveShape = z
  .strictObject({
    ...approver,
    reason,
    uses: z.enum(['once', 'task', 'until']).default('once'),
    /** The end of it; at most as far off as the template lets it be. */
    until: z.iso.datetime({ offset: true }).optional(),
    /** Whether it is for other arguments too. */
    anyArguments: z.boolean().default(false),
    items,
    list,
  })
  .refine(({ uses, until }) => uses !== 'until' || until !== undefined, {
    path: ['until'],
    message: 'say until when',
  });
const denyShape = z.strictObject({ ...approver, reason, items, list });

function scopeIn({ uses, until, anyArguments }: z.output<typeof approveShape>) {
  return {
    uses,
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(anyArguments ? ({ anyArguments: true } as const) : {}),
  };
}

/** @throws {Problem} 400, 403 */
async function approverIn(
  { whoIs }: ApprovalParts,
  caller: AuthenticatedCaller,
  { as, token }: { readonly as?: string | undefined; readonly token?: string | undefined },
): Promise<{
  readonly uid: EntityUid;
  readonly proof: { readonly vouchedBy?: string; readonly credential?: string };
}> {
  if ((as === undefined) === (token === undefined))
    throw new Problem(400, 'say who decides: `token`, their own access token, or `as`, whom you vouch for');
  if (token !== undefined) {
    if (caller.isAnonymous) throw new Problem(401, 'a caller brings the token');
    try {
      const { uid, ...proof } = await whoIs(token);
      return { uid, proof };
    } catch (error) {
      if (error instanceof ExchangeError) throw new Problem(403, `token: ${error.message}`);
      throw error;
    }
  }
  if (!caller.mayUse('write', 'approvals'))
    throw new Problem(403, `${caller.enforcementPoint} may not vouch for who approves; send their own access token`);
  const uid = parseUid(as ?? '');
  if (uid === undefined) throw new Problem(400, 'body.as: written Type::"id", as in User::"lena"');
  return { uid, proof: { vouchedBy: caller.enforcementPoint } };
}

async function unapprovableIn(
  { items }: AccessTask,
  { reader, unapprovable }: Pick<ApprovalParts, 'reader' | 'unapprovable'>,
): Promise<string | undefined> {
  for (const { decision, status } of items) {
    const found = status === 'pending' ? await reader.find(decision) : undefined;
    const why = found && unapprovable(found.decision);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Returns a task as its approvers see it. */
function viewOf(task: AccessTask): z.output<typeof viewShape> {
  const { path, items: asked, votes, callback: _callback, idempotency: _key, policyVersion: _version, ...rest } = task;
  const { isBulk: _bulk, stepAt: _at, cancelled: _cancelled, credentials: _credentials, ...shown } = rest;
  return {
    ...shown,
    status: statusOf(task),
    path: path.map(uidText),
    client: shown.client,
    requested: { ...shown.requested },
    items: asked.map(({ binding: _binding, resource, action, ...item }) => ({
      ...item,
      action: action.name,
      resource: uidText(resource),
    })),
    votes: votes.map((vote) => ({ ...vote })),
  };
}

/** Returns requests; each that people were asked about has the list of its like calls. */
async function withLists(
  tasks: readonly AccessTask[],
  { requests, reader }: ApprovalParts,
): Promise<z.output<typeof viewShape>[]> {
  const first = new Set(tasks.flatMap(({ like }) => like ?? []));
  const open = first.size === 0 ? [] : await requests.list('open', MAX_OPEN);
  const views = [];
  for (const task of tasks) {
    const isList = first.has(task.id) && statusOf(task) === 'pending';
    const alike = isList ? await alikeCalls(await requests.alikeTo(task, open), reader) : undefined;
    views.push({ ...viewOf(task), ...alike, calls: alike && [...alike.calls] });
  }
  return views;
}

function approvalView({ approvals, clock }: ApprovalParts, approval: Approval): z.output<typeof approvalShape> {
  const { binding, path, resource, policyVersion: _version, enforcementPoint: _point, task: _task, ...rest } = approval;
  const { endedAt, ...shown } = rest;
  const isOver = approval.approvedUntil <= clock().toISOString();
  const state =
    endedAt !== undefined ? 'ended' : isOver ? 'over' : approvals.isGood(approval, clock()) ? 'active' : 'used';
  return {
    ...shown,
    policies: [...shown.policies],
    approvers: [...shown.approvers],
    path: path.map(uidText),
    resource: uidText(resource),
    arguments: binding === undefined ? 'any' : 'these',
    state,
  };
}
