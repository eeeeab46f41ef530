import { createRequire } from 'node:module';
import type Sqlite from 'better-sqlite3';
import { sqliteFor } from './dialect.js';
import { StoreError } from './errors.js';
import { touchPrivate } from './private-folder.js';

type Constructor = typeof Sqlite;

/**
 * Opens a SQLite database, with the binary for the Node that runs this: `better-sqlite3` 12 is the last for Node 20, and under Node 24
 * a statement of its that is collected can end the process; 13 needs Node 22 (docs/decisions/0021).
 *
 * @throws {StoreError} when it was not installed for this Node
 * @throws {Error} of SQLite, when the file cannot be opened
 * @example const database = openSqlite('data/writ.db', { readonly: true });
 */
export function openSqlite(file: string, options?: Sqlite.Options): Sqlite.Database {
  loaded ??= load(process.versions.node);
  if (options?.readonly !== true && options?.fileMustExist !== true && file !== ':memory:') touchPrivate(file);
  return new loaded(file, options);
}

let loaded: Constructor | undefined;

function load(node: string): Constructor {
  const name = sqliteFor(node);
  try {
    return createRequire(import.meta.url)(name) as Constructor;
  } catch (cause) {
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1);
    throw new StoreError(
      `SQLite does not load under Node ${node} (${name}): ${why}`,
      name === 'better-sqlite3'
        ? 'use Node 22 or newer, which needs no compiler; or install with this Node, Python, make and a C++ compiler: npm ci'
        : 'install with this Node, optional packages too: npm ci',
      { cause },
    );
  }
}
