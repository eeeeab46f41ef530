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
  /** In how many seconds the service wants to be asked again. */
  readonly retryAfter?: number | undefined;
}

/** Sends requests to a decision point in another process, over connections that are kept. */
export class ServiceClient {
  private readonly pool: Pool;

  /**
   * @param key a key or an access token, or what returns the current one
   * @param ca the authorities of the service's certificate, PEM; by default those that Node knows
   */
  constructor(
    private readonly service: string,
    private readonly key: string | (() => string | Promise<string>),
    { ca }: { readonly ca?: string | undefined } = {},
  ) {
    // Redirects are not followed, so that the key goes to nobody else.
    this.pool = new Pool(new URL(service).origin, {
      maxResponseSize: MAX_BYTES,
      ...(ca === undefined ? {} : { connect: { ca } }),
    });
  }

  /**
   * Sends a request.
   *
   * @param path absolute, and encoded as in a URL
   * @throws {DecisionPointError} if there is no whole answer in time
   */
  send(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    { trace, txnToken }: Carried = {},
    timeoutMs = TIMEOUT_MS,
  ): Promise<ServiceAnswer> {
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...trace,
      ...(txnToken && { 'txn-token': txnToken }),
    };
    return this.exchanged(method, path, headers, body === undefined ? undefined : JSON.stringify(body), timeoutMs);
  }

  /** Sends a form, as to a token endpoint. Throws as {@link send}. */
  sendForm(path: string, fields: Readonly<Record<string, string>>): Promise<ServiceAnswer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.exchanged('POST', path, headers, new URLSearchParams(fields).toString(), TIMEOUT_MS);
  }

  /** Closes the connections. Requests under way still end. */
  close(): Promise<void> {
    return this.pool.close();
  }

  private async exchanged(
    method: 'GET' | 'POST',
    path: string,
    more: Readonly<Record<string, string>>,
    body: string | undefined,
    timeoutMs: number,
  ): Promise<ServiceAnswer> {
    try {
      // hot: most keys are texts, and nothing is awaited for them.
      const key = typeof this.key === 'string' ? this.key : await this.key();
      const headers = { ...more, authorization: `Bearer ${key}` };
      return await exchange(this.pool, { method, path, headers, body, timeoutMs, read: answerReader });
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
  const { 'x-decision-id': id, 'retry-after': after } = headers;
  const isSeconds = typeof after === 'string' && /^[0-9]{1,9}$/.test(after);
  return wholeText((text) => ({
    status,
    body: parsed(text),
    decisionId: typeof id === 'string' ? id : undefined,
    retryAfter: isSeconds ? Number(after) : undefined,
  }));
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
