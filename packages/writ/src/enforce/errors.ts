import { WritError } from '../lib/errors.js';

/** The operation could not be turned into a request for a decision. It is not carried out. */
export class MappingError extends WritError {
  readonly code = 'mapping_failed';
}

/** The decision point did not answer, or not in a way that can be relied on. The operation is not carried out. */
export class DecisionPointError extends WritError {
  readonly code = 'decision_point_unreachable';
}

/** An upstream server cannot be used. */
export class UpstreamError extends WritError {
  readonly code = 'upstream_unavailable';
}

/** A permit asks for something that cannot be carried out here. The operation is not carried out, or its result is withheld. */
export class ObligationError extends WritError {
  readonly code = 'obligation_failed';
}

/** The user has to say first for what a call is needed. It is not made. */
export class JustificationNeeded extends WritError {
  readonly code = 'justification_needed';
}
