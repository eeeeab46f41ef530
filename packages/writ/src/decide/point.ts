import { type AccessRequest, type Carried, type DecisionPoint, isPermitted, traceIdOf } from '@writ/sdk/authzen';
import { decodeJwt } from 'jose';
import { TokenError } from '../provenance/errors.js';
import type { Caller } from './caller.js';
import type { Decider } from './decide.js';
import type { TokenProvenance } from './delegation/token-provenance.js';
import type { DecisionRecord } from './record.js';

/** Verifies a presented token, with or without a proof. */
type VerifyToken = (
  txnToken: string,
  proof: Carried['proof'],
  call: Pick<AccessRequest, 'action' | 'context'>,
) => Promise<TokenProvenance>;

/**
 * Returns the decision point for one enforcement point in this process.
 *
 * @param verifyToken by default refuses every token
 */
export function pointFor(decider: Decider, caller: Caller, verifyToken: VerifyToken = refuseTokens): DecisionPoint {
  // The token of one call is verified once: its proof counts once, and a call that waits is decided again.
  const verified = new WeakMap<Carried, { readonly token: TokenProvenance; readonly until: number }>();
  const tokenIn = async (
    request: AccessRequest,
    carried: Carried | undefined,
  ): Promise<TokenProvenance | undefined> => {
    if (carried?.txnToken === undefined) return undefined;
    const known = verified.get(carried);
    if (known !== undefined && decider.now().getTime() < known.until) return known.token;
    const given = await verifyToken(carried.txnToken, carried.proof, request);
    const token = carried.plain === undefined ? given : ofNoTask(given);
    verified.set(carried, { token, until: expiryOf(carried.txnToken) });
    return token;
  };
  return {
    decide: async (request, carried) => {
      const token = await tokenIn(request, carried);
      const trace = traceIdOf(carried?.trace?.traceparent);
      const by = carried?.plain?.kind === undefined ? caller : { ...caller, kind: carried.plain.kind };
      const record = await decider.decide(withPrompt(request, carried?.prompt, token), by, token, trace);
      if (isPermitted(record)) decider.markStarted(record);
      return record;
    },
    onRevoked: (decisionId, listener) => decider.onRevoked(decisionId, listener),
    couldPermit: async (request, actions, carried) => {
      const nothing = { ...request, action: { name: '' }, resource: { type: '', id: '' } };
      const token = await tokenIn(nothing, carried);
      return decider.couldPermit(nothing, actions, token, caller);
    },
    denyFinally: (decision, refusal) => decider.denyFinally(decision as DecisionRecord, refusal),
    report: async (decisionId, status, result, details) => {
      await decider.report(decisionId, status, caller, result, details);
    },
    endSession: async (conversation) => {
      await decider.endSession(caller, conversation);
    },
  };
}

/** Returns what a token proves that the gateway made for a client: it is the same in all tasks of that client. */
function ofNoTask(token: TokenProvenance): TokenProvenance {
  return token instanceof TokenError ? token : { ...token, isPlain: true };
}

/** Adds the prompt that came from the agent's side, if the token has the hash of a prompt to compare it with. */
function withPrompt(
  request: AccessRequest,
  prompt: string | undefined,
  token: TokenProvenance | undefined,
): AccessRequest {
  const isBound = token !== undefined && !(token instanceof TokenError) && token.promptHash !== undefined;
  return prompt === undefined || !isBound ? request : { ...request, context: { ...request.context, prompt } };
}

/** Returns when a token expires by its own claims; 0 if the text is not a token. */
function expiryOf(txnToken: string): number {
  try {
    return (decodeJwt(txnToken.split('~')[0] ?? '').exp ?? 0) * 1_000;
  } catch {
    return 0;
  }
}

/** Refuses a token, where no token service verifies it. */
async function refuseTokens(): Promise<TokenProvenance> {
  return new TokenError('token_issuer', 'there is no token service here');
}
