import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AuthInfo, JSONRPCMessage, Server, Transport } from '@modelcontextprotocol/server';
import { tellLists } from './sessions.js';

const KEEP_ALIVE_MS = 15_000;
/** In bytes. */
const MOST_UNREAD = 16 * 1024 * 1024;
const MOST = 1_000;
const MOST_OF_ONE = 64;

/** Where clients of this transport send their messages; the stream itself names it. */
export const SSE_MESSAGES = '/messages';

/** One stream of the transport of MCP 2024-11-05, "HTTP with SSE": what a client sends comes in requests of its own. */
class SseStream implements Transport {
  readonly sessionId = randomUUID();
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];

  constructor(
    readonly owner: string,
    private readonly response: ServerResponse,
  ) {}

  async start(): Promise<void> {
    this.response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
    this.response.write(`event: endpoint\ndata: ${SSE_MESSAGES}?sessionId=${this.sessionId}\n\n`);
    const timer = setInterval(() => this.response.write(': still here\n\n'), KEEP_ALIVE_MS).unref();
    this.response.once('close', () => {
      clearInterval(timer);
      this.onclose?.();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    // Whoever does not read is not waited for.
    if (this.response.writableLength > MOST_UNREAD) this.response.destroy();
    else this.response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  async close(): Promise<void> {
    this.response.end();
  }
}

/** The streams that are open. One is of whoever opened it; each message is proved and decided by what it comes with. */
export class SseStreams {
  private readonly open = new Map<string, { readonly stream: SseStream; readonly server: Server }>();

  constructor(private readonly serverFor: () => Server) {}

  /** @returns false when there are too many */
  async begin(owner: string, response: ServerResponse): Promise<boolean> {
    const own = [...this.open.values()].filter(({ stream }) => stream.owner === owner);
    if (this.open.size >= MOST || own.length >= MOST_OF_ONE) return false;
    const stream = new SseStream(owner, response);
    const server = this.serverFor();
    this.open.set(stream.sessionId, { stream, server });
    response.once('close', () => this.open.delete(stream.sessionId));
    await server.connect(stream);
    return true;
  }

  has(id: string, owner: string): boolean {
    return this.open.get(id)?.stream.owner === owner;
  }

  /** Takes a message in; it is answered on the stream. */
  take(id: string, message: Readonly<Record<string, unknown>>, authInfo: AuthInfo): void {
    this.open.get(id)?.stream.onmessage?.(message as unknown as JSONRPCMessage, { authInfo });
  }

  /** Answers a message that may not go on. */
  refuse(id: string, of: unknown, error: Readonly<Record<string, unknown>>): void {
    void this.open.get(id)?.stream.send({ jsonrpc: '2.0', id: of, error } as unknown as JSONRPCMessage);
  }

  /** Tells all of them that their lists may be others now. */
  listsChanged(): void {
    for (const { server } of this.open.values()) tellLists(server);
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(({ stream }) => stream.close()));
  }
}
