import type { DecisionPoint } from '../decide/decide.js';
import type { Decision, Reason, Refusal } from '../decide/decision.js';
import type { AccessRequest, Carried } from '../decide/request.js';
import type { OutcomeStatus } from '../ledger/outcome.js';
import { DecisionPointError } from './errors.js';

const TIMEOUT_MS = 2_000;
/** In characters; the service takes a body of 1 MiB, and a character has four bytes at most. */
const MAX_RESULT = 200_000;

/**
 * A decision point in another process, over AuthZEN. Whatever is not a complete, well-formed answer in time is an error,
 * and an error is not a permission.
 */
export function remoteDecisionPoint(service: string, key: string): DecisionPoint {
  const post = async (path: string, body: unknown, carried: Carried = {}): Promise<Response> => {
    const { trace, txnToken } = carried;
    try {
      return await fetch(new URL(path, service), {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Bearer ${key}`,
          ...trace,
          ...(txnToken && { 'Txn-Token': txnToken }),
        },
        body: JSON.stringify(body),
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
  return {
    async decide(request: AccessRequest, carried?: Carried): Promise<Decision> {
      const { proof: dpop, method: htm, url: htu } = carried?.proof ?? {};
      const proof = dpop === undefined ? {} : { proof: { dpop, htm, htu } };
      const context = { ...request.context, ...proof, detail: 'reasons' };
      const response = await post('/access/v1/evaluation', { ...request, context }, carried);
      if (response.status !== 200)
        throw new DecisionPointError(`the decision point answered with status ${response.status}`);
      return readDecision(await response.json().catch(() => undefined), response.headers.get('X-Decision-Id'));
    },
    async report(decisionId: string, status: OutcomeStatus, result?: unknown): Promise<void> {
      // What is too long to send is said to be there.
      const isLong = result !== undefined && JSON.stringify(result).length > MAX_RESULT;
      const sent = isLong ? { decisionId, status, unread: true } : { decisionId, status, result };
      const response = await post('/v1/outcomes', sent);
      if (!response.ok)
        throw new DecisionPointError(`the outcome of ${decisionId} was answered with status ${response.status}`);
      await response.body?.cancel();
    },
  };
}

/** Permits only on exactly `decision: true` under a decision id, with nothing in it that says otherwise. */
function readDecision(body: unknown, id: string | null): Decision {
  const answer = body as { decision?: unknown; context?: Record<string, unknown> } | undefined;
  const context = answer?.context ?? {};
  if (id === null || typeof answer?.decision !== 'boolean') {
    throw new DecisionPointError('the decision point gave an answer that is not an AuthZEN decision');
  }
  const allowed =
    answer.decision === true && (context.result ?? 'allow') === 'allow' && context.obligations === undefined;
  const { result } = context;
  return {
    id,
    result: allowed ? 'allow' : result === 'step_up' || result === 'defer' ? result : 'deny',
    reasons: Array.isArray(context.reasons) ? (context.reasons as Reason[]) : [],
    policyVersion: typeof context.policyVersion === 'string' ? context.policyVersion : '',
    ...(context.refusal === undefined ? {} : { refusal: context.refusal as Refusal }),
  };
}
