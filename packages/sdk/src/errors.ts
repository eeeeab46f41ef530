/**
 * A token could not be had. `code` is the token service's `error` (`access_denied`, `invalid_scope`, …), `service_unreachable`
 * when it did not answer, or `unexpected_answer`. Without a token there is no permission to go on with.
 */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
