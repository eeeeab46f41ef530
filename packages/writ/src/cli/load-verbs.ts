import { existsSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { GROUPS, type Verb } from './verb.js';

const FOLDER = new URL('./verbs/', import.meta.url);
const EXTENSION = extname(import.meta.url);

/**
 * Loads the verb that these words call, alone. If they call none, it loads the possible continuations: the verbs of
 * the top level in the order of `writ --help`, or a verb with its subverbs.
 */
export async function loadVerbs(words: readonly string[]): Promise<Verb[]> {
  const names = namesIn(FOLDER);
  const [first, ...rest] = words;
  if (first !== undefined && names.includes(first)) return [await load(first, FOLDER, rest)];
  const verbs = await Promise.all(names.map((name) => declaredIn(new URL(name, FOLDER))));
  const rank = (verb: Verb): number => GROUPS.findIndex((group) => verb.helpGroup() === `${group}:`);
  return verbs.sort((a, b) => rank(a) - rank(b));
}

/** Returns the names of the verbs below a noun; of those of the top level without one. */
export function verbNames(noun?: string): string[] {
  if (noun === undefined) return namesIn(FOLDER);
  return namesIn(FOLDER).includes(noun) ? namesIn(new URL(`${noun}/`, FOLDER)) : [];
}

async function load(name: string, folder: URL, words: readonly string[]): Promise<Verb> {
  const verb = await declaredIn(new URL(name, folder));
  const below = new URL(`${name}/`, folder);
  const names = namesIn(below);
  const [first, ...rest] = words;
  const called = first !== undefined && names.includes(first) ? [first] : names;
  for (const one of called) {
    const subverb = await load(one, below, rest);
    if (!verb.commands.includes(subverb)) verb.addCommand(subverb);
  }
  return verb;
}

function namesIn(folder: URL): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^[a-z-]+\.[jt]s$/.test(file) && file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

async function declaredIn(file: URL): Promise<Verb> {
  const declared = (await import(`${file.href}${EXTENSION}`)) as { readonly default: Verb };
  return declared.default;
}
