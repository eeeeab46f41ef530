import type { Random } from '../kills/random.js';
import type { Change } from './mutant.js';
import type { Trial } from './trial.js';

/** The most parents of one evasion. */
const MAX_PARENTS = 12;

interface Parent {
  readonly changes: readonly Change[];
  readonly by: string;
  /** The less stands in its way, the lower. */
  readonly distance: number;
}

/**
 * The attacks that others are made from: the written one, and mutants of it that are stopped otherwise. Those that less stands in the
 * way of are chosen more often.
 */
export class Population {
  private readonly parents: Parent[] = [{ changes: [], by: '', distance: 3 }];

  pick(random: Random): readonly Change[] {
    const [one, other] = [random.pick(this.parents.length), random.pick(this.parents.length)].map(
      (i) => this.parents[i] as Parent,
    ) as [Parent, Parent];
    return (one.distance <= other.distance ? one : other).changes;
  }

  /** Keeps a mutant that was stopped, if nothing like it is known. */
  add(changes: readonly Change[], { result, by }: Trial): void {
    if (result !== 'stopped' || this.parents.some((one) => one.by === by)) return;
    this.parents.push({ changes, by, distance: distanceOf(by) });
    if (this.parents.length <= MAX_PARENTS) return;
    const farthest = this.parents.slice(1).reduce((far, one) => (one.distance > far.distance ? one : far));
    this.parents.splice(this.parents.indexOf(farthest), 1);
  }
}

/** A denial is farther from a permit than a question, many policies are farther than one, and an early end is farthest. */
function distanceOf(by: string): number {
  const early = by.startsWith('before the end') ? 4 : 0;
  const denied = by.includes('deny') ? 2 : 0;
  return early + denied + by.split(' ').filter((word) => word.startsWith('guard-')).length;
}
