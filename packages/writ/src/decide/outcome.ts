import type { OutcomeStatus } from '../ledger/outcome.js';
import type { OutcomeDetails } from './record.js';

/** Returns whether an action was done as permitted, and nothing else is to be said: a permit whose outcome is lost counts as that. */
export function isAsPermitted(status: OutcomeStatus, { changes = [], error }: OutcomeDetails = {}): boolean {
  return status === 'completed' && changes.length === 0 && error === undefined;
}
