/** The kills that were made: a file with a line of JSON for each, so that a run continues where the last one stopped. */

import { inColumns } from '../abuse/columns.js';
import { groupsOf } from './groups.js';
import type { Kind, Store } from './plan.js';
import type { Watched } from './watch.js';

export interface Line {
  readonly seed: number;
  readonly kill: number;
  readonly commit: string;
  /** The kinds, stores and durability that the numbers are of. */
  readonly plan: string;
  readonly kind: Kind;
  readonly store: Store;
  readonly result: 'held' | 'failed';
  /** How the service said that it cannot decide, for a fault that it survives. */
  readonly watched?: Watched;
  /** Answers of this kill that were acknowledged. */
  readonly acknowledged: number;
  readonly ms: number;
  readonly at: string;
  readonly problems?: readonly string[];
}

/** Returns the table of the kills by commit, seed, kind and store, and a last line with the sums. */
export function tally(lines: readonly Line[]): string {
  const groups = groupsOf(lines, ({ commit, seed, kind, store }) => `${commit} ${seed} ${kind} ${store}`);
  const rows = groups.map((group) => {
    const { commit, seed, kind, store } = group[0] as Line;
    const held = group.filter(({ result }) => result === 'held').length;
    const watched = group.flatMap(({ watched }) => (watched === undefined ? [] : [watched]));
    const said = watched.flatMap(({ how, saidAfterMs }) =>
      how === 'said' && saidAfterMs !== undefined ? [saidAfterMs] : [],
    );
    const unjudged = watched.filter(({ how }) => how === 'unjudged').length;
    const within = said.length === 0 ? '-' : `${said.length} in ${(Math.max(...said) / 1_000).toFixed(1)} s at most`;
    const answers = group.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    return [commit, seed, kind, store, group.length, held, group.length - held, answers, within, unjudged].map(String);
  });
  const head = ['commit', 'seed', 'kind', 'store', 'kills', 'held', 'failed', 'acknowledged', 'said so', 'not judged'];
  const all = [head, ...rows.sort((a, b) => a.join(' ').localeCompare(b.join(' ')))];
  const failed = lines.filter(({ result }) => result === 'failed').length;
  const sum = `${lines.length} kills: ${lines.length - failed} held, ${failed} failed`;
  return `${inColumns(all)}\n${sum}`;
}
