import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers CONNECT, which Node hands on apart from other requests: nothing here is a proxy. */
export function refuseConnect(server: Server): void {
  server.on('connect', (_request: unknown, socket: Duplex) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, POST\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
}
