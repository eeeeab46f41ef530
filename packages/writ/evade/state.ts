import type { Change } from './mutant.js';
import type { Trial } from './trial.js';

/** The tries that were made: a file with a line of JSON for each, so that a run continues where the last one stopped. */
export interface Line extends Trial {
  readonly seed: number;
  readonly try: number;
  /** The written evasions and the operators that the numbers are of. */
  readonly plan: string;
  readonly commit: string;
  readonly class: string;
  readonly evasion: string;
  readonly changes: readonly Change[];
}
