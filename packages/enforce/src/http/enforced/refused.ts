import { decidingPolicies, explainBriefly, isMisfit, type RequestReference, retryAfter } from '@writ/sdk/authzen';
import type { Refused } from '../../enforcer/operation.js';
import type { ProxyDenial } from './permit.js';

/** Returns the answer to a request that is not carried out: why, the decision, and what its caller can do. */
export function denialOf(what: string, refused: Refused): ProxyDenial {
  switch (refused.kind) {
    case 'mapping':
      return denied(`${what} cannot be decided on: ${refused.error.message}`);
    case 'unavailable':
      return { permitted: false, status: 503, title: 'no decision could be made; the request was not forwarded' };
    case 'justification':
      return denied(refused.error.message);
    case 'obligation':
      return denied(`${what} was not permitted: ${refused.error.message}`, { decision_id: refused.decision.id });
    case 'held':
    case 'denied': {
      const { decision, reference } = refused;
      const after = retryAfter(decision, Date.now());
      const head = isMisfit(decision) ? `${what} was not forwarded` : `${what} was not permitted`;
      return {
        ...denied(`${head}: ${explainBriefly(decision)}`, {
          decision_id: decision.id,
          result: decision.result,
          reasons: decidingPolicies(decision),
          ...(reference === undefined ? {} : { access_request: shown(reference) }),
          ...(decision.refusal === undefined ? {} : { refusal: decision.refusal }),
        }),
        ...(after === undefined ? {} : { headers: { 'retry-after': String(after) } }),
      };
    }
  }
}

function denied(title: string, members?: Readonly<Record<string, unknown>>): ProxyDenial {
  return { permitted: false, status: 403, title, members };
}

function shown({ id, status, unapprovable }: RequestReference): object {
  return { id, status, ...(unapprovable === undefined ? {} : { unapprovable }) };
}
