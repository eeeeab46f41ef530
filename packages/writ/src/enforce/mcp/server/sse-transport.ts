import { callerText } from '@writ/enforce';
import type { Log } from '@writ/sdk/lib/log';
import { refuse } from './http-answers.js';
import type { HttpTransport, Incoming, NamedSession } from './incoming.js';
import type { RequestContexts } from './request-contexts.js';
import type { ServerFor } from './sessions.js';
import { SSE_PATH, SseStreams } from './sse.js';

/** Opens the streams of MCP 2024-11-05, and takes the messages that are answered on them. */
export class SseTransport implements HttpTransport {
  private readonly streams: SseStreams;

  constructor(
    serverFor: ServerFor,
    private readonly contexts: RequestContexts,
    log: Log,
    onEnded: (id: string) => void,
  ) {
    this.streams = new SseStreams(serverFor, log, onEnded);
  }

  sessionOf({ searchParams }: NamedSession, owner: string): string | undefined {
    const id = searchParams.get('sessionId');
    return id !== null && this.streams.has(id, owner) ? id : undefined;
  }

  async answer(incoming: Incoming): Promise<void> {
    const { request, response, pathname, searchParams, context, message, refused } = incoming;
    const owner = callerText(context.client);
    if (pathname === SSE_PATH) {
      if (request.method !== 'GET') return refuse(response, 405, -32_600, 'a stream is opened by GET');
      if (this.streams.begin(owner, response)) return;
      return refuse(response, 503, -32_603, 'there are too many streams; end some, or try again later');
    }
    if (message === undefined) return refuse(response, 405, -32_600, 'messages are sent by POST');
    const id = searchParams.get('sessionId') ?? '';
    if (!this.streams.has(id, owner))
      return refuse(response, 404, -32_001, 'you have no stream of that id; open one at /sse', message.id);
    response.writeHead(202).end();
    if (refused === undefined) this.streams.take(id, message, this.contexts.authInfo(context));
    else this.streams.refuse(id, message.id, { code: refused.code, message: refused.message, data: refused.data });
  }

  listsChanged(): void {
    this.streams.listsChanged();
  }

  async close(): Promise<void> {
    await this.streams.close();
  }
}
