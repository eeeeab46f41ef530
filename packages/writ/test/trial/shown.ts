import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** A place that shows something: a test by its file and name, or a heading of a guide. */
export type Shown =
  | { readonly test: readonly [file: string, name: string] }
  | { readonly page: readonly [file: string, heading: string] };

/** A test of `packages/writ`. */
export const test = (file: string, name: string): Shown => ({ test: [`packages/writ/${file}`, name] });

/** A heading of a guide in `docs`. */
export const page = (file: string, heading: string): Shown => ({ page: [`docs/${file}`, heading] });

/** Returns true if the test, or the heading, is there. */
export function isThere(shown: Shown): boolean {
  const [file, name] = 'test' in shown ? shown.test : shown.page;
  if (!existsSync(join(ROOT, file))) return false;
  const text = readFileSync(join(ROOT, file), 'utf8');
  return 'test' in shown ? text.includes(name) : text.split('\n').some((line) => /^#+ (.*)$/.exec(line)?.[1] === name);
}
