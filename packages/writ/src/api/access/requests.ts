import { createHash } from 'node:crypto';
import type { AccessRequest } from '@writ/sdk/authzen';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import type { AccessRequests } from '../../access/access-requests.js';
import type { AccessTask } from '../../access/access-task.js';
import { statusOf } from '../../access/access-task.js';
import { AccessRequestError } from '../../access/errors.js';
import type { Denial } from '../../access/submission.js';
import { requestView } from '../../access/view.js';
import type { DecisionRecord } from '../../decide/record.js';
import { askedIn } from '../authzen/evaluation.js';
import type { AuthenticatedCaller } from '../http/callers.js';
import { Problem } from '../http/problem.js';
import { type Call, type Route, route } from '../http/route.js';
import { boundDenial, checkForm, denialShape } from './denials.js';
import { type FormParts, formRoutes } from './forms.js';
import { withProblems } from './problems.js';

export interface AccessRequestParts extends FormParts {
  readonly requests: AccessRequests;
  /** The URLs that may be called back: each exact, or a prefix that ends with a slash. */
  readonly callbacks: () => readonly string[];
  /** Returns why nobody can approve a denial; undefined if somebody can. */
  readonly unapprovable: (record: DecisionRecord) => string | undefined;
  readonly clock: () => Date;
}

const object = z.record(z.string(), z.unknown());
const requested = z.looseObject({
  requested_until: z.iso.datetime({ offset: true }).optional(),
  emergency: z.boolean().optional(),
});
const MAX_ITEMS = 50;

const submissionShape = z
  .looseObject({
    subject: object,
    resource: object.optional(),
    action: object.optional(),
    items: z
      .array(
        z.looseObject({
          resource: object,
          action: object,
          requested_access: requested.optional(),
          denial: denialShape.optional(),
        }),
      )
      .min(1)
      .max(MAX_ITEMS)
      .optional(),
    context: object.optional(),
    denial: denialShape.optional(),
    requested_access: requested.default({}),
    callback: z
      .looseObject({
        endpoint: z.url({ protocol: /^https?$/ }),
        state: z.unknown().optional(),
        events: z.array(z.enum(['approved', 'denied', 'expired', 'cancelled', 'failed', 'partial'])).optional(),
      })
      .optional(),
    client: object.optional(),
  })
  .refine(({ items, resource, action }) => (items === undefined) === (resource !== undefined && action !== undefined), {
    message: 'send a resource and an action, or `items` instead of them',
  });

const statuses = z.enum(['pending', 'approved', 'denied', 'expired', 'cancelled', 'failed', 'partial']);
const resultShape = z.object({
  mode: z.literal('reevaluate'),
  approval: z.object({ id: z.string(), approved_at: z.string(), approved_until: z.string() }),
});
const taskShape = z.object({
  task: z.object({
    id: z.string(),
    status: statuses,
    status_endpoint: z.string(),
    expires_at: z.string().optional(),
    links: z.object({ cancel: z.string() }).optional(),
    /** Why nobody can approve it now, in words. */
    unapprovable: z.string().optional(),
    items: z
      .array(z.object({ resource: object, action: object, status: statuses, result: resultShape.optional() }))
      .optional(),
  }),
  result: resultShape.optional(),
});

const RETRY_AFTER_S = 5;
const MAX_KEY_LENGTH = 255;

/** AuthZEN Access Request and Approval Profile 1.0: a denial that somebody can lift is asked for, and followed. */
export function accessRequestRoutes(parts: AccessRequestParts): Route[] {
  const { requests } = parts;
  const base = (): string => parts.publicUrl().replace(/\/$/, '');
  const find = async (id: string, caller: AuthenticatedCaller, how: 'read' | 'write'): Promise<AccessTask> => {
    const task = await requests.find(id);
    if (task.enforcementPoint !== caller.enforcementPoint && !caller.mayUse(how, 'approvals'))
      throw new AccessRequestError('unknown_task', 'there is no such request, or it is not yours');
    return task;
  };
  return [
    route({
      method: 'POST',
      url: '/access/v1/requests',
      operationId: 'requestAccess',
      tag: 'AuthZEN',
      summary: 'Ask for approval of a denied request',
      access: { kind: 'caller' },
      body: submissionShape,
      answers: {
        201: { description: 'It is decided already', shape: taskShape },
        202: { description: 'The request waits for approval', shape: taskShape },
        409: { description: 'The Idempotency-Key was used for another request' },
        410: { description: 'The denial is too old' },
      },
      handle: (call) => withProblems(() => submit(parts, call)),
    }),
    route({
      method: 'GET',
      url: '/access/v1/requests/:id',
      operationId: 'getAccessRequest',
      tag: 'AuthZEN',
      summary: 'Get a request for access',
      access: { kind: 'caller' },
      answers: {
        200: { description: 'The request', shape: taskShape },
        404: { description: 'There is no such request, or it is not yours' },
        410: { description: 'The request ended long ago' },
      },
      handle: ({ params, caller, reply }) =>
        withProblems(async () => {
          const task = await find(params.id ?? '', caller, 'read');
          if (statusOf(task) === 'pending') reply.header('Retry-After', String(RETRY_AFTER_S));
          return requestView(task, base());
        }),
    }),
    route({
      method: 'POST',
      url: '/access/v1/requests/:id/cancel',
      operationId: 'cancelAccessRequest',
      tag: 'AuthZEN',
      summary: 'Cancel a request for access',
      access: { kind: 'caller' },
      body: z
        .looseObject({ reason: z.string().max(256).optional(), comment: z.string().max(4_096).optional() })
        .optional(),
      answers: {
        200: { description: 'It is cancelled', shape: taskShape },
        404: { description: 'There is no such request, or it is not yours' },
        409: { description: 'It was decided before' },
      },
      handle: ({ params, caller, body }) =>
        withProblems(async () => {
          const task = await find(params.id ?? '', caller, 'write');
          const { reason, comment } = body ?? {};
          const why = { ...(reason === undefined ? {} : { reason }), ...(comment === undefined ? {} : { comment }) };
          return requestView(await requests.cancel(task.id, caller.enforcementPoint, why), base());
        }),
    }),
    ...formRoutes(parts),
  ];
}

