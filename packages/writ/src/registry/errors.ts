import { WritError } from '../lib/errors.js';
import type { Revocation } from './revocation.js';

type EntityErrorCode =
  /**
   * The entity was changed since it was read, or exists already.
   *
   * @fix Read it again and repeat the change.
   * @status 412
   */
  | 'entity_changed'
  /**
   * The entity does not fit the schema.
   *
   * @fix Mend the entity as the message says.
   * @status 422
   */
  | 'entity_invalid'
  /**
   * The entity belongs to the bundle.
   *
   * @fix Change it in the bundle.
   * @status 409
   */
  | 'entity_is_code';

/**
 * A change of facts is refused. `code` says why.
 *
 * @fix Read the entity again and repeat the change.
 */
export class EntityError extends WritError {
  constructor(
    readonly code: EntityErrorCode,
    message: string,
    help?: string,
    options?: ErrorOptions,
  ) {
    super(message, help, options);
  }
}

/**
 * A key cannot be registered for an identity.
 *
 * @fix Register a public EC key on P-256 or an Ed25519 key that no other identity has.
 * @status 400
 */
export class KeyRegistrationError extends WritError {
  readonly code = 'key_refused';
}

/**
 * A source of facts failed, or its description is invalid.
 *
 * @fix Check the source in facts.yaml; its last good facts stay in use until they are too old.
 */
export class FetchError extends WritError {
  readonly code = 'fetch_failed';
}

/**
 * A revocation is in force and not on disk: the disk is full, or the database is lost. It is written as soon as it can be; if
 * the process ends before, it is lost.
 *
 * @fix Make room, or bring the database back; do not stop the service before.
 * @status 503
 */
export class UnsavedRevocationError extends WritError {
  readonly code = 'revocation_not_saved';

  constructor(readonly revocation: Revocation) {
    super('the revocation is in force, and not on disk yet', 'make room, or bring the database back');
  }
}

/**
 * Too many revocations are in force and not on disk. A further one is refused, and nothing is permitted until the disk takes them.
 *
 * @fix Make room, or bring the database back; then revoke again.
 * @status 503
 */
export class TooManyRevocationsError extends WritError {
  readonly code = 'too_many_unsaved_revocations';

  constructor() {
    super(
      'too many revocations are not on disk yet: this one is not in force, and nothing is permitted meanwhile',
      'make room, or bring the database back; then revoke again',
    );
  }
}
