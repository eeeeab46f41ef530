import type { ProblemAnswer } from '../../http/enforced/problems.js';
import type { Service } from '../../http/index.js';
import type { CheckRequest, HttpRequest } from '../protocol/messages.js';
import { readHead, type ShownHead } from '../request/read-head.js';

/** A request as ext_authz shows it. */
export interface Shown {
  readonly service: Service;
  readonly head: ShownHead;
  readonly body: Buffer;
  readonly address: string | undefined;
}

/** A request that was not shown as it has to be. */
interface NotShown {
  /** For the log. */
  readonly complaint: string;
  /** By default nothing is said to the caller. */
  readonly problem?: ProblemAnswer | undefined;
}

/** Set by Envoy for this side alone. One that the caller sent is not shown, and would reach the service. */
export const PARTIAL_BODY = 'x-envoy-auth-partial-body';
const TOO_LARGE: ProblemAnswer = {
  status: 413,
  title: 'the body was not shown whole',
  members: { code: 'body_too_large' },
};

/** Reads a request of Envoy. The settings of its route name the service, and say that bodies are shown. */
export function shownIn({ attributes }: CheckRequest, services: readonly Service[]): Shown | NotShown {
  const { service: name, body: bodies } = attributes?.contextExtensions ?? {};
  if (name === undefined) return { complaint: 'the route has no context_extensions.service' };
  const service = services.find((one) => one.name === name);
  if (service === undefined)
    return {
      complaint: `context_extensions.service is ${JSON.stringify(name.slice(0, 80))}, which is no service here`,
    };
  // Envoy does not say whether a body follows that it does not show.
  if (bodies !== 'whole')
    return { complaint: `the route of ${name} has no context_extensions.body: whole, beside with_request_body` };
  const http = attributes?.request?.http;
  const head = http === undefined ? undefined : readHead(headersIn(http));
  if (http === undefined || head === undefined || !agree(http, head))
    return { complaint: `a request for ${name} came without all of its head: allowed_headers leaves some out` };
  if (head.rawHeaders.some((one, i) => i % 2 === 0 && one === PARTIAL_BODY && head.rawHeaders[i + 1] !== 'false'))
    return { complaint: `a body for ${name} came in part: set allow_partial_message: false`, problem: TOO_LARGE };
  const { body = '', rawBody = Buffer.alloc(0) } = http;
  return {
    ...{ service, head },
    body: rawBody.length > 0 ? rawBody : Buffer.from(body),
    address: attributes?.source?.address?.socketAddress?.address,
  };
}

function headersIn({ headers, headerMap }: HttpRequest): Parameters<typeof readHead>[0] {
  const raw = headerMap?.headers ?? [];
  if (raw.length > 0) return raw;
  return Object.entries(headers ?? {}).map(([key, value]) => ({ key, value }));
}

function agree({ method, path, host }: HttpRequest, { method: shown, target, rawHeaders }: ShownHead): boolean {
  return method === shown && path === target && host === rawHeaders[1];
}
