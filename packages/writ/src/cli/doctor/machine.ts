import { createRequire } from 'node:module';
import { type Found, messageOf, ok, wrong } from './found.js';

const FLOOR = [20, 19] as const;

/** What Writ needs of the machine. */
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
    const Sqlite = createRequire(import.meta.url)('better-sqlite3') as new (
      file: string,
    ) => {
      prepare(sql: string): { pluck(): { get(): string } };
      close(): void;
    };
    const db = new Sqlite(':memory:');
    found.push(ok(`SQLite ${db.prepare('select sqlite_version()').pluck().get()}`));
    db.close();
  } catch (error) {
    found.push(
      wrong(`SQLite does not load: ${messageOf(error)}`, 'install again with this Node: npm rebuild better-sqlite3'),
    );
  }
  return found;
}
