import type { ServingStateHolder } from './api/http/serving-state.js';
import type { WritYaml } from './bundle/format/writ.js';
import { millisecondsOf } from './lib/duration.js';

export interface FreshnessParts {
  readonly settings: () => WritYaml['freshness'];
  /** How long ago it was last known that there is no other revocation, in milliseconds, and where from. */
  readonly revocationAges: () => Iterable<readonly [source: string, age: number, limit?: number]>;
  readonly state: ServingStateHolder;
  readonly clock: () => Date;
}

/** Bounds two ages apart (design section 11): that of revocations, in seconds, and that of the policy, in minutes. */
export class Freshness {
  constructor(private readonly parts: FreshnessParts) {}

  /** Why what is decided may be out of date; undefined while it is not. */
  readonly why = (): string | undefined => {
    const { settings, revocationAges, state, clock } = this.parts;
    const { revocations, policy } = settings();
    const usual = millisecondsOf(revocations);
    for (const [source, age, limit = usual] of revocationAges()) {
      if (age <= limit) continue;
      const since = Number.isFinite(age) ? `in the last ${Math.floor(age / 1_000)}s` : 'lately';
      return `it is not known what was revoked ${since} (${source}; ${limit / 1_000}s is the most)`;
    }
    const { current } = state;
    if (current.state !== 'stale') return undefined;
    const age = clock().getTime() - Date.parse(current.staleSince);
    if (age <= millisecondsOf(policy)) return undefined;
    return `a newer policy is there since ${current.staleSince} and cannot be used (${policy} is the most)`;
  };
}
