import { type ProblemAnswer, problemText } from '../enforced/problems.js';
import type { Answering } from './incoming.js';

/** Answers that the proxy makes itself (RFC 9457). Each ends its connection, where the rest of it may be of a request that was refused. */

/**
 * Sends a problem; nothing if an answer has begun, whose connection is cut instead, or if the client left.
 *
 * @returns false: the connection takes no other request
 */
export function answer(response: Answering, problem: ProblemAnswer): false {
  const { status, headers = {} } = problem;
  // A stream of HTTP/2 whose client left takes no answer.
  if (response.hasBegun || response.sink.destroyed) {
    response.cut();
    return false;
  }
  const body = problemText(problem);
  response.begin(status, {
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    ...response.isLast(),
    'cache-control': 'no-store',
  });
  finish(response, body);
  return false;
}

/** Ends an answer with its whole body; without one if the answer can have none. */
export function finish({ method, sink }: Answering, body: string | Uint8Array): void {
  if (method === 'HEAD' || sink.writableEnded) sink.end();
  else sink.end(body);
}
