import { type EntityUid, uidText } from '@writ/cedar';
import { type AccessRequest, type Carried, isPermitted } from '@writ/sdk/authzen';
import type { CheckedProof, DpopProofs } from '../../provenance/dpop.js';
import { TokenError } from '../../provenance/errors.js';
import type { TokenLimits } from '../../provenance/exchange.js';
import type { TokenChains, VerifiedChain } from '../../provenance/links.js';
import { assuranceOf } from '../../provenance/path.js';
import { presentOf, type TransactionToken } from '../../provenance/transaction-token.js';
import { callDigest } from '../approval/call-digest.js';
import { writItself } from '../caller.js';
import type { Decider } from '../decide.js';
import { TASK_ACTIONS } from '../own-actions.js';
import { provenanceOfToken, type TokenProvenance } from './token-provenance.js';

export type PresentedProof = NonNullable<Carried['proof']>;
/** The call that a token came with. */
export type PresentedCall = Pick<AccessRequest, 'action' | 'context'>;

interface VerifierParts {
  readonly chains: TokenChains;
  readonly proofs: DpopProofs;
  readonly decider: () => Decider;
  readonly limits: () => TokenLimits;
  /** Called with each key that an identity proved to have. */
  readonly onKey: (thumbprint: string, identity: EntityUid) => void;
  /** Whether another service may receive the same proof: this one then accepts none. */
  readonly sharesProofs: boolean;
}

/**
 * Verifies transaction tokens and chains of links. A token that is bound to a key needs a proof by that key.
 */
export class TokenVerifier {
  constructor(private readonly parts: VerifierParts) {}

  /**
   * Verifies a token that somebody presents.
   *
   * @param call the call that the token came with, if it is one call: a proof can be for it alone
   * @param plainOf the caller that says that it had the token issued only to prove a client; its task is then not that of the token
   * @returns why the token is refused, if it is
   */
  async verifyToken(
    text: string,
    presented: PresentedProof | undefined,
    call?: PresentedCall,
    plainOf?: string,
  ): Promise<TokenProvenance> {
    // hot: the signatures are verified at the same time; none needs another.
    const proof = presented && settled(this.parts.proofs.check(presented.proof, { ...presented, token: text }));
    try {
      const chain = await this.parts.chains.verify(text);
      const token = this.checkDelegation(chain);
      // The token of another, or of a task that was handed on, is of its task.
      if (plainOf === token.requestingWorkload && chain.hops.length === 0 && token.boundTo === undefined)
        return { ...provenanceOfToken(token), isPlain: true };
      if (token.boundTo === undefined) return provenanceOfToken(token);
      const proved = this.prove(token.boundTo, await proof, call);
      this.parts.onKey(proved.thumbprint, presentOf(token.path).uid);
      const told = provenanceOfToken(token, proved.call === undefined ? undefined : chainedAssurance(chain));
      return { ...told, usedProof: this.parts.proofs.take(proved) };
    } catch (error) {
      if (error instanceof TokenError) return error;
      throw error;
    }
  }

  /** Returns what a token says without a proof, for its exchange, which checks the proof itself. @throws {TokenError} */
  async read(text: string): Promise<TransactionToken> {
    return this.checkDelegation(await this.parts.chains.verify(text));
  }

  /**
   * Decides on each delegation by a link, by the current policy and facts: an actor signs a link without asking the token service.
   *
   * @throws {TokenError} `token_chain` if one is not permitted
   */
  private checkDelegation({ token, hops }: VerifiedChain): TransactionToken {
    if (hops.length === 0) return token;
    const { maxDepth } = this.parts.limits();
    if (token.path.length - 1 > maxDepth)
      throw new TokenError(
        'token_chain',
        `the work was handed on ${token.path.length - 1} times; ${maxDepth} is the most here`,
      );
    for (const { from, to } of hops) {
      const [originator] = from.path;
      const request: AccessRequest = {
        subject: originator.uid,
        action: { name: TASK_ACTIONS.delegate },
        resource: to,
        context: { scope: from.scope },
      };
      const verdict = this.parts.decider().consider(request, writItself('token-service'), provenanceOfToken(from));
      if (isPermitted(verdict)) continue;
      const who = uidText(presentOf(from.path).uid);
      const why =
        verdict.refusal?.message ?? verdict.reasons[0]?.reason ?? verdict.reasons[0]?.policy ?? 'not permitted';
      throw new TokenError('token_chain', `${who} may not hand this task to ${uidText(to)}: ${why}`);
    }
    return token;
  }

  /** Checks that a proof is by the key that the token is bound to. Only such a proof is remembered. */
  private prove(
    boundTo: string,
    proof: Settled<CheckedProof> | undefined,
    call: PresentedCall | undefined,
  ): CheckedProof {
    if (this.parts.sharesProofs)
      throw new TokenError('token_proof', 'it is bound to a key, and this service follows another: ask that one');
    if (proof === undefined) throw new TokenError('token_proof', 'it is bound to a key, and came without a proof');
    if ('error' in proof) throw proof.error;
    const { value } = proof;
    if (value.thumbprint !== boundTo)
      throw new TokenError('token_proof', 'the proof is by another key than the one that it is bound to');
    if (value.call !== undefined && (call === undefined || value.call !== callDigest(call)))
      throw new TokenError('token_proof', 'the proof is for another call than this one');
    return value;
  }
}

/**
 * Returns the assurance of a chain in which the originator has a key of its own and every hop is a signed link; undefined for any other.
 * The caller has checked that the proof covers the call.
 */
function chainedAssurance({ token, hops }: VerifiedChain): 4 | undefined {
  const isEveryHopSigned = hops.length === token.path.length - 1;
  return isEveryHopSigned && assuranceOf(token.path) >= 3 ? 4 : undefined;
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** Resolves to the outcome of a promise, so that a failure is not unhandled before somebody awaits it. */
function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}
