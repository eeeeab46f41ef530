import { TokenError } from '../../provenance/errors.js';
import type { Provenance } from '../../provenance/path.js';
import { joinedProvenance, provenanceOf } from '../gather.js';
import type { UsedProof } from '../record.js';
import type { AccessRequest } from '../request.js';

/** What a transaction token says of who asks; or why it is not believed. */
export type TokenProvenance = Provenance | TokenError;

/** Who asks, by the token that came with a request or else by what the request says. @returns a text that says why it cannot be told */
export function requestProvenance(request: AccessRequest, token: Provenance | undefined): Provenance | string {
  return token === undefined ? provenanceOf(request) : joinedProvenance(token, request);
}

/** What goes on disk with whatever is done because of a token. */
export function proofsOf(token: TokenProvenance | undefined): readonly UsedProof[] {
  return token === undefined || token instanceof TokenError || token.usedProof === undefined ? [] : [token.usedProof];
}
