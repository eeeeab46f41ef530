import type { Tools } from '#writ/ledger/flow/tool-description.js';
import { randomOf } from '../kills/random.js';
import type { Step } from '../test/evasions/evasion.js';
import { OPERATORS } from './operators/operators.js';

/** One change of an attack: by which operator, and with which random numbers. */
export type Change = readonly [operator: string, seed: number];

const BY_NAME = new Map(OPERATORS.map((operator) => [operator.name, operator]));
/** An attack of more steps, or of longer texts, is no better than a shorter one. */
const MAX_SIZE = 20_000;

/** Makes the steps of a mutant from those of a written attack. @returns undefined if a change does not apply */
export function mutated(steps: readonly Step[], changes: readonly Change[], tools: Tools): readonly Step[] | undefined {
  let made: readonly Step[] | undefined = steps;
  for (const [name, seed] of changes) {
    made = BY_NAME.get(name)?.apply(made, tools, randomOf(seed, 1));
    if (made === undefined) return undefined;
  }
  return JSON.stringify(made).length > MAX_SIZE ? undefined : made;
}
