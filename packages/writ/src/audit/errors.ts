import { WritError } from '../lib/errors.js';

/** Something could not be put on the record. What it was about does not happen. */
export class RecordError extends WritError {
  readonly code = 'record_unavailable';
}
