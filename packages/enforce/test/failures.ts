import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

/** The ways in which what decides can fail, as a face finds it at the address that it asks: each takes a connection. */
export const FAILURES: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes at once': (socket) => void socket.destroy(),
  'is silent': () => {},
  'closes after the request': (socket) => void socket.once('data', () => socket.destroy()),
  'answers no HTTP': (socket) => void socket.once('data', () => socket.end('permit\r\n\r\n')),
  'answers half a head': (socket) => void socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nWrit-De')),
  'answers half a head and waits': (socket) =>
    void socket.once('data', () => socket.write('HTTP/1.1 204 No Content\r\n')),
  'answers 100 alone': (socket) => void socket.once('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\n')),
  'answers a redirect': answering('302 Found', 'Location: /v1/check\r\n'),
  'answers 304': answering('304 Not Modified'),
  'answers 400': answering('400 Bad Request'),
  'answers 404': answering('404 Not Found'),
  'answers 429': answering('429 Too Many Requests'),
  'answers 500': answering('500 Internal Server Error'),
  'answers 503': answering('503 Service Unavailable'),
  'answers a status that is none': answering('999 Yes'),
};

function answering(status: string, headers = ''): (socket: Socket) => void {
  return (socket) => {
    socket.on('data', () => socket.write(`HTTP/1.1 ${status}\r\n${headers}Content-Length: 0\r\n\r\n`));
  };
}

/** A place at which something fails in the way that is chosen, or nothing listens. */
export class FailingPlace {
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private take: (socket: Socket) => void = () => {};
  port = 0;

  async open(): Promise<void> {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      this.take(socket);
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Fails in a way from now on: connections from before are cut. */
  choose(take: (socket: Socket) => void): void {
    this.take = take;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.choose((socket) => socket.destroy());
    await new Promise((resolve) => this.server?.close(resolve));
  }
}
