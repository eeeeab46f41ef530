import { decidingPolicies, isMisfit, isPermitted, isRequestable, type Refusal, retryAfter } from '@writ/sdk/authzen';
import { defined } from '@writ/sdk/lib/defined';
import { z } from 'zod';
import { liftableBy, requestableUntil, takesRequests } from '../../decide/approval/approving.js';
import { awaitsOutcome } from '../../decide/permits.js';
import type { PolicyPlane } from '../../decide/plane.js';
import type { DecisionRecord } from '../../decide/record.js';
import { factsAsRead } from '../../record/facts-as-read.js';
import type { AuthenticatedCaller } from '../http/callers.js';

/** The answer to an evaluation (Authorization API 1.0, section 6.2), with what the Obligations Profile and Writ add. */
export const decisionShape = z.object({
  decision: z.boolean(),
  context: z
    .object({
      id: z.string(),
      result: z.enum(['allow', 'modify', 'step_up', 'defer', 'deny']),
      obligations: z
        .array(z.object({ id: z.string(), type: z.string(), properties: z.record(z.string(), z.unknown()) }))
        .optional(),
      requestable: z.array(z.string()).optional().describe('The policies that can be lifted on request.'),
      evaluation_id: z.string(),
      evaluated_at: z.string(),
      reason: z.string().describe('Why it was denied, for a program.'),
      access_request: z
        .object({
          template: z.string(),
          expires_at: z.string(),
          request_schema_url: z.string().optional(),
          request_catalogs_url: z.string().optional(),
          display: z.object({ title: z.string(), description: z.string() }),
        })
        .describe(
          'How somebody can be asked to lift the denial (Access Request and Approval Profile, "Requestable Denial Context").',
        ),
      approval: z
        .object({ id: z.string(), approved_until: z.string() })
        .describe('The approval that a permit rests on.'),
      next_action: z
        .enum(['request', 'retry', 'none'])
        .describe('The next step after an approval that did not help: `request`, `retry` or `none`.'),
      missing: z
        .array(z.record(z.string(), z.unknown()))
        .optional()
        .describe('The facts that a deferred decision waits for.'),
      awaits_outcome: z
        .literal(false)
        .describe(
          'False where nothing that is decided later depends on the outcome: it can be reported when the action was answered for.',
        ),
      retry_after: z.int().optional().describe('In how many seconds to ask again.'),
      undescribed: z
        .literal(true)
        .describe('The tool is not described in `tools.yaml`, so it counts as one that does anything.'),
      reasons: z
        .array(
          z.object({
            policy: z.string(),
            effect: z.enum(['permit', 'forbid']),
            reason: z.string().optional(),
            identity: z.object({ type: z.string(), id: z.string() }),
            resource: z
              .object({ type: z.string(), id: z.string() })
              .optional()
              .describe('The table of a statement that it decided on.'),
            liftedBy: z.enum(['step-up', 'request']).optional(),
          }),
        )
        .describe('With `context.detail` of the request: the policies that decided.'),
      refusal: z
        .object({ code: z.string(), message: z.string() })
        .describe('A denial that no policy made; also without `detail` if the context does not fit the schema.'),
      policyVersion: z.string().describe('With `detail`.'),
      ignored: z.array(z.string()).describe('With `detail`: properties that were sent and not read.'),
      facts: z.unknown().describe('With `"full"`, as are `ledger` and `provenance`: what it was decided on.'),
      parts: z.unknown().describe('Likewise the tables of a statement, with their facts.'),
      ledger: z.unknown(),
      provenance: z.unknown(),
      error: z.object({ status: z.int(), message: z.string() }).optional(),
    })
    .partial()
    .optional(),
});

export type Answer = { readonly decision: boolean; readonly context?: Readonly<Record<string, unknown>> };

/** The most common answers, as they go out. */
export const BARE = { true: '{"decision":true}', false: '{"decision":false}' } as const;

const RETRY_AFTER_S = 30;

/** Returns the level of detail that the caller gets: requested or registered, if permitted. */
function detailFor(record: DecisionRecord, caller: AuthenticatedCaller): 'none' | 'reasons' | 'full' {
  const asked = record.request.context?.detail;
  const wanted = asked === 'reasons' || asked === 'full' ? asked : caller.detailByDefault;
  return wanted === 'none' || !caller.rights.detail() ? 'none' : wanted;
}

/** The parts that make an answer from a record. */
interface Answering {
  readonly plane: PolicyPlane;
  readonly publicUrl: () => string;
}

