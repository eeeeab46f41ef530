import { createParser } from 'eventsource-parser';
import { type Dispatcher, Pool } from 'undici';
import {
  answerTo,
  type DirectClient,
  type DirectRequests,
  messageOf,
  resultIn,
  type SentRequest,
} from './direct-requests.js';
import { nameHeader } from './request-headers.js';
import type { ServerAddress } from './server-address.js';
import type { CallResult } from './upstream.js';

type Json = Readonly<Record<string, unknown>>;

const MOST_BYTES = 64 * 1024 * 1024;

/** Over Streamable HTTP a request is one POST, and has its answer there: in its body, or on a stream. */
export class HttpRequests implements DirectRequests {
  private readonly pool: Pool;
  private readonly path: string;
  private readonly headers: Readonly<Record<string, string>>;
  private sent = 0;

  constructor(
    { url, headers }: ServerAddress,
    private readonly client: DirectClient,
    connections: number,
  ) {
    const { origin, pathname, search } = new URL(url);
    // What it answers is bounded; redirects are not followed, so its credentials go to nobody that it names.
    this.pool = new Pool(origin, { connections, maxResponseSize: MOST_BYTES });
    this.path = `${pathname}${search}`;
    this.headers = {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': client.revision,
    };
  }

  async request(sent: SentRequest): Promise<CallResult> {
    const { method, params, headers, signal, timeout, may } = sent;
    this.sent += 1;
    const id = `writ-${this.sent}`;
    const response = await this.pool.request({
      method: 'POST',
      path: this.path,
      headers: { ...this.headers, 'mcp-method': method, ...nameHeader(method, params), ...headers },
      body: JSON.stringify(messageOf(id, sent, this.client)),
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: signal ?? null,
    });
    return resultIn(await answerIn(response, id, timeout), may);
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** The answer to a request, in its body or on a stream; whole in time, however much comes meanwhile. */
async function answerIn(response: Dispatcher.ResponseData, id: string, timeout: number): Promise<Json> {
  const { body } = response;
  const late = setTimeout(() => body.destroy(new Error(`it did not answer in ${timeout} ms`)), timeout);
  try {
    return await read(response, id);
  } finally {
    clearTimeout(late);
  }
}

async function read({ statusCode, headers, body }: Dispatcher.ResponseData, id: string): Promise<Json> {
  const type = String(headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  if (statusCode === 200 && type === 'text/event-stream') {
    try {
      return await answerOn(body, id);
    } finally {
      body.destroy();
    }
  }
  if (type !== 'application/json') {
    await body.dump();
    throw new Error(`it answered HTTP ${statusCode} with ${type === '' ? 'no content type' : type}`);
  }
  const answer = answerTo(id, JSON.parse(await body.text()));
  // An error of the protocol comes with a status of its own.
  if (answer === undefined || (statusCode !== 200 && answer.error === undefined))
    throw new Error(`it answered HTTP ${statusCode} with what is no answer to what it was asked`);
  return answer;
}

async function answerOn(body: Dispatcher.ResponseData['body'], id: string): Promise<Json> {
  let answer: Json | undefined;
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent({ data, event = 'message' }) {
      // What it tells on the way, nobody asked for.
      if (event === 'message' && data !== '') answer ??= answerTo(id, JSON.parse(data));
    },
  });
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (answer !== undefined) return answer;
  }
  throw new Error('its stream ended without an answer');
}
