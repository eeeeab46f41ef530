import { WritError } from '../lib/errors.js';

/**
 * The store cannot be opened, or is not of this version.
 *
 * @fix Check --data or --store; upgrade the older of Writ and the store.
 */
export class StoreError extends WritError {
  readonly code = 'store_unavailable';
}

/**
 * The key that the secrets of the store are wrapped with is missing, is another one, or does not open a value.
 *
 * @fix Bring back `keys/store.key`, or name its source with --store-key. No other key opens the store.
 */
export class StoreKeyError extends WritError {
  readonly code = 'store_key_unavailable';
}
