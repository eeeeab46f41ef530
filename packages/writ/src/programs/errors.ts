import { WritError } from '../lib/errors.js';

/**
 * A file is not a catalogue snapshot of a database. The message says where.
 *
 * @fix Make it again with the query that `writ import --postgres-catalog --query` prints.
 */
export class CatalogueError extends WritError {
  readonly code = 'catalogue_invalid';
}
