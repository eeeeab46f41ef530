import type { IncomingHttpHeaders } from 'node:http';
import { Pool } from 'undici';
import type { Carried } from '../authzen/request.js';
import { type AnswerReader, exchange, wholeText } from '../lib/http-exchange.js';
import { messageOf } from '../lib/message-of.js';
import { DecisionPointError } from './errors.js';

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** An answer of the service. */
export interface ServiceAnswer {
  readonly status: number;
  /** Undefined if it is not JSON. */
  readonly body: unknown;
  readonly decisionId: string | undefined;
}

/** Sends requests to a decision point in another process, over connections that are kept. */
export class ServiceClient {
  private readonly pool: Pool;

  constructor(
    private readonly service: string,
    private readonly key: string,
  ) {
    // Redirects are not followed, so that the key goes to nobody else.
    this.pool = new Pool(new URL(service).origin, { maxResponseSize: MAX_BYTES });
  }

  /**
   * Sends a request.
   *
   * @param path absolute, and encoded as in a URL
   * @throws {DecisionPointError} if there is no whole answer in time
   */
  async send(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    carried: Carried = {},
    timeoutMs = TIMEOUT_MS,
  ): Promise<ServiceAnswer> {
    const { trace, txnToken } = carried;
    try {
      return await exchange(this.pool, {
        method,
        path,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          authorization: `Bearer ${this.key}`,
          ...trace,
          ...(txnToken && { 'txn-token': txnToken }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        timeoutMs,
        read: answerReader,
      });
    } catch (cause) {
      throw new DecisionPointError(
        `the decision point ${this.service} did not answer: ${messageOf(cause)}`,
        'is `writ start` running?',
        { cause },
      );
    }
  }
}

function answerReader(status: number, headers: IncomingHttpHeaders): AnswerReader<ServiceAnswer> {
  const id = headers['x-decision-id'];
  return wholeText((text) => ({ status, body: parsed(text), decisionId: typeof id === 'string' ? id : undefined }));
}

function parsed(text: string): unknown {
  // hot: a failing JSON.parse costs more than all the rest.
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
