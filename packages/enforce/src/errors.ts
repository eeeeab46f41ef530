import { WritError } from '@writ/sdk/lib/errors';

/**
 * An operation could not be mapped to a request for a decision, so it is not carried out.
 *
 * @fix Mend the mapping of the tool in the bundle.
 */
export class MappingError extends WritError {
  readonly code = 'mapping_failed';
}

/**
 * A call needs a justification from the user, and has none. It is not made.
 *
 * @fix Ask the user why the call is needed, and make it again.
 */
export class JustificationNeeded extends WritError {
  readonly code = 'justification_needed';
}

/**
 * A permit was ended twice. Its first end counts.
 *
 * @fix Report it: an enforcement point has a fault.
 */
export class PermitOverError extends WritError {
  readonly code = 'permit_over';
}
