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
  { request, body }: Pick<Call, 'request' | 'body'>,
  verifier: TokenVerifier,
  call: PresentedCall | undefined,
  go: (token: TokenProvenance | undefined) => Promise<T>,
): Promise<T> {
  const text = request.headers['txn-token'];
  // Node joins a header that is sent twice; the joined text is not a token.
  return text === undefined ? go(undefined) : verifier.verifyToken(String(text), proofIn(body), call).then(go);
}

function proofIn(body: unknown): PresentedProof | undefined {
  const read = proofShape.safeParse(body);
  if (!read.success) return undefined;
  const { dpop, htm, htu } = read.data.context.proof;
  return { proof: dpop, method: htm, url: htu };
}
