import type { ServerResponse } from 'node:http';
import type { Denied } from '../app/answer.js';
import type { Call } from '../app/call.js';
import { CallError, NotPermittedError, WithheldError } from '../app/errors.js';
import type { Writ } from '../app/writ.js';
import { decidingPolicies } from '../authzen/decision.js';
import { ObligationError } from '../obligations/errors.js';

/** Returns the call that a request makes, by its matched route and the decoded parameters of it. */
export type Describe<Request, Actions> = (request: Request) => Call<Actions> | Promise<Call<Actions>>;

/** The answer to a request that is not carried out (RFC 9457). */
interface RouteProblem {
  readonly kind: 'problem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request that may be carried out. */
interface RoutePermit {
  readonly kind: 'permit';
  /** Reports the outcome by the status of the finished response; undefined if it did not finish. Never rejects. */
  ended(status: number | undefined): Promise<void>;
}

/**
 * Decides a request. Never rejects: whatever fails is a problem.
 *
 * @param describe returns the call; undefined if the check stands before routing, so that nobody knows what will run
 */
export async function decideRoute<Actions>(
  writ: Writ<Actions>,
  describe: (() => Call<Actions> | Promise<Call<Actions>>) | undefined,
): Promise<RoutePermit | RouteProblem> {
  if (describe === undefined)
    return problem(500, 'this check stands before routing, so that it cannot know what will run; put it on the route');
  let call: Call<Actions>;
  try {
    call = await describe();
  } catch {
    return problem(403, 'this request cannot be decided on');
  }
  try {
    // A handler reads its request itself, and its response is sent as it comes: nothing of them can be changed here.
    // The types of the bundle were checked where it is described.
    const permit = await writ.begin(call as never, { carriesOut: [] });
    return {
      kind: 'permit',
      // An outcome that is not accepted now is kept, and sent again: until then the call counts as done.
      ended: (status) => permit.unread(statusOf(status)).catch(() => undefined),
    };
  } catch (error) {
    return problemOf(error);
  }
}

/** Calls back once a response of Node is over, with its status; without one if it was cut off. */
export function onceOver(response: ServerResponse, over: (status: number | undefined) => void): void {
  response.once('close', () => over(response.writableFinished ? response.statusCode : undefined));
}

/** A service that failed may have done it. */
function statusOf(status: number | undefined): 'completed' | 'failed' | 'unknown' {
  if (status === undefined || status >= 500) return 'unknown';
  return status < 400 ? 'completed' : 'failed';
}

function problemOf(error: unknown): RouteProblem {
  if (error instanceof NotPermittedError) return ofDenial(error.answer, error.message);
  if (error instanceof CallError) return problem(403, `this request cannot be decided on: ${error.message}`);
  if (error instanceof ObligationError) return problem(403, `this request was not permitted: ${error.message}`);
  if (error instanceof WithheldError) return problem(503, 'this request was not carried out');
  return problem(503, 'no decision could be made; the request was not carried out');
}

function ofDenial(answer: Denied, title: string): RouteProblem {
  const { id, result, refusal } = answer;
  const after = 'retryAfter' in answer ? answer.retryAfter : undefined;
  const members = { decision_id: id, result, reasons: decidingPolicies(answer), ...(refusal && { refusal }) };
  return problem(403, title, members, after === undefined ? {} : { 'retry-after': String(after) });
}

function problem(
  status: number,
  title: string,
  members: object = {},
  headers: RouteProblem['headers'] = {},
): RouteProblem {
  return {
    kind: 'problem',
    status,
    headers: { ...headers, 'content-type': 'application/problem+json' },
    body: { ...members, title, status },
  };
}
