import type { ServerResponse } from 'node:http';
import type { Refusal } from '../request/refusal.js';
import type { ProxyDenial } from './permit.js';

/** Answers that the proxy makes itself (RFC 9457). Each ends its connection: the rest of it may be of a request that was refused. */

interface ProblemAnswer {
  readonly status: number;
  readonly title: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly members?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Sends a problem; nothing if an answer has begun, whose connection is cut instead.
 *
 * @returns false: the connection takes no other request
 */
export function answer(response: ServerResponse, { status, title, headers = {}, members = {} }: ProblemAnswer): false {
  if (response.headersSent) {
    response.destroy();
    return false;
  }
  const body = JSON.stringify({ ...members, title, status });
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

/** Returns the answer to a request that has two readings, or is of no operation. */
export function ofRefusal({ status, code, reason, allow }: Refusal): ProblemAnswer {
  return {
    status,
    title: reason,
    headers: allow === undefined ? undefined : { allow: allow.join(', ') },
    members: { code },
  };
}

/** Returns the answer to a request that is not permitted. */
export function ofDenial({ status, title, headers, members }: ProxyDenial): ProblemAnswer {
  return { status, title, headers, members: { ...members, code: 'not_permitted' } };
}

/** Nobody could decide. The caller learns no more than that. */
export const UNDECIDED: ProblemAnswer = {
  status: 503,
  title: 'no decision could be made',
  members: { code: 'undecided' },
};

/** The request was carried out, and its answer may not be handed on. */
export const WITHHELD: ProblemAnswer = {
  status: 502,
  title: 'the request was carried out, and its answer is withheld',
  members: { code: 'withheld' },
};

/** The service cannot be reached, or does not answer in time. */
export const NO_ANSWER: ProblemAnswer = {
  status: 502,
  title: 'the service did not answer',
  members: { code: 'no_answer' },
};
