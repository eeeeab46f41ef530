import { WritError } from '../lib/errors.js';

/** Why a request for access is refused (Access Request and Approval Profile, "Error Responses"). */
type AccessProblem =
  /**
   * The denial is one that nobody can lift.
   *
   * @fix See `writ explain` of the decision.
   * @status 400
   */
  | 'not_requestable'
  /**
   * The denial is too old, or the policies changed since.
   *
   * @fix Evaluate again and use the new denial.
   * @status 410
   */
  | 'expired_denial'
  /**
   * The request is not the one that was denied, or the denial is not yours.
   *
   * @fix Send the request exactly as it was evaluated.
   * @status 400
   */
  | 'invalid_denial_binding'
  /**
   * The idempotency key was used for another request.
   *
   * @fix Use a new key.
   * @status 409
   */
  | 'duplicate_request'
  /**
   * There is no such request, or it is not yours.
   *
   * @fix Use the id of the answer to your request.
   * @status 404
   */
  | 'unknown_task'
  /**
   * The request ended long ago and is not kept.
   *
   * @fix Ask again.
   * @status 410
   */
  | 'task_expired'
  /**
   * The request is decided already and cannot be changed.
   *
   * @fix Read its state.
   * @status 409
   */
  | 'invalid_task_state';

/**
 * A request for access is refused. `problem` says why.
 *
 * @fix Act on the problem; see the table of its values.
 */
export class AccessRequestError extends WritError {
  readonly code = 'access_request_refused';

  constructor(
    readonly problem: AccessProblem,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Somebody who may not decide a request tried to, or tried twice.
 *
 * @fix Ask a person whom the `approve` policies permit.
 * @status 403
 */
export class ApproverError extends WritError {
  readonly code = 'approver_refused';
}

/**
 * A notification of a request for access was not delivered. It is tried again.
 *
 * @fix Check the channel in access.yaml and its receiver.
 */
export class DeliveryError extends WritError {
  readonly code = 'delivery_failed';
}

/**
 * One enforcement point has the most requests that may be open.
 *
 * @fix Decide or cancel some requests, then ask again.
 * @status 503
 */
export class TooManyRequests extends WritError {
  readonly code = 'too_many_access_requests';
}
