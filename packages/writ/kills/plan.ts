/** Which kill is made when: by its number and the seed alone, so that a run can continue, and a kill can be made again. */

import { randomOf } from './random.js';

export const KINDS = ['service', 'paused', 'postgres', 'stopped', 'frozen', 'disk'] as const;
export type Kind = (typeof KINDS)[number];
export const STORES = ['sqlite', 'postgres'] as const;
export type Store = (typeof STORES)[number];

/** The kinds that can happen to a service on each store. */
const ON: Readonly<Record<Store, readonly Kind[]>> = {
  sqlite: ['service', 'paused', 'disk'],
  postgres: ['service', 'paused', 'postgres', 'stopped', 'frozen'],
};
/** How often, against the others. A kill of the service is the fastest, and leaves most undone. */
const WEIGHT: Readonly<Record<Kind, number>> = { service: 6, paused: 1, postgres: 2, stopped: 2, frozen: 1, disk: 3 };
/** The number of kills on one data folder. */
const SERIES = 25;

export interface Planned {
  readonly kill: number;
  readonly kind: Kind;
  readonly store: Store;
}

export interface Wanted {
  readonly seed: number;
  readonly kinds: readonly Kind[];
  readonly stores: readonly Store[];
}

/** Returns the kill of a number, from 1 on; undefined if no store has one of the kinds. */
export function planned(kill: number, { seed, kinds, stores }: Wanted): Planned | undefined {
  const possible = stores.filter((store) => ON[store].some((kind) => kinds.includes(kind)));
  const store = possible[seriesOf(kill) % possible.length];
  if (store === undefined) return undefined;
  const bag = ON[store].filter((kind) => kinds.includes(kind)).flatMap((kind) => Array<Kind>(WEIGHT[kind]).fill(kind));
  return { kill, store, kind: bag[randomOf(seed, kill).pick(bag.length)] as Kind };
}

export function seriesOf(kill: number): number {
  return Math.floor((kill - 1) / SERIES);
}

/** Says which plan the numbers are of: another plan has other kills under the same numbers. */
export function nameOf({ kinds, stores }: Wanted, durability: string): string {
  return `${KINDS.filter((kind) => kinds.includes(kind)).join(',')} ${stores.join(',')} ${durability}`;
}
