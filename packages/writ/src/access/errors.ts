import { WritError } from '../lib/errors.js';

/** What a request for access fails with (Access Request and Approval Profile, "Error Responses"). */
type AccessProblem =
  | 'not_requestable'
  | 'expired_denial'
  | 'invalid_denial_binding'
  | 'duplicate_request'
  | 'unknown_task'
  | 'task_expired'
  | 'invalid_task_state';

export class AccessRequestError extends WritError {
  readonly code = 'access_request_refused';

  constructor(
    readonly problem: AccessProblem,
    message: string,
  ) {
    super(message);
  }
}

/** Somebody may not approve this, or nobody in this way. */
export class ApproverError extends WritError {
  readonly code = 'approver_refused';
}

/** A notification could not be delivered; it is tried again. */
export class DeliveryError extends WritError {
  readonly code = 'delivery_failed';
}

/** More is asked than people can decide. */
export class TooManyRequests extends WritError {
  readonly code = 'too_many_access_requests';
}
