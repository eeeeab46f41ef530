import { StoreError } from '../../store/errors.js';
import { openSqlite } from '../../store/sqlite.js';
import { causeOf, type Found, ok, wrong } from './found.js';

const FLOOR = [20, 19] as const;

/** Checks the requirements of Writ on the machine. */
export function machineChecks(): Found[] {
  const found: Found[] = [];
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
  found.push(
    isNew
      ? ok(`Node ${process.versions.node}`)
      : wrong(`Node ${process.versions.node} is too old`, `install Node ${FLOOR.join('.')} or newer`),
  );
  try {
    const db = openSqlite(':memory:');
    found.push(ok(`SQLite ${db.prepare('select sqlite_version()').pluck().get()}`));
    db.close();
  } catch (error) {
    const help = error instanceof StoreError ? error.help : undefined;
    found.push(wrong(causeOf(error), help ?? 'install again with this Node: npm ci'));
  }
  return found;
}
