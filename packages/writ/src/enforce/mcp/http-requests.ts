import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
} from '@modelcontextprotocol/client';
import { createParser } from 'eventsource-parser';
import { type Dispatcher, Pool } from 'undici';
import { nameHeader } from './request-headers.js';
import type { ServerAddress } from './server-address.js';
import type { CallResult } from './upstream.js';

type Json = Readonly<Record<string, unknown>>;

/** What goes to the server. */
export interface SentRequest {
  readonly method: string;
  readonly params: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. */
  readonly timeout: number;
  /** Whether the server may answer with what it asks the user. */
  readonly mayAsk: boolean;
}

export interface HttpClient {
  readonly info: { readonly name: string; readonly version: string };
  /** The revision that was agreed on. */
  readonly revision: string;
  readonly connections: number;
}

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Requests to a server of MCP 2026-07-28 over Streamable HTTP. There a request is one POST and has its answer there, so that nothing has to
 * be kept of it: this does without the SDK, which costs more than the decision. Connecting, lists and subscriptions are the SDK's.
 */
export class HttpRequests {
  private readonly pool: Pool;
  private readonly path: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly envelope: Json;
  private sent = 0;

  constructor({ url, headers }: ServerAddress, { info, revision, connections }: HttpClient) {
    const { origin, pathname, search } = new URL(url);
    // What it answers is bounded; redirects are not followed, so its credentials go to nobody that it names.
    this.pool = new Pool(origin, { connections, maxResponseSize: MOST_BYTES });
    this.path = `${pathname}${search}`;
    this.headers = {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
    };
    this.envelope = {
      [PROTOCOL_VERSION_META_KEY]: revision,
      [CLIENT_INFO_META_KEY]: info,
      [CLIENT_CAPABILITIES_META_KEY]: {},
    };
  }

  /**
   * @throws {ProtocolError} an error that the server answers
   * @throws {Error} when there is no answer, or none of MCP
   */
  async request({ method, params, headers, signal, timeout, mayAsk }: SentRequest): Promise<CallResult> {
    this.sent += 1;
    const id = `writ-${this.sent}`;
    const meta = { ...this.envelope, ...(params._meta as Json | undefined) };
    const response = await this.pool.request({
      method: 'POST',
      path: this.path,
      headers: { ...this.headers, 'mcp-method': method, ...nameHeader(method, params), ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }),
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: signal ?? null,
    });
    return resultIn(await answerIn(response, id, timeout), mayAsk);
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** The answer to a request, in its body or on a stream. */
async function answerIn(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  id: string,
  timeout: number,
): Promise<Json> {
  const type = String(headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  if (statusCode === 200 && type === 'text/event-stream') {
    const late = setTimeout(() => body.destroy(new Error(`it did not answer in ${timeout} ms`)), timeout);
    try {
      return await answerOn(body, id);
    } finally {
      clearTimeout(late);
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

function answerTo(id: string, message: unknown): Json | undefined {
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.id !== id) return undefined;
  return isObject(message.result) || isObject(message.error) ? message : undefined;
}

function resultIn({ result, error }: Json, mayAsk: boolean): CallResult {
  if (isObject(error)) throw ProtocolError.fromError(Number(error.code), String(error.message), error.data);
  const { resultType, ...rest } = result as Json;
  if (resultType === 'complete') return rest;
  if (resultType === 'input_required' && mayAsk) return result as CallResult;
  throw new Error(`it answered with a result of the type ${JSON.stringify(resultType)}, which was not asked for`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
