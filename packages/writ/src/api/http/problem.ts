import { z } from 'zod';
import type { Reply } from './reply.js';

/** Problem details (RFC 9457). `type` is `about:blank`, so `title` is that of the status; `detail` says what to do. */
export const problemShape = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  /** The code of the problem (docs/errors.md), if there are several of one status. */
  code: z.string().optional(),
  /** The outcomes that were not accepted, of those that were reported. */
  outcomes: z.array(z.strictObject({ decisionId: z.string(), code: z.string(), detail: z.string() })).optional(),
  /** Names that are near the one that was not found. */
  near: z.array(z.string()).optional(),
  /** Findings in a bundle, where the problem is with one. */
  findings: z.array(z.record(z.string(), z.unknown())).optional(),
});

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Thrown by a handler; answered with problem details. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    /** Additional members of the problem. */
    readonly more: Readonly<Record<string, unknown>> = {},
    /** Seconds, for a `Retry-After` header. */
    readonly retryAfter?: number,
  ) {
    super(detail);
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Returns the body of a problem. */
export function problemText({ status, detail, more }: Problem): string {
  return JSON.stringify({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, ...more });
}

/** Answers with problem details. */
export function sendProblem(reply: Reply, problem: Problem): void {
  const { status, retryAfter } = problem;
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer realm="writ"');
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  reply.code(status).type(PROBLEM_TYPE).send(problemText(problem));
}
