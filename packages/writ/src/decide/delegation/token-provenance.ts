import type { AccessRequest } from '@writ/sdk/authzen';
import { toMillis } from '../../lib/units.js';
import { TokenError } from '../../provenance/errors.js';
import { assuranceOf, type Provenance } from '../../provenance/path.js';
import type { TransactionToken } from '../../provenance/transaction-token.js';
import { joinedProvenance, provenanceOf } from '../gather.js';
import type { UsedProof } from '../record.js';

/** The provenance by a transaction token; or why the token is refused. */
export type TokenProvenance = Provenance | TokenError;

/** Returns the provenance of a request, by its token or else by the request alone; or why it cannot be read. */
export function requestProvenance(request: AccessRequest, token: Provenance | undefined): Provenance | string {
  return token === undefined ? provenanceOf(request) : joinedProvenance(token, request);
}

/** Returns the proofs that have to go to disk together with what is done because of a token. */
export function proofsOf(token: TokenProvenance | undefined): readonly UsedProof[] {
  return token === undefined || token instanceof TokenError || token.usedProof === undefined ? [] : [token.usedProof];
}

/** Returns the provenance by a verified token. */
export function provenanceOfToken(
  { path, txn, scope, promptHash, mandate, id, madeOf = [], session, provedAt, details }: TransactionToken,
  assurance = assuranceOf(path),
): Provenance {
  const uids = path.map(({ uid }) => uid) as unknown as Provenance['path'];
  return {
    path: uids,
    assurance,
    txn,
    scope,
    ...(promptHash === undefined ? {} : { promptHash }),
    ...(mandate === undefined ? {} : { mandate }),
    ...(id === undefined && madeOf.length === 0 ? {} : { tokens: id === undefined ? madeOf : [...madeOf, id] }),
    ...(details === undefined ? {} : { details }),
    ...(session === undefined ? {} : { session }),
    ...(provedAt === undefined ? {} : { provedAt: toMillis(provedAt) }),
  };
}
