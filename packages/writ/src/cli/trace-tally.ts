import type { Durations, ReplayedCall } from './trace-replay.js';

/** How often a policy, or the code of a refusal, was among the reasons of each result. */
export interface PolicyCount {
  readonly policy: string;
  readonly permit: number;
  readonly step_up: number;
  readonly defer: number;
  readonly deny: number;
}

type Column = Exclude<keyof PolicyCount, 'policy'>;

export const COLUMNS: readonly Column[] = ['permit', 'step_up', 'defer', 'deny'];

/**
 * Returns how often each policy determined a call, those that did most often first.
 *
 * @param policies the ids of all policies: one that determined nothing is listed also
 */
export function countsByPolicy(calls: readonly ReplayedCall[], policies: readonly string[]): PolicyCount[] {
  const counts = new Map(policies.map((policy) => [policy, none()]));
  for (const { result, reasons } of calls) {
    const column = result === 'allow' || result === 'modify' ? 'permit' : result;
    for (const reason of new Set(reasons)) {
      const known = counts.get(reason) ?? none();
      known[column] += 1;
      counts.set(reason, known);
    }
  }
  return [...counts]
    .map(([policy, count]) => ({ policy, ...count }))
    .sort((a, b) => totalOf(b) - totalOf(a) || (a.policy < b.policy ? -1 : 1));
}

function none(): Record<Column, number> {
  return { permit: 0, step_up: 0, defer: 0, deny: 0 };
}

function totalOf(one: PolicyCount): number {
  return COLUMNS.reduce((sum, column) => sum + one[column], 0);
}

/** Times in microseconds. */
export interface Timing {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Timings {
  readonly decisionsUs: Timing;
  readonly answersUs: Timing;
}

export function timingsOf({ decisionsUs, answersUs }: Durations): Timings {
  return { decisionsUs: timingOf(decisionsUs), answersUs: timingOf(answersUs) };
}

/** Returns the shares by nearest rank: each is a time that was measured. */
function timingOf(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
