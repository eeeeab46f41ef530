import type { Bundle } from '../../bundle.js';
import type { TestStep } from '../../format/tests.js';

interface Step {
  readonly file: string;
  /** The way to it in its file. */
  readonly way: readonly PropertyKey[];
  readonly step: TestStep;
}

/**
 * Yields the steps of all tests of a bundle whose result a mistake can hide in. One that expects a denial by no policy (`because: []`) is
 * about a call that no policy sees, so it is left out.
 */
export function* stepsOf({ tests }: Bundle): Generator<Step> {
  for (const { file, tests: all } of tests)
    for (const [test, { steps }] of all.entries())
      for (const [at, step] of steps.entries())
        if (step.expect !== 'deny' || step.because?.length !== 0)
          yield { file, way: ['tests', test, 'steps', at], step };
}
