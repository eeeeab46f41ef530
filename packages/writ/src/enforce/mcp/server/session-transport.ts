import { callerText } from '@writ/enforce';
import type { Log } from '@writ/sdk/lib/log';
import { UpstreamError } from '../../errors.js';
import { exactly } from './exact-response.js';
import { refuse, refuseMessage } from './http-answers.js';
import type { HttpTransport, Incoming, NamedSession } from './incoming.js';
import type { RequestContexts } from './request-contexts.js';
import { NOT_STARTED, type ServerFor, Sessions } from './sessions.js';

/** Answers requests in sessions: those of MCP 2025-11-25 and before. `initialize` begins a session. */
export class SessionTransport implements HttpTransport {
  private readonly sessions: Sessions;

  constructor(
    serverFor: ServerFor,
    private readonly contexts: RequestContexts,
    private readonly log: Log,
    onEnded: (id: string) => void,
  ) {
    this.sessions = new Sessions(serverFor, undefined, onEnded);
  }

  sessionOf({ headers }: NamedSession, owner: string): string | undefined {
    const id = headers['mcp-session-id'];
    return typeof id === 'string' && this.sessions.has(id, owner) ? id : undefined;
  }

  async answer({ request, response, context, message, refused }: Incoming): Promise<void> {
    if (refused !== undefined) return refuseMessage(response, message, refused);
    const id = request.headers['mcp-session-id'];
    const owner = callerText(context.client);
    const identified = this.contexts.attach(request, context);
    if (id !== undefined) {
      if (await this.sessions.handle(String(id), owner, identified, exactly(response), message)) return;
      return refuse(response, 404, -32_001, 'you have no session of that id; begin one with initialize', message?.id);
    }
    try {
      if (await this.sessions.begin(owner, identified, exactly(response), message ?? {})) return;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      this.log.error(error, 'no session');
      return refuse(response, 503, -32_603, NOT_STARTED, message?.id);
    }
    refuse(response, 503, -32_603, 'there are too many sessions; end some, or try again later', message?.id);
  }

  listsChanged(): void {
    this.sessions.listsChanged();
  }

  async close(): Promise<void> {
    await this.sessions.close();
  }
}
