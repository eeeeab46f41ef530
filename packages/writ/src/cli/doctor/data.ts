import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf, type Found, ok, warning, wrong } from './found.js';

const LOW_BYTES = 1024 ** 3;

/** The folder with the store and the keys. */
export function dataChecks(data: string): Found[] {
  if (!existsSync(data)) return [warning(`there is no ${data} yet`, '`writ start` makes it; name another with --data')];
  const found: Found[] = [];
  try {
    accessSync(data, constants.R_OK | constants.W_OK | constants.X_OK);
    found.push(ok(`${data} can be written`));
  } catch (error) {
    found.push(wrong(causeOf(error), 'it has to belong to whoever runs `writ start`'));
  }
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  const space = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  if (free < LOW_BYTES) found.push(warning(space, 'nothing is permitted when a decision cannot be recorded'));
  else found.push(ok(space));
  return [...found, ...keyChecks(join(data, 'keys'))];
}

function keyChecks(folder: string): Found[] {
  if (!existsSync(folder)) return [];
  // Public keys may be readable by everybody.
  const names = readdirSync(folder).filter((name) => !name.endsWith('.pub'));
  const files = names.map((name) => join(folder, name));
  // Windows has no such modes.
  const open = process.platform === 'win32' ? [] : files.filter((file) => (statSync(file).mode & 0o077) !== 0);
  if (open.length === 0) return [ok(`${files.length} keys, readable by their owner alone`)];
  return [
    wrong(
      `others can read ${open.join(', ')}`,
      `chmod 600 ${open.join(' ')}; and create new ones if others may have read them`,
    ),
  ];
}
