import type { CoverageReport } from './coverage-report.js';
import type { StepResult, TaskResult } from './results.js';

/** Everything that `writ test` reports of a run. */
export interface TestReport {
  /** The name of the bundle. */
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** How many tests the filter left out. */
  readonly leftOut: number;
  readonly tasks: readonly TaskResult[];
  /** The policies that no test determined; undefined if not all tests were run. */
  readonly undetermined: readonly string[] | undefined;
  /** Undefined if nobody asked for it. */
  readonly coverage: CoverageReport | undefined;
}

/** A step that failed, once for all times that it did. */
export interface FailedStep {
  readonly first: StepResult;
  readonly times: number;
}

/** Returns the steps of a test that failed. */
export function failedSteps({ steps }: TaskResult): FailedStep[] {
  const failed = new Map<number, { first: StepResult; times: number }>();
  for (const result of steps) {
    if (result.ok) continue;
    const known = failed.get(result.step);
    if (known === undefined) failed.set(result.step, { first: result, times: 1 });
    else known.times += 1;
  }
  return [...failed.values()];
}
