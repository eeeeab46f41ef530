import { OUTCOME_DEADLINE_MS, type OutcomeStatus } from '@writ/sdk/authzen';
import { decodeTime } from 'ulid';
import type { Cap } from '../lib/authorization-details.js';
import { isUndone } from './outcome.js';

/** The use of caps by one permitted action. */
export interface CapUse {
  readonly caps: readonly string[];
  readonly amounts: Readonly<Record<string, number>>;
  /** When the mandate of the caps ends, in seconds since the epoch: after that, no action asks for them. */
  readonly until: number;
}

interface Count {
  uses: number;
  readonly sums: Map<string, number>;
  until: number;
}

const PURGE_EVERY = 1_000;

/**
 * The uses of the caps of mandates. As in the ledger, a permit takes at once, and only an action that is known not to have happened
 * gives back. Held in memory; the log keeps the uses that {@link restore} needs.
 */
export class Caps {
  private readonly counts = new Map<string, Count>();
  /** The permits that can still give back, in their order. */
  private readonly pending = new Map<string, { readonly use: CapUse; readonly at: number }>();
  private taken = 0;

  /** Returns why there is no room for one more use; undefined if there is. Decide and {@link take} in one turn of the event loop. */
  obstacle(caps: readonly Cap[], amounts: Readonly<Record<string, number>>): string | undefined {
    for (const { id, uses, limits } of caps) {
      const count = this.counts.get(id);
      if (uses !== undefined && (count?.uses ?? 0) + 1 > uses) return `it may be used ${times(uses)}, and was`;
      for (const [name, limit] of Object.entries(limits ?? {})) {
        const sum = count?.sums.get(name) ?? 0;
        const amount = amounts[name] ?? Number.POSITIVE_INFINITY;
        if (sum + amount > limit) return `${sum} of ${limit} of ${name} is used up, and this is ${amount}`;
      }
    }
    return undefined;
  }

  /** Returns how often a cap was used. */
  usesOf(id: string): number {
    return this.counts.get(id)?.uses ?? 0;
  }

  /** Returns how much of a cap's limits is used up, by argument. */
  sumsOf(id: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts.get(id)?.sums ?? []);
  }

  take(decisionId: string, use: CapUse, now: Date): void {
    this.taken += 1;
    if (this.taken % PURGE_EVERY === 0) this.purge(now.getTime() / 1_000);
    this.add(use, 1);
    this.pending.set(decisionId, { use, at: now.getTime() });
  }

  /** Settles an action, once and before its deadline. Returns false otherwise: the action then counts as done. */
  settle(decisionId: string, status: OutcomeStatus, now: Date): boolean {
    for (const [id, { at }] of this.pending) {
      if (at + OUTCOME_DEADLINE_MS > now.getTime()) break;
      this.pending.delete(id);
    }
    const found = this.pending.get(decisionId);
    if (found === undefined) return false;
    this.pending.delete(decisionId);
    if (isUndone(status)) this.add(found.use, -1);
    return true;
  }

  /** Adds a use from before a restart that was not given back. Call it in the order of the decisions. */
  restore(decisionId: string, use: CapUse): void {
    this.add(use, 1);
    this.pending.set(decisionId, { use, at: decodeTime(decisionId) });
  }

  private add({ caps, amounts, until }: CapUse, sign: 1 | -1): void {
    for (const id of caps) {
      const count = this.counts.get(id) ?? { uses: 0, sums: new Map<string, number>(), until };
      count.uses += sign;
      count.until = Math.max(count.until, until);
      for (const [name, amount] of Object.entries(amounts))
        count.sums.set(name, (count.sums.get(name) ?? 0) + sign * amount);
      this.counts.set(id, count);
    }
  }

  private purge(now: number): void {
    for (const [id, { until }] of this.counts) if (until < now) this.counts.delete(id);
  }
}

function times(uses: number): string {
  return uses === 1 ? 'once' : `${uses} times`;
}
