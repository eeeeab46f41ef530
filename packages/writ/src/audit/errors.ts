import { WritError } from '../lib/errors.js';

/**
 * An entry could not be recorded, so its operation does not happen.
 *
 * @fix Check the disk or the database, then restart the service.
 * @status 503
 */
export class RecordError extends WritError {
  readonly code = 'record_unavailable';
}
