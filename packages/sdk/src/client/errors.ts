import { WritError } from '../lib/errors.js';

/**
 * The decision point did not answer, or its answer cannot be relied on. The operation is not carried out.
 *
 * @fix Start the service, or name another one with --service.
 */
export class DecisionPointError extends WritError {
  readonly code = 'decision_point_unreachable';
}
