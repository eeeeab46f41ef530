import { decodeJwt } from 'jose';
import type { OutcomeStatus } from '../ledger/outcome.js';
import type { DecisionId } from '../lib/ids.js';
import { TokenError } from '../provenance/errors.js';
import type { Caller } from './caller.js';
import type { ListedAction } from './could-permit.js';
import type { Decider } from './decide.js';
import { type Decision, isPermitted, type Refusal } from './decision.js';
import type { TokenProvenance } from './delegation/token-provenance.js';
import type { OnRevoked } from './in-flight.js';
import type { DecisionRecord, OutcomeDetails } from './record.js';
import { type AccessRequest, type Carried, traceIdOf } from './request.js';

/** What an enforcement point is handed: in its own process, or over AuthZEN. */
export interface DecisionPoint {
  /** Never throws for what is asked: whatever goes wrong is a denial that says so. */
  decide(request: AccessRequest, carried: Carried): Promise<Decision>;
  /**
   * Returns for each action whether the caller could be permitted it, with some arguments: a list shows those. Undefined
   * where the decision point cannot say; a list then shows all.
   */
  readonly couldPermit:
    | ((
        request: Omit<AccessRequest, 'action' | 'resource'>,
        actions: readonly ListedAction[],
        carried: Carried,
      ) => Promise<boolean[]>)
    | undefined;
  /** Registers a listener for the revocation of a permitted action in flight. Undefined where the decision point cannot know. */
  readonly onRevoked: ((decisionId: DecisionId, listener: OnRevoked) => void) | undefined;
  /** Denies finally what was deferred or waits for an approval, and records that. Undefined where it cannot be recorded. */
  readonly denyFinally: ((decision: Decision, refusal: Refusal) => Promise<Decision>) | undefined;
  /** Reports what became of a permitted action, what it answered, and how it went. */
  report(decisionId: DecisionId, status: OutcomeStatus, result?: unknown, details?: OutcomeDetails): Promise<void>;
}

/** Says what a token that somebody presents, with or without a proof, is worth. */
type VerifyToken = (
  txnToken: string,
  proof: Carried['proof'],
  call: Pick<AccessRequest, 'action' | 'context'>,
) => Promise<TokenProvenance>;

/**
 * The decision point as one enforcement point in this process sees it.
 *
 * @param believe what a transaction token says, or why it is not believed
 */
export function pointFor(decider: Decider, caller: Caller, verifyToken: VerifyToken = refuseTokens): DecisionPoint {
  // What one call carries is believed once: a proof counts once, and a call that waits is decided again.
  const believed = new WeakMap<Carried, { readonly token: TokenProvenance; readonly until: number }>();
  const tokenIn = async (
    request: AccessRequest,
    carried: Carried | undefined,
  ): Promise<TokenProvenance | undefined> => {
    if (carried?.txnToken === undefined) return undefined;
    const known = believed.get(carried);
    if (known !== undefined && decider.now().getTime() < known.until) return known.token;
    const token = await verifyToken(carried.txnToken, carried.proof, request);
    believed.set(carried, { token, until: expiryOf(carried.txnToken) });
    return token;
  };
  return {
    decide: async (request, carried) => {
      const token = await tokenIn(request, carried);
      const trace = traceIdOf(carried?.trace?.traceparent);
      const record = await decider.decide(withPrompt(request, carried?.prompt, token), caller, token, trace);
      if (isPermitted(record)) decider.markStarted(record);
      return record;
    },
    onRevoked: (decisionId, listener) => decider.onRevoked(decisionId, listener),
    couldPermit: async (request, actions, carried) => {
      const nothing = { ...request, action: { name: '' }, resource: { type: '', id: '' } };
      const token = await tokenIn(nothing, carried);
      return decider.couldPermit(nothing, actions, token);
    },
    denyFinally: (decision, refusal) => decider.denyFinally(decision as DecisionRecord, refusal),
    report: async (decisionId, status, result, details) => {
      await decider.report(decisionId, status, caller, result, details);
    },
  };
}

/** A prompt that comes from the agent's side is heard only where its token says which it is. */
function withPrompt(
  request: AccessRequest,
  prompt: string | undefined,
  token: TokenProvenance | undefined,
): AccessRequest {
  const isBound = token !== undefined && !(token instanceof TokenError) && token.promptHash !== undefined;
  return prompt === undefined || !isBound ? request : { ...request, context: { ...request.context, prompt } };
}

/** Until when a token says that it counts, in milliseconds since the epoch; a text that is none does not. */
function expiryOf(txnToken: string): number {
  try {
    return (decodeJwt(txnToken.split('~')[0] ?? '').exp ?? 0) * 1_000;
  } catch {
    return 0;
  }
}

/** Where nobody can verify a token, none is believed. */
async function refuseTokens(): Promise<TokenProvenance> {
  return new TokenError('token_issuer', 'there is no token service here');
}
