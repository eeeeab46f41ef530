/** How an action that was permitted ended. `unknown` counts as done. */
export type OutcomeStatus = 'completed' | 'failed' | 'not-executed' | 'unknown';

/** Returns whether an outcome says that nothing was done. */
export function isUndone(status: OutcomeStatus): boolean {
  return status === 'failed' || status === 'not-executed';
}

/** How long an outcome may take. After that the action counts as done, whatever is reported. */
export const OUTCOME_DEADLINE_MS = 15 * 60_000;
