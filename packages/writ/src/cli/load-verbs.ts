import { existsSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { GROUPS, type Verb } from './verb.js';

const FOLDER = new URL('./verbs/', import.meta.url);
const EXTENSION = extname(import.meta.url);

/** Loads the verb of this name with its subverbs; all verbs, in the order of `writ --help`, if there is no such verb. */
export async function loadVerbs(name: string | undefined): Promise<Verb[]> {
  const names = namesIn(FOLDER);
  const verbs = await Promise.all((name !== undefined && names.includes(name) ? [name] : names).map(load));
  const rank = (verb: Verb): number => GROUPS.findIndex((group) => verb.helpGroup() === `${group}:`);
  return verbs.sort((a, b) => rank(a) - rank(b));
}

async function load(name: string): Promise<Verb> {
  const verb = await declaredIn(new URL(name, FOLDER));
  const folder = new URL(`${name}/`, FOLDER);
  if (existsSync(folder))
    for (const file of namesIn(folder)) {
      const subverb = await declaredIn(new URL(file, folder));
      if (!verb.commands.includes(subverb)) verb.addCommand(subverb);
    }
  return verb;
}

function namesIn(folder: URL): string[] {
  return readdirSync(folder)
    .filter((file) => /^[a-z-]+\.[jt]s$/.test(file) && file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

async function declaredIn(file: URL): Promise<Verb> {
  const declared = (await import(`${file.href}${EXTENSION}`)) as { readonly default: Verb };
  return declared.default;
}
