import { BoundedCache } from '@writ/sdk/lib/bounded-cache';
import { Effects } from './effects/effects.js';
import type { ShellFacts } from './facts.js';
import { NotUnderstood } from './not-understood.js';
import { readScript } from './walk.js';

/** The shell that reads the text. `sh` refuses what only bash reads as bash does. */
type Shell = 'bash' | 'sh';

const CACHED = 2_000;
/** Longer texts are not kept, so that the cache is at most some megabytes. */
const LONGEST_CACHED = 2_048;

const caches = { bash: new BoundedCache<string, ShellFacts>(CACHED), sh: new BoundedCache<string, ShellFacts>(CACHED) };

/** Returns what a text does when a shell runs it in a fresh process, or that this is not understood. Never throws. */
export function readShell(text: string, shell: Shell = 'bash'): ShellFacts {
  const cache = caches[shell];
  const known = cache.get(text);
  if (known !== undefined) return known;
  const facts = readAfresh(text, shell);
  if (text.length <= LONGEST_CACHED) cache.set(text, facts);
  return facts;
}

/** Returns the same without the cache. */
export function readAfresh(text: string, shell: Shell = 'bash'): ShellFacts {
  const effects = new Effects();
  try {
    readScript(text, {
      ...{ effects, budget: { nodes: 0 }, depth: 0, isPosix: shell === 'sh', directories: ['.'] },
      ...{ input: { from: 'tool' }, remote: undefined },
    });
    return effects.facts();
  } catch (error) {
    if (error instanceof NotUnderstood) return error.facts();
    // A fault of the parser, or its stack: the text is not understood either.
    const why = `the text cannot be read: ${String((error as Error)?.message ?? error)}`;
    return new NotUnderstood('syntax', text, 0, why).facts();
  }
}
