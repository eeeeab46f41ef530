import { WritError } from '../lib/errors.js';

/**
 * The store cannot be opened, or is not of this version.
 *
 * @fix Check --data or --store; upgrade the older of Writ and the store.
 */
export class StoreError extends WritError {
  readonly code = 'store_unavailable';
}
