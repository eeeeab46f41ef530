import type { ServerResponse } from 'node:http';
import { type ProblemAnswer, problemText } from '../enforced/problems.js';

/** Answers that the proxy makes itself (RFC 9457). Each ends its connection: the rest of it may be of a request that was refused. */

/**
 * Sends a problem; nothing if an answer has begun, whose connection is cut instead.
 *
 * @returns false: the connection takes no other request
 */
export function answer(response: ServerResponse, problem: ProblemAnswer): false {
  const { status, headers = {} } = problem;
  if (response.headersSent) {
    response.destroy();
    return false;
  }
  const body = problemText(problem);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
  return false;
}
