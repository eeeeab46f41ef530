import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import type { AuthInfo, Server } from '@modelcontextprotocol/server';
import { every } from '../../../lib/every.js';
import { KeptEvents, RecentEvents } from './recent-events.js';

/** As the SDK's transport takes a request: who asks is in `auth`. */
export type IdentifiedRequest = IncomingMessage & { auth?: AuthInfo };

/** What a session talks to. */
export interface SessionServer {
  readonly server: Server;
  /** Ends what the session has for itself. */
  readonly end?: () => Promise<void>;
}

/** Returns what a connection talks to, by its first message. @throws {UpstreamError} if a server does not start */
export type ServerFor = (first: Readonly<Record<string, unknown>>) => Promise<SessionServer>;

/** What a client hears when what it should talk to is not there. */
export const NOT_STARTED = 'a server of the session did not start; try again later';

/** Ends what a session has for itself when its connection ends. */
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
  /** The requests that are under way, streams included. */
  going: number;
}

const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
const MAX_SESSIONS = 10_000;
const MAX_PER_OWNER = 256;

/**
 * The sessions of clients of MCP 2025-11-25 and before over Streamable HTTP (2026-07-28 has none). A session is of whoever began it: its id
 * is no credential, each request is proved and decided by what it comes with, and for anybody else it is not there.
 */
export class Sessions {
  private readonly held = new Map<string, Session>();
  private readonly kept = new KeptEvents();
  /** Of whom sessions are about to be there. */
  private readonly beginning = new Map<string, number>();
  private readonly stopSweeping: () => Promise<void>;

  constructor(
    private readonly serverFor: ServerFor,
    private readonly now: () => number = () => performance.now(),
  ) {
    const ignore = (): void => undefined; // A session that could not be ended is not held any more.
    this.stopSweeping = every(SWEEP_MS, () => this.sweep(), ignore);
  }

  /** Begins one. @returns false when there are too many */
  async begin(
    owner: string,
    request: IdentifiedRequest,
    response: ServerResponse,
    message: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    this.sweep();
    const own = [...this.held.values()].filter((one) => one.owner === owner).length + (this.beginning.get(owner) ?? 0);
    if (this.held.size >= MAX_SESSIONS || own >= MAX_PER_OWNER) return false;
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
        this.held.set(id, { owner, server, transport, usedAt: this.now(), going: 0 });
      },
      onsessionclosed: (id) => {
        this.held.delete(id);
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
      // An initialize that the SDK refused, or that failed, began nothing, and keeps no servers.
      if (transport.sessionId === undefined || !this.held.has(transport.sessionId)) await server.close();
    }
  }

  /** Goes on with one. @returns false when the caller has none of that id */
  async handle(
    id: string,
    owner: string,
    request: IdentifiedRequest,
    response: ServerResponse,
    message: unknown,
  ): Promise<boolean> {
    const session = this.held.get(id);
    if (session?.owner !== owner) return false;
    session.going++;
    response.once('close', () => {
      session.going--;
      session.usedAt = this.now();
    });
    await session.transport.handleRequest(request, response, message);
    return true;
  }

  /** Tells all of them that their lists may be others now. */
  listsChanged(): void {
    for (const { server } of this.held.values()) notifyLists(server);
  }

  async close(): Promise<void> {
    await this.stopSweeping();
    const all = [...this.held.values()];
    this.held.clear();
    await Promise.all(all.map(({ server }) => server.close()));
  }

  private sweep(): void {
    const before = this.now() - IDLE_MS;
    for (const [id, { server, usedAt, going }] of this.held) {
      if (going > 0 || usedAt > before) continue;
      this.held.delete(id);
      server.close().catch(() => undefined);
    }
  }
}

/** Tells the client of a connection that its lists may be others now. */
export function notifyLists(server: Server): void {
  const { resources, prompts } = server.getCapabilities();
  const told = [server.sendToolListChanged()];
  if (resources !== undefined) told.push(server.sendResourceListChanged());
  if (prompts !== undefined) told.push(server.sendPromptListChanged());
  // A client that is gone is not told.
  for (const one of told) one.catch(() => undefined);
}
