import type { Step } from '../test/evasions/evasion.js';
import { type Change, mutated } from './mutant.js';
import type { Target } from './targets.js';
import { tried } from './trial.js';

/** A mutant that went through, with no change that it does without. */
export interface Smallest {
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
}

/** Takes changes from a mutant that went through, one after the other, for as long as it goes through. */
export async function minimised(target: Target, changes: readonly Change[]): Promise<Smallest> {
  let least = changes;
  for (let i = least.length - 1; i >= 0; i -= 1) {
    const fewer = least.filter((_, at) => at !== i);
    if ((await passes(target, fewer)) !== undefined) least = fewer;
  }
  return { changes: least, steps: (await passes(target, least)) ?? target.evasion.attack };
}

async function passes(target: Target, changes: readonly Change[]): Promise<readonly Step[] | undefined> {
  const steps = mutated(target.evasion.attack, changes, target.tools);
  if (steps === undefined) return undefined;
  return (await tried(target, steps)).result === 'passed' ? steps : undefined;
}
