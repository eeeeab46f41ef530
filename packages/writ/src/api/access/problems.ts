import { AccessRequestError, ApproverError, TooManyRequests } from '../../access/errors.js';
import { Problem } from '../http/problem.js';

/** The status and title of each problem (Access Request and Approval Profile, "Error Responses"). */
const STATUS = {
  not_requestable: [400, 'Access is not requestable'],
  expired_denial: [410, 'The denial is too old'],
  invalid_denial_binding: [400, 'The request is not that of the denial'],
  duplicate_request: [409, 'The idempotency key was used before'],
  unknown_task: [404, 'There is no such request'],
  task_expired: [410, 'The request is over'],
  invalid_task_state: [409, 'The request cannot be changed now'],
} as const;

const RETRY_AFTER_S = 60;

/** Runs an operation and turns the errors of the room into problems of the profile. */
export async function withProblems<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AccessRequestError) {
      const [status, title] = STATUS[error.problem];
      throw new Problem(status, error.message, {
        type: `urn:openid:authzen:access-request:error:${error.problem}`,
        title,
      });
    }
    if (error instanceof TooManyRequests) throw new Problem(503, `${error.message}; ${error.help}`, {}, RETRY_AFTER_S);
    if (error instanceof ApproverError)
      throw new Problem(403, error.help === undefined ? error.message : `${error.message} (${error.help})`);
    throw error;
  }
}