async function submit(
  parts: AccessRequestParts,
  { body, caller, request, reply }: Call<z.output<typeof submissionShape>>,
) {
  const { requests, decider, reader, publicUrl } = parts;
  const { subject, context = {}, items, denial, callback, client, requested_access: wanted } = body;
  const isBulk = items !== undefined;
  const asked = items ?? [
    { resource: body.resource ?? {}, action: body.action ?? {}, denial, requested_access: wanted },
  ];
  const find = async (id: string) => (await reader.find(id))?.decision;
  const denials = [];
  for (const item of asked) {
    const one: AccessRequest = askedIn({ subject, action: item.action, resource: item.resource, context });
    const found = await boundDenial({ ...parts, find }, caller, one, item.denial ?? (isBulk ? undefined : denial));
    checkForm(decider(), found.template, { context, requested_access: { ...wanted, ...item.requested_access } });
    denials.push(found);
  }
  if (callback !== undefined && !isAllowed(callback.endpoint, parts.callbacks()))
    throw new Problem(400, 'callback.endpoint: it is not one that access.yaml allows, under callbacks');
  const { requested_until: until, emergency } = wanted;
  const { task, isNew } = await requests.submit({
    enforcementPoint: caller.enforcementPoint,
    denials,
    isBulk,
    requested: {
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      ...(emergency === true ? { emergency: true } : {}),
    },
    ...justificationIn(context),
    ...(callback === undefined ? {} : { callback: callbackOf(callback) }),
    ...(client === undefined ? {} : { client }),
    ...idempotencyOf(request.headers['idempotency-key'], body),
  });
  const view = requestView(task, publicUrl().replace(/\/$/, ''), unapprovableIn(parts, denials, task));
  reply.header('Location', view.task.status_endpoint);
  reply.code(isNew && statusOf(task) === 'pending' ? 202 : 201);
  return view;
}

/** Returns why nobody can approve a request that waits: the first of its denials that nobody can. */
function unapprovableIn(
  { unapprovable }: AccessRequestParts,
  denials: readonly Denial[],
  task: AccessTask,
): string | undefined {
  if (statusOf(task) !== 'pending') return undefined;
  return denials.map(({ record }) => unapprovable(record)).find((why) => why !== undefined);
}

function callbackOf({ endpoint, state, events }: { endpoint: string; state?: unknown; events?: string[] | undefined }) {
  return { endpoint, ...(state === undefined ? {} : { state }), ...(events === undefined ? {} : { events }) };
}

/** `context.business_justification`, as the profile's examples have it. */
function justificationIn({ business_justification: said }: Readonly<Record<string, unknown>>) {
  return typeof said === 'string' && said !== '' ? { justification: said.slice(0, 4_096) } : {};
}

/** The header, and everything that was sent, in one way of writing it (RFC 8785). @throws {Problem} 400 */
function idempotencyOf(header: string | string[] | undefined, body: unknown) {
  if (header === undefined) return {};
  const key = String(header);
  if (key.length === 0 || key.length > MAX_KEY_LENGTH)
    throw new Problem(400, `the Idempotency-Key has 1 to ${MAX_KEY_LENGTH} characters`);
  // A key says nothing here but whether it is the same.
  const hashed = createHash('sha256').update(key).digest('base64url');
  return { idempotency: { key: hashed, body: canonicalize(body) ?? '' } };
}

/** Whether somebody allowed a URL: as it is, or all below it. */
function isAllowed(endpoint: string, allowed: readonly string[]): boolean {
  const { href, username, password } = new URL(endpoint);
  if (username !== '' || password !== '') return false;
  return allowed.some((one) => {
    const known = new URL(one).href;
    return known.endsWith('/') ? href.startsWith(known) : href === known;
  });
}
