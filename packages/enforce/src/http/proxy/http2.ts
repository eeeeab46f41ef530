import type { IncomingHttpHeaders, Server } from 'node:http';
import {
  constants,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type IncomingHttpHeaders as StreamHeaders,
} from 'node:http2';
import { type TLSSocket, Server as TlsServer } from 'node:tls';
import type { RawHead } from '../request/canonical.js';
import type { Answering, Incoming } from './incoming.js';

interface Http2Parts {
  readonly maxHeaderBytes: number;
  /** Until a connection has its first request, and until a request is whole. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How long a connection without a request stays open. */
  readonly idleMs: number;
  readonly take: (incoming: Incoming, answering: Answering) => void;
}

const MAX_STREAMS = 100;
const MAX_HEADERS = 220;

/**
 * Serves HTTP/2 on the connections of a TLS server that chose it (ALPN); the others stay with that server. A server without TLS has
 * none: HTTP/2 in the clear is not served.
 *
 * @returns what ends all of its connections
 */
export function serveHttp2(server: Server, parts: Http2Parts): () => void {
  if (!(server instanceof TlsServer)) return () => undefined;
  const http2 = createServer({
    maxHeaderListPairs: MAX_HEADERS,
    settings: { enablePush: false, maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: parts.maxHeaderBytes },
  });
  const sockets = new WeakMap<ServerHttp2Session, TLSSocket>();
  const sessions = new Set<ServerHttp2Session>();
  let current: TLSSocket | undefined;
  http2.on('session', (session: ServerHttp2Session) => {
    if (current !== undefined) sockets.set(session, current);
    sessions.add(session);
    watch(session, parts);
    session.on('close', () => sessions.delete(session));
  });
  http2.on('sessionError', (_error, session: ServerHttp2Session) => session.destroy());
  http2.on(
    'stream',
    (stream: ServerHttp2Stream, headers: StreamHeaders, flags: number, rawHeaders: readonly string[]) => {
      const socket = stream.session === undefined ? undefined : sockets.get(stream.session as ServerHttp2Session);
      stream.on('error', () => stream.destroy());
      if (socket === undefined) {
        stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        return;
      }
      const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      // Without a body nobody reads it to its end.
      if (isWhole) stream.resume();
      else endLate(stream, parts.requestMs);
      parts.take(incomingIn(stream, socket, { headers, rawHeaders, isWhole }), answeringOn(stream, headers));
    },
  );
  const before = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol !== 'h2') {
      for (const listener of before) listener.call(server, socket);
      return;
    }
    current = socket;
    http2.emit('connection', socket);
    current = undefined;
  });
  return () => {
    for (const session of sessions) session.destroy();
  };
}

/** Ends a connection that has no request for too long. */
function watch(session: ServerHttp2Session, { headersMs, idleMs }: Http2Parts): void {
  let open = 0;
  const first = setTimeout(() => session.destroy(), headersMs);
  session.on('stream', (stream) => {
    clearTimeout(first);
    open += 1;
    stream.on('close', () => {
      open -= 1;
    });
  });
  session.setTimeout(idleMs, () => {
    if (open === 0) session.destroy();
  });
  session.on('error', () => session.destroy());
  session.on('close', () => clearTimeout(first));
}

/** Ends a request whose body does not come in time. */
function endLate(stream: ServerHttp2Stream, ms: number): void {
  const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), ms);
  stream.on('end', () => clearTimeout(late));
  stream.on('close', () => clearTimeout(late));
}

interface Streamed {
  readonly headers: StreamHeaders;
  /** Names and values in turn, with those of the frame. */
  readonly rawHeaders: readonly string[];
  /** Whether the request has no body. */
  readonly isWhole: boolean;
}

function incomingIn(
  stream: ServerHttp2Stream,
  socket: TLSSocket,
  { headers, rawHeaders, isWhole }: Streamed,
): Incoming {
  let trailers: readonly string[] = [];
  stream.on('trailers', (_headers, _flags, raw: readonly string[] = ['trailer', '']) => {
    trailers = raw;
  });
  const peer = { address: socket.remoteAddress ?? '', scheme: 'https' } as const;
  const { ':authority': authority, ...others } = headers;
  return {
    head: { ...headIn(rawHeaders, isWhole), peer },
    headers: { ...(others as IncomingHttpHeaders), host: headers.host ?? authority },
    connection: socket,
    address: socket.remoteAddress,
    source: stream,
    body: stream,
    rawTrailers: () => trailers,
  };
}

/**
 * Writes the head of a request as HTTP/1.1 has it, so that it is read as one: a header stands for each pseudo-header, the parts of a
 * cookie are joined (RFC 9113, section 8.2.3), and a body without a length is chunked.
 */
function headIn(rawHeaders: readonly string[], isWhole: boolean): RawHead {
  const pseudo = new Map<string, string>();
  const rest: string[] = [];
  const cookies: string[] = [];
  let hasLength = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i] as string, rawHeaders[i + 1] as string];
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name === 'cookie') cookies.push(value);
    else {
      rest.push(name, value);
      hasLength ||= name === 'content-length';
    }
  }
  const authority = pseudo.get(':authority');
  // Another Host beside it is one too many.
  if (authority !== undefined && !(rest.includes('host') && hostIn(rest) === authority)) rest.push('host', authority);
  if (cookies.length > 0) rest.push('cookie', cookies.join('; '));
  if (!isWhole && !hasLength) rest.push('transfer-encoding', 'chunked');
  const isPlain = pseudo.get(':scheme') === 'https' && !pseudo.has(':protocol');
  return {
    method: pseudo.get(':method') ?? '',
    // No path begins so: the request is for another connection than this.
    target: isPlain ? (pseudo.get(':path') ?? '') : `${pseudo.get(':scheme')}:${pseudo.get(':path')}`,
    rawHeaders: rest,
    version: '2.0',
  };
}

function hostIn(rest: readonly string[]): string | undefined {
  const at = rest.findIndex((name, i) => i % 2 === 0 && name === 'host');
  return at === -1 ? undefined : rest[at + 1];
}

/** Returns the answer on a stream. The rest of its request is not waited for. */
function answeringOn(stream: ServerHttp2Stream, headers: StreamHeaders): Answering {
  stream.on('finish', () => {
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
  return {
    method: headers[':method'] ?? '',
    sink: stream,
    get hasBegun() {
      return stream.headersSent;
    },
    // Node closes a stream whose last frame was sent before it says that the stream has finished.
    isSent: () => stream.writableFinished || (stream.writableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR),
    begin: (status, fields) => stream.respond({ ...fields, ':status': status }),
    proceed: () => stream.additionalHeaders({ ':status': 100 }),
    // Streams are divided by their frames.
    isLast: () => ({}),
    cut: () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  };
}
