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

/**
 * The caller has no permit of that id: the decision does not exist, is no permit, or is of another enforcement point.
 *
 * @fix Report the id that the answer to your own request had. Do not hand the result on: nothing was learned of it.
 * @status 404
 */
export class OutcomeNotAwaited extends WritError {
  readonly code = 'outcome_not_awaited';

  constructor(decisionId: string) {
    super(`you have no permit ${decisionId}`, 'report the id that the answer to your own request had');
  }
}

/**
 * Another outcome of the permit was reported before, and counts.
 *
 * @fix Report an outcome once, or again as it was. Do not hand the result on: nothing was learned of it.
 * @status 409
 */
export class OutcomeContradicts extends WritError {
  readonly code = 'outcome_contradicts';

  constructor(decisionId: string, why: string) {
    super(`the outcome of ${decisionId} is known: ${why}`, 'report an outcome once, or again as it was');
  }
}

/**
 * The decision of a permit cannot be read any more in a way that says what its result brings.
 *
 * @fix Do not hand the result on; make the call again.
 * @status 409
 */
export class OutcomeUnlearned extends WritError {
  readonly code = 'outcome_unlearned';

  constructor(decisionId: string) {
    super(`nothing can be learned of the result of ${decisionId}`, 'do not hand the result on; make the call again');
  }
}

/**
 * A start may not observe: the data folder has enforced before, or the time is out of bounds.
 *
 * @fix Start without observing, or with a new data folder and new keys.
 */
export class ObservationError extends WritError {
  readonly code = 'observation_refused';
}
