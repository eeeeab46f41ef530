import { StoreError } from '../store/errors.js';
import { isPostgresUrl } from '../store/postgres.js';

/**
 * Returns the URL of the database from --store or WRIT_STORE; undefined if neither is set. The URL has a password, which the list of
 * processes shows, so the environment is the better place.
 *
 * @throws {StoreError} if it is not a PostgreSQL URL
 */
export function storeOf(flag: string | undefined): string | undefined {
  const where = flag ?? process.env.WRIT_STORE;
  if (where === undefined || where === '') return undefined;
  if (isPostgresUrl(where)) return where;
  throw new StoreError(
    'the store is a PostgreSQL URL',
    'as postgres://user:password@host/name; leave it out for SQLite in --data',
  );
}
