import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedSuite } from './recorded.js';
import { writ } from './writ.js';

/** The kind of a task that nobody restricts: what its role may do. */
export const WITHOUT_KIND = 'anything';

/**
 * Drafts the bundle of a suite into an empty folder: what `writ init` makes of the list of tools, untouched, and one kind of
 * task for each task of the user, which names the changing tools of its ground truth and reading, and never a value.
 *
 * @param fromPrompt whether the words of the prompt narrow the mandate of a task
 */
export function draftBundle(
  bundle: string,
  tools: string,
  { kinds }: Pick<RecordedSuite, 'kinds'>,
  fromPrompt = false,
): void {
  rmSync(bundle, { recursive: true, force: true });
  mkdirSync(bundle, { recursive: true });
  writ(['init', bundle, '--tools', tools]);
  const lines = Object.entries(kinds).map(([kind, actions]) => {
    const changes = actions.length === 0 ? '' : `{ actions: ${JSON.stringify(actions)} }, `;
    const narrows = fromPrompt ? 'fromPrompt: words, ' : '';
    return `  ${kind}: { ${narrows}mandate: [${changes}{ effects: [read] }] }\n`;
  });
  const head = `default: ${WITHOUT_KIND}\ntasks:\n  ${WITHOUT_KIND}: { mandate: any }\n`;
  writeFileSync(join(bundle, 'tasks.yaml'), head + lines.join(''));
}

/** Returns a hash of the names and texts of all files of a bundle. */
export function hashOfBundle(bundle: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(bundle, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const path of paths) hash.update(path.slice(bundle.length)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
