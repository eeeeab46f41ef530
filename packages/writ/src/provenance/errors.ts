import { WritError } from '../lib/errors.js';

/** A credential was presented that proves nothing here. The message says why, without repeating the credential. */
export class CredentialError extends WritError {
  readonly code = 'credential_invalid';
}

/** A credential could not be verified now: the keys of its issuer cannot be had. It is not accepted. */
export class IssuerUnreachableError extends WritError {
  readonly code = 'issuer_unreachable';
}

type TokenErrorCode =
  | 'token_malformed'
  | 'token_type'
  | 'token_key_unknown'
  | 'token_signature'
  | 'token_issuer'
  | 'token_audience'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_chain'
  | 'token_proof';

/** A transaction token that is not to be believed. `code` says why. */
export class TokenError extends WritError {
  constructor(
    readonly code: TokenErrorCode,
    message: string,
    help?: string,
    options?: ErrorOptions,
  ) {
    super(message, help, options);
  }
}

/** The `error` of an OAuth error response (RFC 6749, section 5.2; RFC 8693, section 2.2.2). */
type ExchangeErrorCode =
  | 'invalid_request'
  | 'invalid_target'
  | 'invalid_scope'
  | 'invalid_grant'
  | 'invalid_authorization_details'
  | 'invalid_dpop_proof'
  | 'access_denied';

/** A token exchange that is refused. */
export class ExchangeError extends WritError {
  constructor(
    readonly code: ExchangeErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
  }
}

/** A mapping from claims to an identity that cannot work. */
export class IdentityMappingError extends WritError {
  readonly code = 'identity_mapping_invalid';
}
