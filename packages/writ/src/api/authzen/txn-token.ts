import type { IncomingMessage } from 'node:http';
import type { TokenProvenance } from '../../decide/decide.js';
import { believed } from '../../decide/exchange.js';
import type { TransactionTokens } from '../../provenance/transaction-token.js';

/**
 * Goes on with what the `Txn-Token` header says (draft-ietf-oauth-transaction-tokens, "Txn-Token HTTP Header"): at once when there
 * is none. A token that is not to be believed goes on too, so that the denial is on the record with the reason.
 */
export function withToken<T>(
  { headers }: IncomingMessage,
  tokens: TransactionTokens,
  go: (token: TokenProvenance | undefined) => Promise<T>,
): Promise<T> {
  const text = headers['txn-token'];
  // Node joins headers that are sent twice, and what it joins is no token.
  return text === undefined ? go(undefined) : believed(tokens, String(text)).then(go);
}
