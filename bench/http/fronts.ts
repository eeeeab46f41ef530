import { envoyWithCerbos } from './envoy.js';
import type { FrontKind } from './front.js';
import { nodeHop } from './node-hop.js';
import { writProxy } from './writ-proxy.js';

/** The front against which the time that others add is measured: a hop that decides nothing. */
export const LEAST: FrontKind = nodeHop(false);

/** A front, and what is promised of it. */
interface Measured {
  readonly kind: FrontKind;
  /** The most that it may add at the median, in milliseconds. */
  readonly mostAdded?: number;
  /** The least requests a second. */
  readonly leastRate?: number;
}

/** The fronts of which the table has rows. A check endpoint and the protocols of Envoy are rows of this list. */
export const FRONTS: readonly Measured[] = [
  { kind: writProxy('before-response'), mostAdded: 0.5, leastRate: 6_000 },
  { kind: writProxy('async') },
  { kind: nodeHop(true) },
  { kind: envoyWithCerbos },
];

/** The front that rates are compared with. */
export const PEER: FrontKind = envoyWithCerbos;
