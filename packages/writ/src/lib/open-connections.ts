import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';

/** The most connections of a server, where the operating system permits as many. */
const MAX_CONNECTIONS = 10_000;
/** Connections that end take their place until the operating system has closed them. */
const ENDING = 0.1;

/**
 * The open connections of a server. When they are as many as may be, the oldest that has proved nobody is closed for a new
 * one: a stranger who holds connections open keeps nobody out.
 */
export class OpenConnections {
  /** Oldest first. A TLS connection has two sockets, which have the same ends. */
  private readonly unproved = new Map<string, Socket>();
  private readonly proved = new WeakSet<Socket>();
  private readonly sockets = new Set<Socket>();

  /** @param share the part of the files that the process may open */
  constructor(
    server: Server,
    share: number,
    private readonly limit = Math.min(MAX_CONNECTIONS, Math.floor(maxOpenFiles() * share)),
  ) {
    server.maxConnections = Math.ceil(this.limit * (1 + ENDING));
    server.on('connection', (socket: Socket) => this.add(socket));
  }

  get all(): Iterable<Socket> {
    return this.sockets;
  }

  private add(socket: Socket): void {
    if (this.sockets.size >= this.limit) this.closeOldest();
    const ends = endsOf(socket);
    this.sockets.add(socket);
    this.unproved.set(ends, socket);
    socket.once('close', () => {
      this.sockets.delete(socket);
      if (this.unproved.get(ends) === socket) this.unproved.delete(ends);
    });
  }

  private closeOldest(): void {
    for (const [ends, socket] of this.unproved) {
      this.unproved.delete(ends);
      this.sockets.delete(socket);
      socket.destroy();
      return;
    }
  }

  /** Notes that somebody proved an identity on a connection. */
  prove(socket: Socket): void {
    if (this.proved.has(socket)) return;
    this.proved.add(socket);
    this.unproved.delete(endsOf(socket));
  }
}

function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Returns the number of files that the process may open; Node has raised it to the most that it can be. */
function maxOpenFiles(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    // Other systems than Linux have no such file.
    return Number.POSITIVE_INFINITY;
  }
}
