import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Returns the path of a file beside these sources, which are run from `abuse` and from `dist/abuse`. */
export function sourceFile(name: string): string {
  const beside = fileURLToPath(new URL(name, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../abuse/${name}`, import.meta.url));
}
