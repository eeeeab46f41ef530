import { WritError } from '../lib/errors.js';

/** The error code of RFC 8935, section 2.4, and one more. */
type SetProblem =
  /**
   * The token is malformed, or of no known event.
   *
   * @fix Send a security event token (RFC 8417).
   */
  | 'invalid_request'
  /**
   * A key of the token is unknown or of the wrong kind.
   *
   * @fix Sign with a published key.
   */
  | 'invalid_key'
  /**
   * The issuer is not that of the stream.
   *
   * @fix Send events of the declared transmitter.
   */
  | 'invalid_issuer'
  /**
   * The audience is not this receiver.
   *
   * @fix Address the token to this receiver.
   */
  | 'invalid_audience'
  /**
   * The signature does not verify.
   *
   * @fix Sign with a published key.
   */
  | 'authentication_failed'
  /**
   * The transmitter may not send this event.
   *
   * @fix Declare the event for the stream in the bundle.
   */
  | 'access_denied'
  /**
   * The keys of the transmitter are unreachable; the token is not at fault.
   *
   * @fix Send the token again later.
   * @status 503
   */
  | 'keys_unreachable';

type StreamErrorCode =
  /**
   * A transmitter did not answer as it should.
   *
   * @fix Check the transmitter; the stream is tried again.
   * @status 503
   */
  | 'stream_failed'
  /**
   * The transmitter has another stream than the declared one. It is not tried again.
   *
   * @fix Mend the stream in writ.yaml or at the transmitter.
   * @status 503
   */
  | 'stream_is_another';

/**
 * A security event token is refused. `problem` says why.
 *
 * @fix Act on the problem; see the table of its values.
 * @status 400
 */
export class SetError extends WritError {
  readonly code = 'event_refused';

  constructor(
    readonly problem: SetProblem,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
  }
}

/**
 * A transmitter of signals failed. `code` says how.
 *
 * @fix Check the stream in writ.yaml and the transmitter.
 * @status 503
 */
export class StreamError extends WritError {
  constructor(
    message: string,
    options?: ErrorOptions,
    readonly code: StreamErrorCode = 'stream_failed',
  ) {
    super(message, undefined, options);
  }
}
