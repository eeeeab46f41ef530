import { WritError } from '../../lib/errors.js';

/** Entries could not be handed to a sink. They are sent again. */
export class ExportError extends WritError {
  readonly code = 'export_failed';
}
