import { type ProblemAnswer, problemText } from '../http/enforced/problems.js';
import type { HeaderToSet } from './protocol/messages.js';
import { headersToSet } from './request/changes.js';

/** Problems that only Envoy can have. Its operator finds the cause in the log; the caller learns no more than that. */

/** The settings of Envoy do not show what has to be decided on. */
export const MISCONFIGURED: ProblemAnswer = {
  status: 503,
  title: 'no decision could be made: the proxy in front of the service is not set up for it',
  members: { code: 'misconfigured' },
};

/** More requests are under way than may be. */
export const TOO_MANY: ProblemAnswer = {
  status: 503,
  title: 'too many requests are under way; try again later',
  headers: { 'retry-after': '1' },
  members: { code: 'overloaded' },
};

/** The path cannot be rewritten here. */
export const NOT_CANONICAL: ProblemAnswer = {
  status: 400,
  title: 'the path is not in its one canonical form',
  members: { code: 'not_canonical' },
};

/** The connection would change its protocol, and nothing could end it. */
export const NO_UPGRADE: ProblemAnswer = {
  status: 400,
  title: 'no connection changes its protocol here',
  members: { code: 'upgrade_refused' },
};

/** The permit of a request was revoked while the request was under way. */
export const REVOKED: ProblemAnswer = {
  status: 403,
  title: 'what permitted the request was revoked',
  members: { code: 'revoked' },
};

/** Returns the headers and the body of a problem. */
export function sentProblem(
  problem: ProblemAnswer,
  asBytes = false,
): { readonly headers: HeaderToSet[]; readonly body: string } {
  const headers = Object.entries({
    ...problem.headers,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
  return { headers: headersToSet(headers, asBytes), body: problemText(problem) };
}
