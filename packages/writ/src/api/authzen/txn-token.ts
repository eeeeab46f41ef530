import { z } from 'zod';
import type { TokenProvenance } from '../../decide/delegation/token-provenance.js';
import type { PresentedCall, PresentedProof, TokenVerifier } from '../../decide/delegation/token-verifier.js';
import type { Call } from '../http/route.js';

/** `context.proof`: the DPoP proof that the actor sent to the enforcement point, with the method and URL of that request. */
const proofShape = z.object({
  context: z.object({ proof: z.object({ dpop: z.string(), htm: z.string(), htu: z.string() }) }),
});

/**
 * Continues with the token of the `Txn-Token` header (draft-ietf-oauth-transaction-tokens, "Txn-Token HTTP Header"); at once
 * without one. An invalid token continues too, so that the denial is recorded with its reason.
 *
 * @param call the request that the token comes with; undefined if there are several, or a search
 */
export function withToken<T>(
  { request, body, caller }: Pick<Call, 'request' | 'body' | 'caller'>,
  verifier: TokenVerifier,
  call: PresentedCall | undefined,
  go: (token: TokenProvenance | undefined) => Promise<T>,
): Promise<T> {
  const text = request.headers['txn-token'];
  // Node joins a header that is sent twice; the joined text is not a token.
  if (text === undefined) return go(undefined);
  const plainOf = isPlain(body) ? caller.enforcementPoint : undefined;
  return verifier.verifyToken(String(text), proofIn(body), call, plainOf).then(go);
}

/** Returns whether the caller had the token issued only to prove its client (`context.plain`). */
function isPlain(body: unknown): boolean {
  const { context } = (body ?? {}) as { context?: { plain?: unknown } | null };
  return context?.plain === true;
}

function proofIn(body: unknown): PresentedProof | undefined {
  const read = proofShape.safeParse(body);
  if (!read.success) return undefined;
  const { dpop, htm, htu } = read.data.context.proof;
  return { proof: dpop, method: htm, url: htu };
}
