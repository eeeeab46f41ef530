/** How an action that was permitted ended. `unknown` counts as done. */
export type OutcomeStatus = 'completed' | 'failed' | 'not-executed' | 'unknown';

/** How long an outcome may take. After that the action counts as done, whatever is reported. */
export const OUTCOME_DEADLINE_MS = 15 * 60_000;
