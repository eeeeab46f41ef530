import type { TaskStore } from '../../provenance/task-store.js';
import { TOKEN_TYPES } from '../../provenance/token-types.js';
import type { TransactionToken, TransactionTokens } from '../../provenance/transaction-token.js';
import type { UsedProof } from '../../provenance/used-proof.js';
import { type MandateProposal, recordedProposal } from '../mandate-draft/proposal.js';
import type { Exchanged, ExchangeRequest, TokenExchange } from './exchange.js';

interface TokenIssuerParts {
  readonly exchange: Pick<TokenExchange, 'exchange'>;
  readonly tokens: Pick<TransactionTokens, 'sign'>;
  readonly tasks: Pick<TaskStore, 'add'>;
  /** Records a change that a caller made. Resolves once it is on disk, the proofs that were used for it too. */
  readonly record: (
    by: string,
    what: string,
    detail: Readonly<Record<string, unknown>>,
    used: readonly UsedProof[],
  ) => Promise<void>;
}

interface IssuedToken extends Exchanged {
  /** The token, signed. */
  readonly text: string;
}

/** Issues the tokens of an exchange: each is on the record, and its task in the store, before anybody has it. */
export class TokenIssuer {
  constructor(private readonly parts: TokenIssuerParts) {}

  /**
   * Exchanges, signs, records, and then keeps the task of a first token.
   *
   * @param used the proof that came with the request
   * @throws {ExchangeError} when it is refused; {@link IssuerUnreachableError} when a credential cannot be verified now
   */
  async issue(request: ExchangeRequest, used: readonly UsedProof[]): Promise<IssuedToken> {
    const { exchange, tokens, tasks, record } = this.parts;
    const exchanged = await exchange.exchange(request);
    const { token, proposal } = exchanged;
    const text = await tokens.sign(token);
    await record(request.requestingWorkload, 'token.issue', recordedToken(token, proposal), used);
    // Last: a task that is not on the record must not be in the store.
    if (request.subjectTokenType !== TOKEN_TYPES.transactionToken) await tasks.add(token);
    return { ...exchanged, text };
  }
}

/** Returns what is recorded of a token: never its text. */
function recordedToken(
  { txn, path, scope, expires, mandate }: TransactionToken,
  proposal: MandateProposal | undefined,
): Record<string, unknown> {
  const end = new Date(expires * 1_000).toISOString();
  return {
    ...{ txn, path, scope, expires: end },
    ...(mandate === undefined ? {} : { mandate }),
    ...(proposal === undefined ? {} : { proposal: recordedProposal(proposal) }),
  };
}
