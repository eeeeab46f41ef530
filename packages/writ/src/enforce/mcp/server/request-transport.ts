import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Log } from '@writ/sdk/lib/log';
import type { Gateway } from '../gateway/gateway.js';
import { exactly } from './exact-response.js';
import { MAX_BODY, refuseMessage, send, untilGone } from './http-answers.js';
import type { HttpTransport, Incoming } from './incoming.js';
import { mcpServer } from './mcp-server.js';
import { answerPlainly, hasPlainHeaders, plainCallIn } from './plain-call.js';
import type { RequestContext } from './request-context.js';
import type { RequestContexts } from './request-contexts.js';

/** Answers requests that stand alone, in no session: those of MCP 2026-07-28. */
export class RequestTransport implements HttpTransport {
  private readonly handler: ReturnType<typeof createMcpHandler>;
  private readonly serve: ReturnType<typeof toNodeHandler>;

  constructor(
    private readonly gateway: Gateway,
    private readonly contexts: RequestContexts,
    log: Log,
  ) {
    this.handler = createMcpHandler(() => mcpServer(gateway, contexts.of), {
      onerror: (error) => log.error(error, 'mcp'),
      maxRequestBodySize: MAX_BODY,
    });
    this.serve = toNodeHandler(this.handler);
  }

  async answer({ request, response, context, message, refused }: Incoming): Promise<void> {
    if (refused !== undefined) return refuseMessage(response, message, refused);
    let answered: RequestContext['answered'];
    // hot: a plain call goes without the SDK (decision 19).
    const plain = message !== undefined && hasPlainHeaders(request.headers) ? plainCallIn(message) : undefined;
    if (plain !== undefined) {
      const answer = await answerPlainly(this.gateway, plain, context, untilGone(response));
      if ('body' in answer) return send(response, answer.body);
      answered = answer.unusual;
    }
    const identified = this.contexts.attach(request, answered === undefined ? context : { ...context, answered });
    await this.serve(identified as NodeIncomingMessageLike, exactly(response), message);
  }

  resourceUpdated(uri: string): void {
    this.handler.notify.resourceUpdated(uri);
  }

  listsChanged(): void {
    this.handler.notify.toolsChanged();
    this.handler.notify.resourcesChanged();
    this.handler.notify.promptsChanged();
  }

  async close(): Promise<void> {
    await this.handler.close();
  }
}
