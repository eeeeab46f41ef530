import { WritError } from '../lib/errors.js';

/**
 * A permit has an obligation that cannot be carried out here. The operation is not carried out, or its result is
 * withheld.
 *
 * @fix Use an enforcement point that supports the obligation, or change the obligation.
 */
export class ObligationError extends WritError {
  readonly code = 'obligation_failed';
}
