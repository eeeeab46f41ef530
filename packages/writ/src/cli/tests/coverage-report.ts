import type { PolicyCoverage, SeenCondition } from '@writ/cedar';
import { conditionText, type Place, type PolicyPlaces } from './policy-places.js';

/** The outcomes of the conditions of a bundle that its tests saw. */
export interface CoverageReport {
  /** Of `total` outcomes those that were seen: each condition, and each part of one, is true once and false once. */
  readonly seen: number;
  readonly total: number;
  /** Rounded down to a tenth. */
  readonly percent: number;
  readonly policies: readonly CoveredPolicy[];
}

export interface CoveredPolicy {
  readonly policy: string;
  readonly place: Place;
  /** Whether a test made all of it hold. Of a policy without conditions, this is the outcome that counts. */
  readonly applied: boolean;
  readonly seen: number;
  readonly total: number;
  readonly conditions: readonly CoveredCondition[];
}

export interface CoveredCondition {
  /** `part` for an operand of `&&` or `||`, or for the test or a branch of `if`. */
  readonly kind: SeenCondition['kind'];
  /** The condition that it is a part of: one of the policy, counted from 0. */
  readonly condition: number;
  readonly text: string;
  readonly place: Place;
  readonly wasTrue: boolean;
  readonly wasFalse: boolean;
}

export function coverageReport(covered: readonly PolicyCoverage[], places: PolicyPlaces): CoverageReport {
  const policies = covered.map(({ policy, applied, conditions }): CoveredPolicy => {
    const seen = conditions.reduce((sum, one) => sum + Number(one.wasTrue) + Number(one.wasFalse), 0);
    const isPlain = conditions.length === 0;
    return {
      policy: policy.id,
      place: places.placeIn(policy),
      applied,
      seen: isPlain ? Number(applied) : seen,
      total: isPlain ? 1 : 2 * conditions.length,
      conditions: conditions.map(({ kind, condition, text, span, wasTrue, wasFalse }) => ({
        kind,
        condition,
        text: conditionText(text),
        place: places.placeIn(policy, span?.start),
        wasTrue,
        wasFalse,
      })),
    };
  });
  const [seen, total] = [sumOf(policies, 'seen'), sumOf(policies, 'total')];
  return { seen, total, percent: Math.floor((1_000 * seen) / total) / 10, policies };
}

function sumOf(policies: readonly CoveredPolicy[], member: 'seen' | 'total'): number {
  return policies.reduce((sum, policy) => sum + policy[member], 0);
}

/** Returns whether a report reaches a percentage, which its own rounded one does not say. */
export function reaches({ seen, total }: CoverageReport, percent: number): boolean {
  return 100 * seen >= percent * total;
}
