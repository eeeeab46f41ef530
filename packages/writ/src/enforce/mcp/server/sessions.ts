import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import type { AuthInfo, Server } from '@modelcontextprotocol/server';
import { every } from '@writ/sdk/lib/every';
import { KeptEvents, RecentEvents } from './recent-events.js';

/** A request for the transport of the SDK, with its client in `auth`. */
export type IdentifiedRequest = IncomingMessage & { auth?: AuthInfo };

/** The server of a session. */
export interface SessionServer {
  readonly server: Server;
  /** Closes the servers that the session has for itself. */
  readonly end?: () => Promise<void>;
}

/** Returns the server of a connection, by its first message. @throws {UpstreamError} if a server does not start */
export type ServerFor = (first: Readonly<Record<string, unknown>>) => Promise<SessionServer>;

/** The error for a client whose server did not start. */
export const NOT_STARTED = 'a server of the session did not start; try again later';

/** Closes the servers that a session has for itself when its connection ends. */
export function endWithConnection({ server, end }: SessionServer): void {
  const closed = server.onclose;
  server.onclose = () => {
    closed?.();
    end?.().catch(() => undefined);
  };
}

interface Session {
  readonly owner: string;
  readonly server: Server;
  readonly transport: NodeStreamableHTTPServerTransport;
  usedAt: number;
  /** The requests in flight, streams included. */
  inFlight: number;
}

const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
const MAX_SESSIONS = 10_000;
const MAX_PER_OWNER = 256;

/**
 * The sessions of clients of MCP 2025-11-25 and before over Streamable HTTP (2026-07-28 has none). A session belongs
 * to the client that began it, and does not exist for others. Its id is no credential: each request is identified and
 * decided by what it carries.
 */
export class Sessions {
  private readonly sessions = new Map<string, Session>();
  private readonly kept = new KeptEvents();
  /** The number of sessions that are being started, by owner. */
  private readonly beginning = new Map<string, number>();
  private readonly stopSweeping: () => Promise<void>;

  constructor(
    private readonly serverFor: ServerFor,
    private readonly now: () => number = () => performance.now(),
    /** Is notified of a session that its client ended, or that was unused for long. */
    private readonly onEnded: (id: string) => void = () => undefined,
  ) {
    const ignore = (): void => undefined; // A session that could not be closed is forgotten all the same.
    this.stopSweeping = every(SWEEP_MS, () => this.sweep(), ignore);
  }

  /** Begins a session. @returns false if there are too many */
  async begin(
    owner: string,
    request: IdentifiedRequest,
    response: ServerResponse,
    message: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    this.sweep();
    const own =
      [...this.sessions.values()].filter((one) => one.owner === owner).length + (this.beginning.get(owner) ?? 0);
    if (this.sessions.size >= MAX_SESSIONS || own >= MAX_PER_OWNER) return false;
    this.beginning.set(owner, (this.beginning.get(owner) ?? 0) + 1);
    try {
      await this.beginWith(await this.serverFor(message), owner, request, response, message);
    } finally {
      const left = (this.beginning.get(owner) ?? 1) - 1;
      if (left === 0) this.beginning.delete(owner);
      else this.beginning.set(owner, left);
    }
    return true;
  }

  private async beginWith(
    { server, end }: SessionServer,
    owner: string,
    request: IdentifiedRequest,
    response: ServerResponse,
    message: unknown,
  ): Promise<void> {
    const events = new RecentEvents(this.kept);
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: events,
      onsessioninitialized: (id) => {
        this.sessions.set(id, { owner, server, transport, usedAt: this.now(), inFlight: 0 });
      },
      onsessionclosed: (id) => {
        this.sessions.delete(id);
        this.onEnded(id);
      },
    });
    endWithConnection({
      server,
      end: async () => {
        events.clear();
        await end?.();
      },
    });
    try {
      await server.connect(transport);
      await transport.handleRequest(request, response, message);
    } finally {
      // After an `initialize` that the SDK refused, or that failed, there is no session that would close the servers.
      if (transport.sessionId === undefined || !this.sessions.has(transport.sessionId)) await server.close();
    }
  }

  has(id: string, owner: string): boolean {
    return this.sessions.get(id)?.owner === owner;
  }

  /** Handles a request in a session. @returns false if the client has no session of that id */
  async handle(
    id: string,
    owner: string,
    request: IdentifiedRequest,
    response: ServerResponse,
    message: unknown,
  ): Promise<boolean> {
    const session = this.sessions.get(id);
    if (session?.owner !== owner) return false;
    session.inFlight++;
    response.once('close', () => {
      session.inFlight--;
      session.usedAt = this.now();
    });
    await session.transport.handleRequest(request, response, message);
    return true;
  }

  /** Notifies all clients that their lists may have changed. */
  listsChanged(): void {
    for (const { server } of this.sessions.values()) notifyLists(server);
  }

  async close(): Promise<void> {
    await this.stopSweeping();
    const all = [...this.sessions.values()];
    this.sessions.clear();
    await Promise.all(all.map(({ server }) => server.close()));
  }

  private sweep(): void {
    const before = this.now() - IDLE_MS;
    for (const [id, { server, usedAt, inFlight }] of this.sessions) {
      if (inFlight > 0 || usedAt > before) continue;
      this.sessions.delete(id);
      this.onEnded(id);
      server.close().catch(() => undefined);
    }
  }
}

/** Notifies the client of a connection that its lists may have changed. */
export function notifyLists(server: Server): void {
  const { resources, prompts } = server.getCapabilities();
  const sent = [server.sendToolListChanged()];
  if (resources !== undefined) sent.push(server.sendResourceListChanged());
  if (prompts !== undefined) sent.push(server.sendPromptListChanged());
  // A client that is gone is not notified.
  for (const one of sent) one.catch(() => undefined);
}
