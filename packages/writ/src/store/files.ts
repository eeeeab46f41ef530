/** The SQLite database in the data folder. */
export const STORE_FILE = 'writ.db';
/** The search index beside the database; it can be deleted and is built again. */
export const INDEX_FILE = 'index.db';
/** The last bundle that was served. */
export const LAST_GOOD_FILE = 'last-good.json';
/** The folder of what was refused without a decision and is not on the record yet. */
export const ATTEMPTS_FOLDER = 'attempts';
/** In a data folder while a restore replaces what is in it. */
export const RESTORING_FILE = 'restoring';
/** Stays in a data folder whose store came from a backup: such a service has enforced, whatever its log says. */
export const RESTORED_FILE = 'restored';
/** The folder of the keys, which are not in the store. */
export const KEYS_FOLDER = 'keys';
/** In the folder of the keys: the key of the secrets in the store, unless it has another source. */
export const STORE_KEY_FILE = 'store.key';
/** In the folder of the keys: says that the store has digests of its state. */
export const STATE_BEGUN_FILE = 'state.begun';
