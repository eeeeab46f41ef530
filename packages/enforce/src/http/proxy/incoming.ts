import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { RawHead } from '../request/canonical.js';

/** A request as it arrived, of any version of HTTP. */
export interface Incoming {
  readonly head: RawHead;
  readonly headers: IncomingHttpHeaders;
  /** The connection that it came over, which other requests may come over too. */
  readonly connection: Duplex;
  readonly address: string | undefined;
  /** Closes when the caller is gone. */
  readonly source: Duplex;
  readonly body: Readable;
  /** Known when the body was read. */
  readonly rawTrailers: () => readonly string[];
}

/** An answer that is sent, of any version of HTTP. */
export interface Answering {
  readonly method: string;
  readonly hasBegun: boolean;
  /** Takes the body. It has ended already if the answer can have none. */
  readonly sink: Writable;
  /** Whether the whole answer left. */
  isSent(): boolean;
  begin(status: number, headers: Readonly<Record<string, string | string[]>>): void;
  /** Asks for the body (100 Continue). */
  proceed(): void;
  /** Makes it the last of its connection, where requests could be taken for each other. */
  isLast(): Readonly<Record<string, string>>;
  /** Ends it as one that is not whole. */
  cut(): void;
}

/** Returns a request of HTTP/1. */
export function incomingOf(message: IncomingMessage): Incoming {
  const { method = '', url = '', rawHeaders, httpVersion, headers, socket } = message;
  const address = socket.remoteAddress;
  const peer = { address: address ?? '', scheme: socket instanceof TLSSocket ? 'https' : 'http' } as const;
  return {
    head: { method, target: url, rawHeaders, version: httpVersion, peer },
    ...{ headers, address, connection: socket, source: socket, body: message },
    rawTrailers: () => message.rawTrailers,
  };
}

/** Returns the answer to a request of HTTP/1. */
export function answeringOf(response: ServerResponse): Answering {
  return {
    method: response.req.method ?? '',
    sink: response,
    get hasBegun() {
      return response.headersSent;
    },
    isSent: () => response.writableFinished,
    begin: (status, headers) => void response.writeHead(status, headers),
    proceed: () => response.writeContinue(),
    // The rest of the connection may be of a request that was refused.
    isLast: () => ({ connection: 'close' }),
    cut: () => void response.destroy(),
  };
}
