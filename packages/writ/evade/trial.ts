import { isPermitted } from '@writ/sdk/authzen';
import { OutcomeContradicts, OutcomeNotAwaited } from '#writ/decide/errors.js';
import type { Step } from '../test/evasions/evasion.js';
import { EvasionRun } from '../test/evasions/run-evasion.js';
import { attains } from './goal.js';
import type { Target } from './targets.js';

/** The end of a mutant: it does not do what the attacker wants, it was stopped, or it went through. */
export interface Trial {
  readonly result: 'no attack' | 'stopped' | 'passed';
  /** The result and the policies that stopped it, in order. */
  readonly by: string;
}

/** Refusals of requests that do not fit the schema. */
const MALFORMED = new Set(['invalid_request', 'unknown_action']);
const NO_ATTACK: Trial = { result: 'no attack', by: '' };

/** Tries a mutant of a written attack on its bundle. */
export async function tried(target: Target, steps: readonly Step[]): Promise<Trial> {
  if (!attains(target.goal, steps, target.tools)) return NO_ATTACK;
  const outcome = await outcomeOf(target, steps);
  if (outcome?.decision === undefined) return NO_ATTACK;
  const { decision, at, stopped } = outcome;
  if (stopped === undefined && isPermitted(decision)) return { result: 'passed', by: '' };
  const { code } = decision.refusal ?? {};
  if (code !== undefined && MALFORMED.has(code)) return NO_ATTACK;
  const policies = [...new Set(decision.reasons.map(({ policy }) => policy))].sort();
  const early = at < steps.length - 1 ? 'before the end: ' : '';
  return { result: 'stopped', by: `${early}${decision.result} ${[...policies, code ?? ''].join(' ')}`.trim() };
}

/** Returns the last decision; undefined if an answer was refused, which the agent then never gets. */
async function outcomeOf(
  target: Target,
  steps: readonly Step[],
): Promise<Awaited<ReturnType<EvasionRun['outcomeOf']>> | undefined> {
  try {
    return await new EvasionRun(target.bundle).outcomeOf(steps, 'permit');
  } catch (error) {
    if (error instanceof OutcomeNotAwaited || error instanceof OutcomeContradicts) return undefined;
    throw error;
  }
}
