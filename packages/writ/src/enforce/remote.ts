import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision, Obligation, Reason, Refusal } from '../decide/decision.js';
import type { DecisionPoint } from '../decide/point.js';
import type { AccessRequest, Carried } from '../decide/request.js';
import type { OutcomeStatus } from '../ledger/outcome.js';
import { DecisionPointError } from './errors.js';
import type { ApprovalDesk, AskedFor } from './holding.js';
import { TRANSFORMS } from './transform.js';

const TIMEOUT_MS = 2_000;
const POLL_MS = 2_000;
/** In characters; the service takes a body of 1 MiB, and a character has four bytes at most. */
const MAX_RESULT = 200_000;

/**
 * A decision point in another process, over AuthZEN. Whatever is not a complete, well-formed answer in time is an error,
 * and an error is not a permission.
 */
export function remoteDecisionPoint(service: string, key: string): DecisionPoint & { readonly desk: ApprovalDesk } {
  /** What was denied and can be asked for, with what was asked. */
  const requestable = new WeakMap<Decision, { readonly request: AccessRequest; readonly expires: string }>();
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    carried: Carried = {},
  ): Promise<Response> => {
    const { trace, txnToken } = carried;
    try {
      return await fetch(new URL(path, service), {
        method,
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          Authorization: `Bearer ${key}`,
          ...trace,
          ...(txnToken && { 'Txn-Token': txnToken }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      const why =
        cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
      throw new DecisionPointError(`the decision point ${service} did not answer: ${why}`, 'is `writ start` running?', {
        cause,
      });
    }
  };
  const post = (path: string, body: unknown, carried?: Carried): Promise<Response> => send('POST', path, body, carried);
  const taskIn = async (response: Response): Promise<AskedFor> => {
    const { task } = ((await response.json().catch(() => ({}))) ?? {}) as { task?: { id?: unknown; status?: unknown } };
    if (!response.ok || typeof task?.id !== 'string' || typeof task.status !== 'string')
      throw new DecisionPointError(`the request for access was answered with status ${response.status}`);
    return { id: task.id, status: task.status };
  };
  const desk: ApprovalDesk = {
    async ask(decision, justification) {
      const known = requestable.get(decision);
      if (known === undefined) return undefined;
      const { request, expires } = known;
      const denial = { evaluation_id: decision.id, expires_at: expires };
      const said = justification === undefined ? {} : { business_justification: justification };
      return taskIn(
        await post('/access/v1/requests', { ...request, context: { ...request.context, ...said }, denial }),
      );
    },
    async settled(id, ms, signal) {
      const until = performance.now() + ms;
      for (;;) {
        const asked = await taskIn(await send('GET', `/access/v1/requests/${encodeURIComponent(id)}`));
        const left = until - performance.now();
        if (asked.status !== 'pending' || left <= 0 || signal?.aborted === true) return asked;
        await sleep(Math.min(POLL_MS, left), undefined, { ref: false });
      }
    },
  };
  return {
    desk,
    async decide(request: AccessRequest, carried?: Carried): Promise<Decision> {
      const { proof: dpop, method: htm, url: htu } = carried?.proof ?? {};
      const proof = dpop === undefined ? {} : { proof: { dpop, htm, htu } };
      const more = { ...proof, detail: 'reasons', supported_obligations: TRANSFORMS };
      const asked = { ...request, context: { ...request.context, ...more } };
      const response = await post('/access/v1/evaluation', asked, carried);
      if (response.status !== 200)
        throw new DecisionPointError(`the decision point answered with status ${response.status}`);
      const body: unknown = await response.json().catch(() => undefined);
      const decision = readDecision(body, response.headers.get('X-Decision-Id'));
      const expires = requestableIn(body);
      if (expires !== undefined) requestable.set(decision, { request: asked, expires });
      return decision;
    },
    async report(decisionId, status: OutcomeStatus, result, details): Promise<void> {
      // What is too long to send is said to be there.
      const isLong = result !== undefined && JSON.stringify(result).length > MAX_RESULT;
      const answered = isLong ? { unread: true } : { result };
      const sent = { decisionId, status, ...answered, ...details };
      const response = await post('/v1/outcomes', sent);
      if (!response.ok)
        throw new DecisionPointError(`the outcome of ${decisionId} was answered with status ${response.status}`);
      await response.body?.cancel();
    },
  };
}

/** Until when somebody can be asked for it; undefined when nobody can. */
function requestableIn(body: unknown): string | undefined {
  const { context } = (body ?? {}) as { context?: { access_request?: { expires_at?: unknown } } };
  const expires = context?.access_request?.expires_at;
  return typeof expires === 'string' ? expires : undefined;
}

/** Permits only on exactly `decision: true` under a decision id, with nothing in it that says otherwise. */
function readDecision(body: unknown, id: string | null): Decision {
  const answer = body as { decision?: unknown; context?: Record<string, unknown> } | undefined;
  const context = answer?.context ?? {};
  if (id === null || typeof answer?.decision !== 'boolean') {
    throw new DecisionPointError('the decision point gave an answer that is not an AuthZEN decision');
  }
  const { result = 'allow' } = context;
  const obligations = obligationsIn(context.obligations);
  // What has to be done besides and is not understood makes it a denial.
  const isModified = result === 'modify' && obligations !== undefined && obligations.length > 0;
  const isAllowed = result === 'allow' && context.obligations === undefined;
  const permitted = answer.decision === true && (isModified || isAllowed);
  return {
    id,
    result: permitted
      ? isModified
        ? 'modify'
        : 'allow'
      : result === 'step_up' || result === 'defer'
        ? result
        : 'deny',
    ...(permitted && isModified ? { obligations } : {}),
    reasons: Array.isArray(context.reasons) ? (context.reasons as Reason[]) : [],
    policyVersion: typeof context.policyVersion === 'string' ? context.policyVersion : '',
    ...(context.refusal === undefined ? {} : { refusal: context.refusal as Refusal }),
  };
}

/** Undefined when they are not of the form that the Obligations Profile gives them. */
function obligationsIn(given: unknown): readonly Obligation[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const isOne = (one: unknown): one is Obligation => {
    const { id, type, properties } = (one ?? {}) as Readonly<Record<string, unknown>>;
    return typeof id === 'string' && typeof type === 'string' && typeof properties === 'object' && properties !== null;
  };
  return given.every(isOne) ? given : undefined;
}
