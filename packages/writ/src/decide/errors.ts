import { WritError } from '../lib/errors.js';

/**
 * The service does not decide as it must. It does not become ready.
 *
 * @fix Report it: it is a fault of this build.
 */
export class SelfTestError extends WritError {
  readonly code = 'self_test_failed';
}

/**
 * The entity that the page before ended with does not exist any more.
 *
 * @fix Begin the search again without a page token.
 * @status 400
 */
export class SearchPlaceLost extends WritError {
  readonly code = 'search_place_lost';
}
