import { z } from 'zod';
import type { TokenProvenance } from '../../decide/delegation/token-provenance.js';
import type { PresentedCall, PresentedProof, TokenVerifier } from '../../decide/delegation/token-verifier.js';
import type { Call } from '../http/route.js';

/** `context.proof`: the DPoP proof that the actor sent to the enforcement point, and the method and URL that it sent it to. */
const proofShape = z.object({
  context: z.object({ proof: z.object({ dpop: z.string(), htm: z.string(), htu: z.string() }) }),
});

/**
 * Goes on with what the `Txn-Token` header says (draft-ietf-oauth-transaction-tokens, "Txn-Token HTTP Header"): at once when there
 * is none. `call` is what is asked, when it is one thing. A token that is not to be believed goes on too, so that the denial is on the record with the reason.
 */
export function withToken<T>(
  { request, body }: Pick<Call, 'request' | 'body'>,
  verifier: TokenVerifier,
  go: (token: TokenProvenance | undefined) => Promise<T>,
  call?: PresentedCall,
): Promise<T> {
  const text = request.headers['txn-token'];
  // Node joins headers that are sent twice, and what it joins is no token.
  return text === undefined ? go(undefined) : verifier.verifyToken(String(text), proofIn(body), call).then(go);
}

function proofIn(body: unknown): PresentedProof | undefined {
  const read = proofShape.safeParse(body);
  if (!read.success) return undefined;
  const { dpop, htm, htu } = read.data.context.proof;
  return { proof: dpop, method: htm, url: htu };
}
