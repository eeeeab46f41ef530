import type { Decision, Obligation, Reason, Refusal } from '../authzen/decision.js';
import type { DecisionId } from '../authzen/ids.js';
import { DecisionPointError } from './errors.js';

/**
 * Reads a decision. It is a permit only if it is exactly `decision: true` under a decision id, and nothing in it
 * contradicts that.
 */
export function readDecision(body: unknown, id: string | undefined): Decision {
  const answer = body as { decision?: unknown; context?: Record<string, unknown> } | undefined;
  const context = answer?.context ?? {};
  if (id === undefined || typeof answer?.decision !== 'boolean') {
    throw new DecisionPointError('the decision point gave an answer that is not an AuthZEN decision');
  }
  const { result = 'allow' } = context;
  const obligations = obligationsIn(context.obligations);
  // An obligation that is not understood makes it a denial.
  const isModified = result === 'modify' && obligations !== undefined && obligations.length > 0;
  const isAllowed = result === 'allow' && context.obligations === undefined;
  const permitted = answer.decision === true && (isModified || isAllowed);
  return {
    id: id as DecisionId,
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
    ...(permitted || result === 'defer' ? {} : retryIn(context.retry_after)),
    ...(context.undescribed === true ? { undescribed: true } : {}),
  };
}

/** In seconds: a month, which is the longest window. */
const MAX_RETRY_AFTER = 31 * 86_400;

function retryIn(after: unknown): Pick<Decision, 'retryAt'> {
  if (typeof after !== 'number' || !(after >= 1 && after <= MAX_RETRY_AFTER)) return {};
  return { retryAt: new Date(Date.now() + after * 1_000).toISOString() };
}

/** Returns obligations; undefined if they do not have the form of the Obligations Profile. */
function obligationsIn(given: unknown): readonly Obligation[] | undefined {
  if (!Array.isArray(given)) return undefined;
  const isOne = (one: unknown): one is Obligation => {
    const { id, type, properties } = (one ?? {}) as Readonly<Record<string, unknown>>;
    return typeof id === 'string' && typeof type === 'string' && typeof properties === 'object' && properties !== null;
  };
  return given.every(isOne) ? given : undefined;
}

/** Returns whether no later decision depends on the outcome of a permit. If that outcome is lost, it counts as done. */
export function isIndependent(body: unknown): boolean {
  const { context } = (body ?? {}) as { context?: { awaits_outcome?: unknown } };
  return context?.awaits_outcome === false;
}

/** Returns until when a denial can be requested; undefined if it cannot. */
export function requestableIn(body: unknown): string | undefined {
  const { context } = (body ?? {}) as { context?: { access_request?: { expires_at?: unknown } } };
  const expires = context?.access_request?.expires_at;
  return typeof expires === 'string' ? expires : undefined;
}
