import type { FastifyReply } from 'fastify';
import { z } from 'zod';

/** Problem details (RFC 9457). `type` is `about:blank`, so `title` is that of the status; `detail` says what to do. */
export const problemShape = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  /** Findings in a bundle, where the problem is with one. */
  findings: z.array(z.record(z.string(), z.unknown())).optional(),
});

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** What a handler throws to be answered with problem details. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    /** More members of the problem. */
    readonly more: Readonly<Record<string, unknown>> = {},
    /** Seconds, for a `Retry-After` header. */
    readonly retryAfter?: number,
  ) {
    super(detail);
  }
}

/** Answers with problem details. */
export function sendProblem(reply: FastifyReply, { status, detail, more, retryAfter }: Problem): FastifyReply {
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  const title = TITLES[status] ?? 'Error';
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail, ...more }));
}
