import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { readableByOthers } from '../../store/private-folder.js';
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
  return [...found, ...modeChecks(data)];
}

/** Whether others can read the keys, the store with its secrets, or anything else of the service. */
function modeChecks(data: string): Found[] {
  const open = readableByOthers(data);
  if (open.length === 0) return [ok(`${data} and what is in it can be read by its owner alone`)];
  return [
    wrong(
      `others can read ${open.join(', ')}`,
      `chmod -R go-rwx ${data}; and create new keys if others may have read them`,
    ),
  ];
}
