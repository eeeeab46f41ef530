import type { WritYaml } from '../bundle/format/writ.js';
import type { Clock } from '../lib/clock.js';
import { millisecondsOf } from '../lib/duration.js';

interface FreshnessParts {
  readonly settings: () => WritYaml['freshness'];
  /** For each source of revocations, how long ago it was known to be up to date, and its limit if it has its own; in ms. */
  readonly revocationAges: () => Iterable<readonly [source: string, ageMs: number, limitMs?: number]>;
  /** The time since which a newer policy cannot be used. RFC 3339, UTC; undefined if no such policy is known. */
  readonly state: { readonly staleSince: string | undefined };
  readonly clock: Clock;
}

/** Bounds two ages apart: that of revocations, in seconds, and that of the policy, in minutes. */
export class Freshness {
  constructor(private readonly parts: FreshnessParts) {}

  /** Returns why a decision may be out of date; undefined while it is not. */
  readonly why = (): string | undefined => {
    const { settings, revocationAges, state, clock } = this.parts;
    const doubt = clock.doubt?.();
    if (doubt !== undefined)
      return `the clock of the machine was set: it is ${Math.round(doubt.aheadMs / 1_000)}s ahead of the time that passed`;
    const { revocations, policy } = settings();
    const usualMs = millisecondsOf(revocations);
    for (const [source, ageMs, limitMs = usualMs] of revocationAges()) {
      if (ageMs <= limitMs) continue;
      const since = Number.isFinite(ageMs) ? `in the last ${Math.floor(ageMs / 1_000)}s` : 'lately';
      return `it is not known what was revoked ${since} (${source}; ${limitMs / 1_000}s is the most)`;
    }
    const { staleSince } = state;
    if (staleSince === undefined || clock().getTime() - Date.parse(staleSince) <= millisecondsOf(policy))
      return undefined;
    return `a newer policy is there since ${staleSince} and cannot be used (${policy} is the most)`;
  };
}
