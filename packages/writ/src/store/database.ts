import type Sqlite from 'better-sqlite3';
import { openSqlite } from './sqlite.js';

/** Opens the embedded database so that a write that has returned is on disk: the journal is synced at every commit. */
export function openDatabase(file: string): Sqlite.Database {
  const database = openSqlite(file, { timeout: 5_000 });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  return database;
}
