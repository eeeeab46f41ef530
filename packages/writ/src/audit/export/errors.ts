import { WritError } from '../../lib/errors.js';

/**
 * Entries could not be delivered to a sink. They are sent again.
 *
 * @fix Check the sink in writ.yaml and its receiver.
 */
export class ExportError extends WritError {
  readonly code = 'export_failed';
}
