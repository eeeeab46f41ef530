import { WritError } from '../../lib/errors.js';

/**
 * A signed note or a key of one is malformed, or its signature does not verify.
 *
 * @fix Give the right key with --key or --witness.
 */
export class NoteError extends WritError {
  readonly code = 'note_invalid';
}

/**
 * A log, or a part of it, does not prove its content.
 *
 * @fix Treat the log as changed; compare it with copies and witnesses.
 * @status 409
 */
export class LogProofError extends WritError {
  readonly code = 'log_proof_invalid';
}
