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

/**
 * The data folder or the database is not as the service left it, so the service does not start.
 *
 * @fix Restore the whole folder, or the database and the keys, from one copy; or accept it with `writ start --accept-state REASON`.
 */
export class StateError extends WritError {
  readonly code = 'state_changed';
}

/**
 * While the database was lost, another service wrote the record, or what this one had written is not there. The ledger in
 * memory is not that of the record any more, so the service ends.
 *
 * @fix Start the service again: it reads the record. If entries are missing, look at how the database failed over.
 * @status 503
 */
export class RecordTakenOverError extends WritError {
  readonly code = 'record_taken_over';
}
