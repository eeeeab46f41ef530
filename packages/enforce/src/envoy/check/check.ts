import { isDeepStrictEqual } from 'node:util';
import type { Came } from '../../http/enforced/permit.js';
import { ofRefusal, type ProblemAnswer } from '../../http/enforced/problems.js';
import { type CanonicalRequest, withBody } from '../../http/request/body.js';
import { canonicalHead } from '../../http/request/canonical.js';
import type { Complaints } from '../complaints.js';
import { judge } from '../judge.js';
import { decisionMetadata } from '../metadata.js';
import type { EnvoyParts } from '../parts.js';
import { MISCONFIGURED, NO_UPGRADE, NOT_CANONICAL, REVOKED, sentProblem } from '../problems.js';
import type { CheckRequest, CheckResponse } from '../protocol/messages.js';
import { headChanges, headersToSet } from '../request/changes.js';
import { framedHeaders, headersOf, type ShownHead } from '../request/read-head.js';
import { PARTIAL_BODY, type Shown, shownIn } from './shown.js';

const [OK, PERMISSION_DENIED] = [0, 7] as const;

/** The gRPC call of a check. */
interface CheckCall {
  /** Aborted when Envoy does not wait any longer. */
  readonly gone: AbortSignal;
  /** For how many milliseconds Envoy waits. */
  readonly leftMs: number;
}

/**
 * Answers ext_authz: permits a request, with the changes that make it the one that was decided on, or denies it. Nothing is known of its
 * answer, so that a permit ends at once as all that it can bring.
 */
export async function check(
  parts: EnvoyParts,
  complaints: Complaints,
  asked: CheckRequest,
  { gone, leftMs }: CheckCall,
): Promise<CheckResponse> {
  const shown = shownIn(asked, parts.services());
  if ('complaint' in shown) {
    complaints.say(`ext_authz: ${shown.complaint}`);
    return denied(shown.problem ?? MISCONFIGURED);
  }
  const request = requestOf(shown);
  if ('problem' in request) return denied(request.problem);
  const came: Came = {
    ...{ headers: headersOf(shown.head), method: shown.head.method, scheme: shown.head.scheme },
    // No connection of the caller is seen here, so that none proves anybody.
    ...{ connection: {}, address: shown.address, gone, changes: 'nothing' },
  };
  const judged = await judge(parts, request, came, Math.min(leftMs, parts.limits.decideMs));
  if (!judged.permitted) return denied(judged.problem, judged.decision);
  if (gone.aborted || judged.revoked?.aborted === true) {
    judged.done({ result: 'not-executed', status: undefined });
    return denied(REVOKED, judged.decision);
  }
  const { target, set, remove } = headChanges(shown.head, request, judged);
  const headers = [...(target === undefined ? [] : [[':path', target] as const]), ...set];
  judged.done({ result: 'unknown', status: undefined });
  return {
    status: { code: OK },
    okResponse: { headers: headersToSet(headers), headersToRemove: [...remove, PARTIAL_BODY] },
    ...decisionMetadata(judged.decision),
  };
}

/** Returns the answer that denies a request. */
export function denied(problem: ProblemAnswer, decision?: string): CheckResponse {
  return {
    status: { code: PERMISSION_DENIED, message: problem.title },
    deniedResponse: { status: { code: problem.status }, ...sentProblem(problem) },
    ...decisionMetadata(decision),
  };
}

/** Returns a request in its one reading. A path that another route could have is refused: Envoy has chosen by the one that it shows. */
function requestOf({ head, body, service, address }: Shown): CanonicalRequest | { readonly problem: ProblemAnswer } {
  const raw = {
    ...{ method: head.method, target: head.target, rawHeaders: framedHeaders(head, body.length > 0) },
    peer: address === undefined ? undefined : { address, scheme: head.scheme },
  };
  const canonical = canonicalHead(raw, service);
  if (!canonical.ok) return { problem: ofRefusal(canonical) };
  if (canonical.framing.upgrade !== undefined) return { problem: NO_UPGRADE };
  if (!isSamePath(pathIn(head), canonical.path)) return { problem: NOT_CANONICAL };
  const request = withBody(canonical, body);
  return request.ok ? request : { problem: ofRefusal(request) };
}

/** A letter, a digit or one of `-._~`, which nobody has to encode: routes of Envoy compare it as it stands. */
const ENCODED_PLAIN = /%(?:2d|2e|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i;

/** Returns whether a path differs from its canonical form in the encoding of special characters alone. */
function isSamePath(shown: string, canonical: string): boolean {
  if (shown === canonical) return true;
  const plain = (path: string): string[] => path.split('/').map(decodeURIComponent);
  // Both were read before, so that they can be decoded.
  return !ENCODED_PLAIN.test(shown) && isDeepStrictEqual(plain(shown), plain(canonical));
}

function pathIn({ target }: ShownHead): string {
  return target.split('?', 1)[0] as string;
}
