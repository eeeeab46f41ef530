import type { OutcomeStatus } from '@writ/sdk/authzen';

/** Returns whether an outcome says that nothing was done. */
export function isUndone(status: OutcomeStatus): boolean {
  return status === 'failed' || status === 'not-executed';
}
