import { WritError } from '../lib/errors.js';

/**
 * A credential proves nothing here. The message says why, without the credential.
 *
 * @fix Get a credential of a declared issuer, or declare the issuer in writ.yaml.
 * @status 401
 */
export class CredentialError extends WritError {
  readonly code = 'credential_invalid';
}

/**
 * A credential could not be verified now, because the keys of its issuer are unreachable. It is not accepted.
 *
 * @fix Try again; check that the service reaches the issuer.
 * @status 503
 */
export class IssuerUnreachableError extends WritError {
  readonly code = 'issuer_unreachable';
}

type TokenErrorCode =
  /**
   * The token is not a signed token with the claims that it needs.
   *
   * @fix Exchange for a new token; send it unchanged.
   */
  | 'token_malformed'
  /**
   * The token is of another type.
   *
   * @fix Send a transaction token, or a link.
   */
  | 'token_type'
  /**
   * No key that counts signed the token or the link.
   *
   * @fix Exchange for a new token; register the key of the identity.
   */
  | 'token_key_unknown'
  /**
   * The signature does not verify.
   *
   * @fix Exchange for a new token; send it unchanged.
   */
  | 'token_signature'
  /**
   * Another service issued the token, or there is no token service here.
   *
   * @fix Exchange at the token service of this deployment.
   */
  | 'token_issuer'
  /**
   * The token is for another trust domain.
   *
   * @fix Exchange with the audience of this trust domain.
   */
  | 'token_audience'
  /**
   * The token or a link has expired.
   *
   * @fix Exchange for a new token.
   */
  | 'token_expired'
  /**
   * The token or a link was issued in the future.
   *
   * @fix Set the clock of the issuer right.
   */
  | 'token_not_yet_valid'
  /**
   * The delegation path is broken, loops, is too long, or gives more than it received.
   *
   * @fix Delegate again along a permitted path.
   */
  | 'token_chain'
  /**
   * The DPoP proof is missing, wrong or used before.
   *
   * @fix Send a new proof of the key that the token is bound to.
   */
  | 'token_proof';

/**
 * A transaction token is refused. `code` says why.
 *
 * @fix Exchange for a new token.
 */
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
type ExchangeProblem =
  /**
   * The form is malformed or incomplete.
   *
   * @fix Send the parameters of RFC 8693.
   */
  | 'invalid_request'
  /**
   * The audience is not this trust domain.
   *
   * @fix Name the trust domain of the bundle.
   */
  | 'invalid_target'
  /**
   * The scope is unknown, or wider than the one before.
   *
   * @fix Ask for a scope of the bundle; only narrow it.
   */
  | 'invalid_scope'
  /**
   * The subject or actor token proves nothing here.
   *
   * @fix Get a credential of a declared issuer.
   */
  | 'invalid_grant'
  /**
   * The `authorization_details` are malformed, or wider than before.
   *
   * @fix Only narrow them (RFC 9396, section 5).
   */
  | 'invalid_authorization_details'
  /**
   * The DPoP proof is wrong or used before.
   *
   * @fix Send a new proof (RFC 9449, section 5).
   */
  | 'invalid_dpop_proof'
  /**
   * A policy or a mandate forbids the exchange.
   *
   * @fix See `writ explain` of the decision in the message.
   */
  | 'access_denied';

/**
 * A token exchange is refused. `problem` is the `error` of the OAuth response.
 *
 * @fix Act on the problem; see the table of its values.
 * @status 400
 */
export class ExchangeError extends WritError {
  readonly code = 'exchange_refused';

  constructor(
    readonly problem: ExchangeProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
  }
}

/**
 * The mapping from claims to an identity is invalid.
 *
 * @fix Mend `identity` of the issuer in writ.yaml.
 */
export class IdentityMappingError extends WritError {
  readonly code = 'identity_mapping_invalid';

  /** @param offset of the character in `identity.id` */
  constructor(
    message: string,
    help: string | undefined,
    readonly offset: number,
  ) {
    super(message, help);
  }
}

/**
 * A key that `writ.yaml` brings in from a file or a variable is not there, or is too weak.
 *
 * @fix Put a random key of at least 32 characters where `key` of the caller or client says: `openssl rand -base64 32`.
 */
export class BroughtKeyError extends WritError {
  readonly code = 'brought_key_refused';
}

type CallerKeyProblem =
  /**
   * No caller or client has the name.
   *
   * @fix Look at the names with `writ caller list`.
   * @status 404
   */
  | 'unknown'
  /**
   * The request does not fit the caller: the name is taken, its key is brought in, or another service keeps the keys.
   *
   * @fix Act on the message.
   * @status 409
   */
  | 'conflict';

/**
 * The key of a caller cannot be made, rotated or revoked so. `problem` says why.
 *
 * @fix Look at the names and their keys with `writ caller list`.
 */
export class CallerKeyError extends WritError {
  readonly code = 'caller_key_refused';

  constructor(
    readonly problem: CallerKeyProblem,
    message: string,
    help?: string,
  ) {
    super(message, help);
  }
}
