import { decidedIn } from '../http/enforced/decided-in.js';
import type { Came, ProxyPermit } from '../http/enforced/permit.js';
import { ofDenial, type ProblemAnswer, UNDECIDED } from '../http/enforced/problems.js';
import type { CanonicalRequest } from '../http/request/body.js';
import type { EnvoyParts } from './parts.js';

/** A request may be forwarded, or the answer to it. */
type Judged = ProxyPermit | { readonly permitted: false; readonly problem: ProblemAnswer; readonly decision?: string };

/** Decides on a request. A failure and a decision that is late are refusals. Never rejects. */
export async function judge(
  { decide, log }: EnvoyParts,
  request: CanonicalRequest,
  came: Came,
  ms: number,
): Promise<Judged> {
  if (request.kind !== 'operation') return { permitted: true, done: () => {} };
  try {
    const decided = await decidedIn(
      ms,
      Promise.resolve().then(() => decide(request, came)),
    );
    if (decided.permitted) return decided;
    const { decision_id: decision } = decided.members ?? {};
    const problem = ofDenial(decided);
    return { permitted: false, problem, ...(typeof decision === 'string' ? { decision } : {}) };
  } catch (error) {
    log.error(error, 'no decision');
    return { permitted: false, problem: UNDECIDED };
  }
}
