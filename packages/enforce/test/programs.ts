import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const INSTALLED = fileURLToPath(new URL('../../../node_modules/.writ/programs/bin', import.meta.url));

/**
 * Returns the path of a program of another project: what `npm run test-programs` installed, or what is on the PATH.
 *
 * @returns undefined if it is not here; a test then leaves it out, and `npm test` says so
 */
export function findProgram(name: string): string | undefined {
  return [INSTALLED, ...(process.env.PATH ?? '').split(delimiter)]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
