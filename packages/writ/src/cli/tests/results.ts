import type { TestStep } from '../../bundle/format/tests.js';
import type { DecisionRecord } from '../../decide/record.js';
import { accountOf, type StepAccount } from './account.js';
import type { Evaluation } from './evaluations.js';
import type { Place, PolicyPlaces } from './policy-places.js';

/** How one step of a test went. */
export interface StepResult {
  readonly call: string;
  /** The number of the step in its test, from 1. A step with `times` has a result for each time. */
  readonly step: number;
  readonly place: Place;
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
  /** Why it was decided so. */
  readonly why: string;
  /** Of the first time that a step failed: the policies behind it. */
  readonly account?: StepAccount;
}

export interface TaskResult {
  readonly file: string;
  readonly test: string;
  readonly place: Place;
  readonly ok: boolean;
  readonly milliseconds: number;
  readonly steps: readonly StepResult[];
}

export interface TestRun {
  readonly tasks: readonly TaskResult[];
  /** The policies that no test determined. */
  readonly undetermined: readonly string[];
  /** Whether it was stopped before its last test. */
  readonly isStopped: boolean;
}

/** The result of a step, before it is accounted for. */
export type Compared = Pick<StepResult, 'expected' | 'actual' | 'ok'>;

/** Accounts for steps that failed: those of one run, and no more than somebody reads. */
export class Accountant {
  private left = 50;

  constructor(private readonly places: PolicyPlaces) {}

  accountFor(step: TestStep, decision: DecisionRecord, evaluations: readonly Evaluation[]): StepAccount | undefined {
    if (this.left === 0) return undefined;
    this.left -= 1;
    return accountOf(step, decision, evaluations, this.places);
  }
}

/** Collects the results of one step, each time that it is done. */
export class StepResults {
  private hasFailed = false;

  constructor(
    private readonly step: TestStep,
    private readonly number: number,
    private readonly place: Place,
    private readonly accountant: Accountant,
    private readonly all: StepResult[],
  ) {}

  /** @param decision with its evaluations; undefined if no request could be made */
  add(compared: Compared, why: string, decision?: DecisionRecord, evaluations: readonly Evaluation[] = []): void {
    const { step, number, place } = this;
    const isFirst = !compared.ok && !this.hasFailed;
    if (!compared.ok) this.hasFailed = true;
    const account =
      isFirst && decision !== undefined ? this.accountant.accountFor(step, decision, evaluations) : undefined;
    const call = 'call' in step ? step.call : step.request.action.name;
    this.all.push({ call, step: number, place, ...compared, why, ...(account === undefined ? {} : { account }) });
  }
}
