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

/**
 * The store was written by a newer version, whose tables this one does not know. Nothing in it was changed.
 *
 * @fix Use the newer version, or restore a backup from before the upgrade.
 */
export class NewerStoreError extends WritError {
  readonly code = 'store_newer';
}

/**
 * A backup cannot be made, or is not what was backed up. Nothing was replaced.
 *
 * @fix Take another backup; give `writ data restore` the keys of the service that made it.
 */
export class BackupError extends WritError {
  readonly code = 'backup_unusable';
}
