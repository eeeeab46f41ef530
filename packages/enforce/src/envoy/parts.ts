import type { Log } from '@writ/sdk/lib/log';
import type { Decide } from '../http/enforced/permit.js';
import type { Service } from '../http/index.js';

/** The parts that both services of Envoy need. */
export interface EnvoyParts {
  /** The services that are served now. */
  readonly services: () => readonly Service[];
  readonly decide: Decide;
  readonly limits: EnvoyLimits;
  readonly log: Log;
}

export interface EnvoyLimits {
  /** The most that a decision takes, in milliseconds. Envoy waits shorter if its own deadline says so. */
  readonly decideMs: number;
  /** The most requests under way at once, of all Envoys. */
  readonly underWay: number;
  /** The most bytes of bodies that are held at once. */
  readonly bodyBytes: number;
}
