import type { CheckedProof, DpopProofs } from '../provenance/dpop.js';
import { TokenError } from '../provenance/errors.js';
import type { Provenance } from '../provenance/path.js';
import { assuranceOf, type TransactionToken, type TransactionTokens } from '../provenance/transaction-token.js';
import type { TokenProvenance } from './decide.js';
import type { Carried } from './request.js';

export type PresentedProof = NonNullable<Carried['proof']>;

/** Believes transaction tokens, or says why not. A bound one only with a proof by its key: there is no verification without. */
export class TokenVerifier {
  constructor(
    private readonly tokens: TransactionTokens,
    private readonly proofs: DpopProofs,
  ) {}

  async believe(text: string, presented: PresentedProof | undefined): Promise<TokenProvenance> {
    // Both signatures at the same time: neither needs the other.
    const proof = presented && settled(this.proofs.check(presented.proof, { ...presented, token: text }));
    try {
      const token = await this.tokens.verify(text);
      if (token.boundTo !== undefined) await this.prove(token.boundTo, await proof);
      return provenanceIn(token);
    } catch (error) {
      if (error instanceof TokenError) return error;
      throw error;
    }
  }

  /** Takes the proof only when it is by the key that the token is bound to: others are nothing to remember. */
  private async prove(boundTo: string, proof: Settled<CheckedProof> | undefined): Promise<void> {
    if (proof === undefined) throw new TokenError('token_proof', 'it is bound to a key, and came without a proof');
    if ('error' in proof) throw proof.error;
    if (proof.value.thumbprint !== boundTo)
      throw new TokenError('token_proof', 'the proof is by another key than the one that it is bound to');
    await this.proofs.take(proof.value);
  }
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** What became of it, so that nobody has to wait for it to hear that it failed. */
function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** What a decision sees of a token. */
export function provenanceIn({ path, txn, scope, promptHash, mandate }: TransactionToken): Provenance {
  const uids = path.map(({ uid }) => uid) as unknown as Provenance['path'];
  return {
    path: uids,
    assurance: assuranceOf(path),
    txn,
    scope,
    ...(promptHash === undefined ? {} : { promptHash }),
    ...(mandate === undefined ? {} : { mandate }),
  };
}
