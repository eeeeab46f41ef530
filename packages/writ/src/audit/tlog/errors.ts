import { WritError } from '../../lib/errors.js';

/** A signed note, or a key of one, that is not what it should be. */
export class NoteError extends WritError {
  readonly code = 'note_invalid';
}

/** A log, or a part of it, that does not prove what it says. */
export class LogProofError extends WritError {
  readonly code = 'log_proof_invalid';
}
