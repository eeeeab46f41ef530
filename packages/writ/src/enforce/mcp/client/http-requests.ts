import type { IncomingHttpHeaders } from 'node:http';
import { readJson } from '@writ/sdk/lib/exact-json';
import { type AnswerReader, exchange, wholeText } from '@writ/sdk/lib/http-exchange';
import { createParser } from 'eventsource-parser';
import { Pool } from 'undici';
import { CREDENTIALS } from '../../../lib/known-credentials.js';
import { nameHeader } from '../protocol/request-headers.js';
import type { CallResult } from '../protocol/result.js';
import type { AnswerBounds } from './answer-bounds.js';
import {
  answerTo,
  type DirectClient,
  type DirectRequests,
  messageOf,
  resultIn,
  type SentRequest,
} from './direct-requests.js';
import type { ServerAddress } from './server-address.js';

type Json = Readonly<Record<string, unknown>>;

/** Requests over Streamable HTTP: one POST each, answered in the body or on a stream. */
export class HttpRequests implements DirectRequests {
  private readonly pool: Pool;
  private readonly path: string;
  private readonly headers: Readonly<Record<string, string>>;
  private sent = 0;

  constructor(
    { url, headers }: ServerAddress,
    private readonly client: DirectClient,
    connections: number,
    private readonly bounds: AnswerBounds,
  ) {
    const { origin, pathname, search } = new URL(url);
    // Redirects are not followed, so the server cannot send its credentials elsewhere. Nothing is unpacked.
    this.pool = new Pool(origin, { connections });
    this.path = `${pathname}${search}`;
    this.headers = {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': client.revision,
    };
  }

  async request(sent: SentRequest): Promise<CallResult> {
    const { method, params, headers, signal, timeoutMs, may } = sent;
    this.sent += 1;
    const id = `writ-${this.sent}`;
    const answer = await exchange(this.pool, {
      method: 'POST',
      path: this.path,
      headers: { ...this.headers, 'mcp-method': method, ...nameHeader(method, params), ...headers },
      body: JSON.stringify(messageOf(id, sent, this.client)),
      timeoutMs,
      signal,
      read: (status, came) => within(this.bounds, readerOf(status, came, id)),
    });
    return resultIn(CREDENTIALS.strikeIn(answer), may, this.client);
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** Bounds what a reader reads. */
function within(bounds: AnswerBounds, reader: AnswerReader<Json>): AnswerReader<Json> {
  let bytes = 0;
  return {
    take(piece) {
      bytes += piece.length;
      bounds.check(bytes);
      return reader.take(piece);
    },
    end: () => reader.end(),
  };
}

/** Returns the reader of an answer: of a body, or of a stream. */
function readerOf(status: number, headers: IncomingHttpHeaders, id: string): AnswerReader<Json> {
  const type = String(headers['content-type'] ?? '')
    .split(';')[0]
    ?.trim()
    .toLowerCase();
  if (status === 200 && type === 'text/event-stream') return onStream(id);
  if (type === 'application/json')
    return wholeText((text) => {
      const answer = answerTo(id, parsed(text));
      // An error of the protocol has a status of its own.
      if (answer !== undefined && (status === 200 || answer.error !== undefined)) return answer;
      throw new Error(`it answered HTTP ${status} with what is no answer to what it was asked`);
    });
  return wholeText(() => {
    throw new Error(`it answered HTTP ${status} with ${type === '' ? 'no content type' : type}`);
  });
}

function onStream(id: string): AnswerReader<Json> {
  let answer: Json | undefined;
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent({ data, event = 'message' }) {
      // Notifications on the way are ignored: nobody asked for them.
      if (event === 'message' && data !== '') answer ??= answerTo(id, parsed(data));
    },
  });
  return {
    take(piece) {
      parser.feed(decoder.decode(piece, { stream: true }));
      return answer;
    },
    end() {
      throw new Error('its stream ended without an answer');
    },
  };
}

/** Returns the value of a JSON text. The error of JavaScript would quote a piece of it, which can be a part of a credential. */
function parsed(text: string): unknown {
  try {
    return readJson(text);
  } catch {
    throw new Error('it answered with what is not JSON');
  }
}
