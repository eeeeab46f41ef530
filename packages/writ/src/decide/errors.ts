import { WritError } from '../lib/errors.js';

/** The service does not decide as it must. It does not become ready. */
export class SelfTestError extends WritError {
  readonly code = 'self_test_failed';
}

/** Thrown when the entity that a page ended with is not there any more. */
export class SearchPlaceLost extends Error {}
