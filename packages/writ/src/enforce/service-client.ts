import { type Dispatcher, Pool } from 'undici';
import type { Carried } from '../decide/request.js';
import { DecisionPointError } from './errors.js';

const TIMEOUT_MS = 2_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** What the service answered. */
export interface ServiceAnswer {
  readonly status: number;
  /** Undefined when it is not JSON. */
  readonly body: unknown;
  readonly decisionId: string | undefined;
}

/** Sends requests to a decision point in another process, over connections that are kept. */
export class ServiceClient {
  private readonly pool: Pool;
  private readonly base: URL;

  constructor(
    private readonly service: string,
    private readonly key: string,
  ) {
    this.base = new URL(service);
    // Redirects are not followed: the key goes to nobody else.
    this.pool = new Pool(this.base.origin, { maxResponseSize: MOST_BYTES });
  }

  /** @throws {DecisionPointError} when there is no whole answer in time */
  async send(method: 'GET' | 'POST', path: string, body?: unknown, carried: Carried = {}): Promise<ServiceAnswer> {
    const { trace, txnToken } = carried;
    const { pathname, search } = new URL(path, this.base);
    try {
      const response = await this.pool.request({
        method,
        path: `${pathname}${search}`,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          authorization: `Bearer ${this.key}`,
          ...trace,
          ...(txnToken && { 'txn-token': txnToken }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return await answerIn(response);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DecisionPointError(
        `the decision point ${this.service} did not answer: ${why}`,
        'is `writ start` running?',
        { cause },
      );
    }
  }
}

async function answerIn({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ServiceAnswer> {
  const text = await body.text();
  const id = headers['x-decision-id'];
  return { status: statusCode, body: parsed(text), decisionId: typeof id === 'string' ? id : undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
