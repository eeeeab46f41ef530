/** The SQLite database in the data folder. */
export const STORE_FILE = 'writ.db';
/** The search index beside the database; it can be deleted and is built again. */
export const INDEX_FILE = 'index.db';
/** The last bundle that was served. */
export const LAST_GOOD_FILE = 'last-good.json';
/** The folder of what was refused without a decision and is not on the record yet. */
export const ATTEMPTS_FOLDER = 'attempts';
