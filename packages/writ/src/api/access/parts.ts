import type { AccessRequests } from '../../access/access-requests.js';
import { AccessRequestError, ApproverError, TooManyRequests } from '../../access/errors.js';
import type { ApprovalLinks } from '../../access/links.js';
import type { AdminParts } from '../admin/parts.js';
import { Problem } from '../http/problem.js';

/** What the operations on requests for access work on. */
export interface AccessParts {
  readonly requests: AccessRequests;
  readonly links: ApprovalLinks;
  readonly publicUrl: () => string;
  /** Where callers may have themselves called back: URLs, or beginnings that end with a slash. */
  readonly callbacks: () => readonly string[];
  /** Who an access token of a declared issuer is about, as `{type, id}`. @throws {ExchangeError} when it proves nothing */
  readonly whoIs: (token: string) => Promise<{ readonly type: string; readonly id: string }>;
  readonly admin: AdminParts;
}

/** By the status that the profile has for it ("Error Responses"). */
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

/** Answers what the room says with the problem types of the profile. */
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
