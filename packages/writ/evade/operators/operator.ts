import type { Tools } from '#writ/ledger/flow/tool-description.js';
import type { Random } from '../../kills/random.js';
import type { Step } from '../../test/evasions/evasion.js';

/** A way to change an attack. */
export interface Operator {
  readonly name: string;
  /** Returns the steps of another attack; undefined if it does not apply. */
  apply(steps: readonly Step[], tools: Tools, random: Random): readonly Step[] | undefined;
}

export function oneOf<T>(all: readonly T[], random: Random): T | undefined {
  return all.length === 0 ? undefined : all[random.pick(all.length)];
}

/** Returns steps with others instead of one. */
export function spliced(steps: readonly Step[], at: number, by: readonly Step[]): readonly Step[] {
  return [...steps.slice(0, at), ...by, ...steps.slice(at + 1)];
}
