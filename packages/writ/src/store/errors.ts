import { WritError } from '../lib/errors.js';

/** The store could not be opened, or is not the store of this version. */
export class StoreError extends WritError {
  readonly code = 'store_unavailable';
}
