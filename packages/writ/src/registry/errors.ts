import { WritError } from '../errors.js';

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
