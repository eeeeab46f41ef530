import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AuthInfo, JSONRPCMessage, Server, Transport } from '@modelcontextprotocol/server';
import { every } from '@writ/sdk/lib/every';
import type { Log } from '@writ/sdk/lib/log';
import { withoutMarks } from '@writ/sdk/lib/number-marks';
import { UpstreamError } from '../../errors.js';
import { ERROR } from '../protocol/errors.js';
import { endWithConnection, NOT_STARTED, notifyLists, type ServerFor, type SessionServer } from './sessions.js';

const KEEP_ALIVE_MS = 15_000;
/** In bytes. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
const MAX_STREAMS = 1_000;
const MAX_PER_OWNER = 64;
/** The most messages of one client that wait while its servers are started. */
const MAX_WAITING = 100;

/** The path at which streams are opened. */
export const SSE_PATH = '/sse';

/** The path to which clients of this transport send their messages; the stream itself names it. */
export const SSE_MESSAGES = '/messages';

/**
 * One stream of the transport of MCP 2024-11-05, "HTTP with SSE". The client sends its messages in separate requests.
 */
class SseStream implements Transport {
  readonly sessionId = randomUUID();
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];

  constructor(
    readonly owner: string,
    private readonly response: ServerResponse,
  ) {}

  /** Begins the stream, and names the path to which the client sends its messages. */
  open(): void {
    this.response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
    this.response.write(`event: endpoint\ndata: ${SSE_MESSAGES}?sessionId=${this.sessionId}\n\n`);
    const keepAlive = (): void => void this.response.write(': still here\n\n');
    const stop = every(KEEP_ALIVE_MS, keepAlive, () => this.response.destroy());
    this.response.once('close', () => {
      void stop();
      this.onclose?.();
    });
  }

  /** Does nothing: the stream is open before it has a server. */
  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    // A client that does not read is cut off.
    if (this.response.writableLength > MAX_UNREAD_BYTES) this.response.destroy();
    else this.response.write(`event: message\ndata: ${withoutMarks(JSON.stringify(message))}\n\n`);
  }

  async close(): Promise<void> {
    this.response.end();
  }
}

interface Open {
  readonly stream: SseStream;
  /** The server that its first message made; undefined before that, and if it could not be made. */
  server: Server | undefined;
  /** Resolves when all messages so far are delivered. */
  taken: Promise<void> | undefined;
  waiting: number;
}

/**
 * The streams that are open. A stream belongs to the client that opened it; each message is identified and decided by
 * what it carries.
 */
export class SseStreams {
  private readonly open = new Map<string, Open>();

  /** @param serverFor returns the server of a stream, by its first message */
  constructor(
    private readonly serverFor: ServerFor,
    private readonly log: Log,
    /** Is notified of a stream that has ended. */
    private readonly onEnded: (id: string) => void = () => undefined,
  ) {}

  /** Opens a stream. @returns false if there are too many */
  begin(owner: string, response: ServerResponse): boolean {
    const own = [...this.open.values()].filter(({ stream }) => stream.owner === owner);
    if (this.open.size >= MAX_STREAMS || own.length >= MAX_PER_OWNER) return false;
    const stream = new SseStream(owner, response);
    this.open.set(stream.sessionId, { stream, server: undefined, taken: undefined, waiting: 0 });
    response.once('close', () => {
      this.open.delete(stream.sessionId);
      this.onEnded(stream.sessionId);
    });
    stream.open();
    return true;
  }

  has(id: string, owner: string): boolean {
    return this.open.get(id)?.stream.owner === owner;
  }

  /** Takes a message, which is answered on the stream. */
  take(id: string, message: Readonly<Record<string, unknown>>, authInfo: AuthInfo): void {
    const open = this.open.get(id);
    if (open === undefined) return;
    const deliver = (): void => open.stream.onmessage?.(message as unknown as JSONRPCMessage, { authInfo });
    if (open.server !== undefined) {
      deliver();
    } else if (open.waiting < MAX_WAITING) {
      open.waiting += 1;
      // Messages keep their order while the server is started.
      open.taken = (open.taken ?? this.connect(open, message))
        .then(deliver)
        .catch((error: unknown) => this.log.error(error, 'a stream failed'));
    } else if (message.id !== undefined) {
      this.refuse(id, message.id, { code: ERROR.decisionPoint, message: `${MAX_WAITING} messages wait already` });
    }
  }

  private async connect(open: Open, first: Readonly<Record<string, unknown>>): Promise<void> {
    const { stream } = open;
    let made: SessionServer;
    try {
      made = await this.serverFor(first);
    } catch (error) {
      this.log.error(error, 'no stream');
      const known = error instanceof UpstreamError;
      const message = known ? NOT_STARTED : 'the gateway failed';
      this.refuse(stream.sessionId, first.id, { code: ERROR.decisionPoint, message });
      await stream.close();
      return;
    }
    const { server, end } = made;
    endWithConnection(made);
    await server.connect(stream);
    // The client may have gone meanwhile, and no second event says so.
    if (this.open.has(stream.sessionId)) {
      open.server = server;
      return;
    }
    await server.close();
    await end?.();
  }

  /** Answers a message that is refused. */
  refuse(id: string, of: unknown, error: Readonly<Record<string, unknown>>): void {
    void this.open.get(id)?.stream.send({ jsonrpc: '2.0', id: of, error } as unknown as JSONRPCMessage);
  }

  /** Notifies all clients that their lists may have changed. */
  listsChanged(): void {
    for (const { server } of this.open.values()) if (server !== undefined) notifyLists(server);
  }

  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map(({ stream }) => stream.close()));
  }
}