/** Returns the response: bare, unless the caller must act on something or asked for more (docs/service.md). */
export function answerOf(record: DecisionRecord, caller: AuthenticatedCaller, answering: Answering): Answer {
  const decision = isPermitted(record);
  const detail = detailFor(record, caller);
  const { id, result, obligations, missing, presented } = record;
  // Counted from the decision: the answer follows at once.
  const after = retryAfter(record, Date.parse(record.time));
  // The sender has to change its arguments: without this the answer reads as a denial by policy. Facts are read once the types of
  // the identities and the resource fit; of an unknown type the answer stays bare, because the harness of AuthZEN compares text.
  const isOfArguments = isMisfit(record) && record.facts.length > 0;
  const misfit = isOfArguments && detail === 'none' ? misfitFor(record, caller) : undefined;
  const isBare =
    detail === 'none' &&
    misfit === undefined &&
    after === undefined &&
    obligations === undefined &&
    presented === undefined &&
    (decision || result === 'deny');
  if (isBare) return { decision };
  const requestable = requestableOf(record);
  return {
    decision,
    context: {
      id,
      result,
      ...(obligations === undefined ? {} : { obligations }),
      ...(requestable.length === 0 ? {} : { requestable }),
      ...(isRequestable(record) && takesRequests(answering.plane) ? requestOf(record, answering) : {}),
      ...(presented === undefined ? {} : nextOf(record, answering.plane)),
      ...(result === 'defer' ? { missing, retry_after: RETRY_AFTER_S } : defined({ retry_after: after })),
      ...(detail === 'none' ? defined({ refusal: misfit }) : reasonsOf(record)),
      ...(detail === 'none' || !decision || awaitsOutcome(record, answering.plane) ? {} : { awaits_outcome: false }),
      ...(detail === 'full'
        ? {
            facts: factsAsRead(record),
            ...defined({ parts: record.parts }),
            ...{ ledger: record.ledger, provenance: record.provenance },
          }
        : {}),
    },
  };
}

/** Returns the refusal of a request that does not fit: what does not fit, if the caller may know reasons. */
function misfitFor({ refusal }: DecisionRecord, caller: AuthenticatedCaller): Refusal | undefined {
  if (refusal === undefined || caller.rights.detail()) return refusal;
  return { code: refusal.code, message: 'the request does not fit the schema, or contradicts itself' };
}

/** Returns how to request access after a denial (Access Request and Approval Profile, "Requestable Denial Context"). */
function requestOf(record: DecisionRecord, { plane, publicUrl }: Answering): Record<string, unknown> {
  const template = liftableBy(plane, record).template;
  const form = plane.forms.get(template);
  const base = publicUrl().replace(/\/$/, '');
  const of = `${base}/access/v1/request-forms/${encodeURIComponent(template)}`;
  const why = decidingPolicies(record).flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  return {
    evaluation_id: record.id,
    evaluated_at: record.time,
    reason: 'approval_required',
    access_request: {
      template,
      expires_at: requestableUntil(record),
      ...(form === undefined ? {} : { request_schema_url: `${of}/schema` }),
      ...(form === undefined || Object.keys(form.catalogs).length === 0
        ? {}
        : { request_catalogs_url: `${of}/catalogs?evaluation_id=${record.id}` }),
      display: { title: 'Approval is needed', description: why.join('; ') || 'Somebody has to approve this.' },
    },
  };
}

/** Returns the effect of the approval that came with a request (profile, "Completion Semantics"). */
function nextOf(record: DecisionRecord, plane: PolicyPlane): Record<string, unknown> {
  const { presented, approvals = [], result } = record;
  if (isPermitted(record)) {
    const relied = approvals.find(({ id }) => id === presented?.approval);
    return relied === undefined ? {} : { approval: { id: relied.id, approved_until: relied.approvedUntil } };
  }
  if (result === 'defer') return { next_action: 'retry' };
  if (presented?.problem === undefined) {
    // The approval counts, and something else denies.
    const isMore = isRequestable(record) && takesRequests(plane);
    return isMore ? { next_action: 'request' } : { next_action: 'none', reason: 'policy_denied' };
  }
  const canAsk = presented.problem !== 'approval_unverifiable' && isRequestable(record) && takesRequests(plane);
  return { next_action: canAsk ? 'request' : 'none', reason: presented.problem };
}

/** Returns the answer to a request whose decision could not be recorded. */
export function unrecorded(id: string, refusal: Refusal): Answer {
  return { decision: false, context: { id, result: 'deny', reasons: [], refusal } };
}

function requestableOf({ result, reasons }: DecisionRecord): string[] {
  if (result !== 'step_up') return [];
  return [...new Set(reasons.filter(({ liftedBy }) => liftedBy === 'request').map(({ policy }) => policy))];
}

function reasonsOf({ reasons, refusal, undescribed, policyVersion, ignored }: DecisionRecord): Record<string, unknown> {
  return {
    reasons,
    ...(refusal === undefined ? {} : { refusal }),
    ...(undescribed === undefined ? {} : { undescribed }),
    policyVersion,
    ...(ignored === undefined ? {} : { ignored }),
  };
}
