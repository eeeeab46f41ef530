import { WritError } from '../lib/errors.js';

/** A change of facts that cannot be made as asked: it does not fit the schema, is about an entity of the bundle, or somebody was first. */
export class EntityError extends WritError {
  constructor(
    readonly code: 'entity_changed' | 'entity_invalid' | 'entity_is_code',
    message: string,
    help?: string,
    options?: ErrorOptions,
  ) {
    super(message, help, options);
  }
}

/** A key that cannot be registered as an identity's. */
export class KeyRegistrationError extends WritError {
  readonly code = 'key_refused';
}

/** A source of facts that did not say what it was asked, or is described wrongly. */
export class FetchError extends WritError {
  readonly code = 'fetch_failed';
}

/** A security event token that is refused, with the error code of RFC 8935, section 2.4. */
export class SetError extends WritError {
  constructor(
    readonly code:
      | 'invalid_request'
      | 'invalid_key'
      | 'invalid_issuer'
      | 'invalid_audience'
      | 'authentication_failed'
      | 'access_denied'
      /** Not the token's fault: it is to be sent again. */
      | 'keys_unreachable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
  }
}

/** A transmitter of signals that does not answer as it should. */
export class StreamError extends WritError {
  constructor(
    message: string,
    options?: ErrorOptions,
    /** `stream_is_another`: to ask again would not help. */
    readonly code: 'stream_failed' | 'stream_is_another' = 'stream_failed',
  ) {
    super(message, undefined, options);
  }
}
