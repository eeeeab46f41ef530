import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Span } from '@opentelemetry/api';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { Logger } from 'pino';
import { every } from '../../lib/every.js';
import type { Credentials } from '../../provenance/credentials.js';
import { authenticate, unauthorized } from './authenticate.js';
import { readBody } from './body.js';
import type { AuthenticatedCaller, Callers } from './callers.js';
import type { LoadShedder } from './load.js';
import type { Metrics } from './metrics.js';
import { PROBLEM_TYPE, Problem, problemText, sendProblem } from './problem.js';
import { Reply } from './reply.js';
import { type Call, type Route, readShape } from './route.js';
import type { ServingStateHolder } from './serving-state.js';
import type { RequestTracing } from './tracing.js';

interface Service {
  readonly url: string;
  /** Refuses new requests, answers those that it has, then resolves. */
  close(): Promise<void>;
}

/** The certificate of the server, and the authority of client certificates; PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** A client may authenticate by a certificate of this authority. */
  readonly clientCa: Buffer | undefined;
}

interface ServiceParts {
  readonly state: ServingStateHolder;
  readonly callers: () => Callers;
  readonly credentials: Credentials;
  readonly load: LoadShedder;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracing: RequestTracing | undefined;
  /** Undefined serves plain HTTP. */
  readonly tls: TlsMaterial | undefined;
}

const LIMITS = { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 72_000 };
const MAX_CONNECTIONS = 10_000;
/** How often a closing service closes connections that have become idle. */
const CLOSE_IDLE_MS = 50;
/** How long a closing service waits for requests in flight; their connections are then ended. */
const CLOSE_GRACE_MS = 10_000;
/** A refused body is read and discarded up to this length, in bytes; past it the connection ends. */
const MAX_UNREAD = 64 * 1024;

/** A request and its reply. */
interface Exchange {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly reply: Reply;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: unknown;
  readonly begun: number;
  span?: Span | undefined;
  /** Whether the load shedder counts it as waiting. */
  isCounted: boolean;
}

/** Serves routes over HTTP/1.1. */
export class HttpService {
  private readonly router = findMyWay({ maxParamLength: 1_024 });
  private readonly server: Server;
  private isClosing = false;
  private address = '';
  private readonly sockets = new Set<Socket>();

  constructor(private readonly parts: ServiceParts) {
    const { tls } = parts;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.serve(request, response);
    this.server =
      tls === undefined
        ? createHttpServer(LIMITS, listener)
        : createHttpsServer(
            {
              ...LIMITS,
              cert: tls.cert,
              key: tls.key,
              minVersion: 'TLSv1.2',
              ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }),
            },
            listener,
          );
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('clientError', refuseConnection);
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** Adds operations. Before {@link listen}. */
  add(routes: readonly Route[]): void {
    for (const route of routes) this.router.on(route.method, route.url, () => undefined, route);
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const reply = new Reply(response);
    const id = request.headers['x-request-id'];
    if (typeof id === 'string') reply.header('X-Request-ID', id);
    if (this.isClosing) reply.header('Connection', 'close');
    const { method = 'GET', url = '/' } = request;
    const found = this.router.find((method === 'HEAD' ? 'GET' : method) as HTTPMethod, url);
    if (found === null) {
      endIfLong(request, reply);
      sendProblem(reply, new Problem(404, `there is no ${method} ${url.split('?')[0]}`));
      this.parts.metrics.answered('none', 404, 0);
      return;
    }
    const exchange: Exchange = {
      route: found.store as Route,
      request,
      reply,
      params: found.params,
      query: found.searchParams,
      begun: performance.now(),
      span: undefined,
      isCounted: false,
    };
    this.begin(exchange);
  }

  /** Admits and authenticates a request. The body is read after both. */
  private begin(exchange: Exchange): void {
    const { route, request } = exchange;
    const { tracing, callers, credentials } = this.parts;
    if (tracing !== undefined) exchange.span = tracing.begin(route.method, route.url, request.headers);
    try {
      this.admit(exchange);
      if (route.access.kind === 'open') {
        this.read(exchange, undefined);
        return;
      }
      const caller = authenticate(request, callers(), credentials);
      if (caller instanceof Promise) {
        // The body waits in the socket until the caller is known.
        caller
          .then((known) => this.read(exchange, known))
          .catch((error: unknown) => this.refuse(exchange, error, true));
      } else {
        this.read(exchange, caller);
      }
    } catch (error) {
      this.refuse(exchange, error, true);
    }
  }

  /** Counts a request as waiting. @throws {Problem} 503 while there is no policy, or under too much load */
  private admit(exchange: Exchange): void {
    const { state, load } = this.parts;
    const { access, always } = exchange.route;
    if (access.kind !== 'open' && state.current.state === 'starting')
      throw new Problem(503, 'no policy is loaded yet', {}, 1);
    if (always === true) return;
    const why = load.enter();
    if (why !== undefined) throw new Problem(503, why, {}, 1);
    exchange.isCounted = true;
    // A client that disconnects before the answer does not wait any more.
    exchange.reply.raw.once('close', () => this.leave(exchange));
  }

  private leave(exchange: Exchange): void {
    if (!exchange.isCounted) return;
    exchange.isCounted = false;
    this.parts.load.leave();
  }

  private read(exchange: Exchange, caller: AuthenticatedCaller | undefined): void {
    const { route, request } = exchange;
    if (caller !== undefined) mayUse(route.access, caller);
    if (route.body === undefined) {
      this.handle(exchange, caller, undefined);
      return;
    }
    readBody(request, route.bodyType ?? 'json', (error, body) => {
      if (error !== undefined) this.refuse(exchange, error, false);
      else this.handle(exchange, caller, body);
    });
  }

  private handle(exchange: Exchange, caller: AuthenticatedCaller | undefined, sent: unknown): void {
    const { route, reply, request } = exchange;
    try {
      const { body, query } = route;
      if (body !== undefined && sent === undefined) throw new Problem(400, 'the body is JSON, and there is none');
      const call: Call = {
        body: body === undefined || route.readsBody === true ? sent : readShape(body, sent, 'body'),
        query: query === undefined ? undefined : readShape(query, { ...(exchange.query as object) }, ''),
        params: exchange.params as Record<string, string>,
        caller: caller as AuthenticatedCaller,
        request,
        reply,
      };
      const answer = route.handle(call);
      if (answer instanceof Promise)
        answer
          .then((value) => this.answer(exchange, value))
          .catch((error: unknown) => this.refuse(exchange, error, false));
      else this.answer(exchange, answer);
    } catch (error) {
      this.refuse(exchange, error, false);
    }
  }

  private answer(exchange: Exchange, value: unknown): void {
    const { reply } = exchange;
    if (!reply.isSent) reply.send(value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));
    this.finish(exchange);
  }

  private refuse(exchange: Exchange, error: unknown, isUnread: boolean): void {
    const { reply, request } = exchange;
    const problem = this.problemOf(error);
    if (!reply.isSent) {
      if (isUnread || problem.status === 413) endIfLong(request, reply);
      sendProblem(reply, problem);
    } else {
      reply.raw.destroy();
    }
    this.finish(exchange);
  }

  private finish(exchange: Exchange): void {
    const { route, reply, begun, span } = exchange;
    this.leave(exchange);
    this.parts.metrics.answered(route.operationId, reply.statusCode, (performance.now() - begun) / 1_000);
    if (span !== undefined) this.parts.tracing?.end(span, reply.statusCode, reply.headerOf('X-Decision-Id'));
  }

  private problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    this.parts.logger.error({ err: error }, 'a request failed');
    const isUnrecorded = (error as { code?: string }).code === 'record_unavailable';
    return isUnrecorded
      ? new Problem(503, 'this could not be put on the record, so it was not done', {}, 1)
      : new Problem(500, 'the service failed; nothing was permitted');
  }

  /** The address that it listens on; empty before it does. */
  get url(): string {
    return this.address;
  }

  async listen(host: string, port: number): Promise<Service> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    const { port: actual, family, address } = this.server.address() as AddressInfo;
    const name = family === 'IPv6' ? `[${address}]` : address;
    const scheme = this.parts.tls === undefined ? 'http' : 'https';
    this.address = `${scheme}://${name}:${actual}`;
    return { url: this.address, close: () => this.close() };
  }

  private async close(): Promise<void> {
    this.isClosing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // A connection that was about to be idle when the others were closed is found the next time.
    const closeIdle = (): void => {
      this.server.closeIdleConnections();
      // Node counts a connection that has sent nothing as busy, and looks at its time no more once it closes.
      for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
    };
    const grace = setTimeout(() => this.server.closeAllConnections(), CLOSE_GRACE_MS);
    const stop = every(CLOSE_IDLE_MS, closeIdle, (error) => this.parts.logger.error({ err: error }, 'not closed'));
    closeIdle();
    await closed;
    clearTimeout(grace);
    await stop();
  }
}

/** @throws {Problem} 401 or 403 when a caller may not use a route at all */
function mayUse(access: Route['access'], caller: AuthenticatedCaller): void {
  const isRefused = access.kind === 'area' ? !caller.mayUse(access.how, access.area) : caller.isAnonymous;
  if (!isRefused) return;
  if (caller.isAnonymous) throw unauthorized('send the key of a caller, or an access token, as bearer token');
  if (access.kind === 'area') throw new Problem(403, `${caller.enforcementPoint} may not ${access.how} ${access.area}`);
}

/** Ends the connection after a long body that was refused unread; a short one is read and discarded. */
function endIfLong({ headers }: IncomingMessage, reply: Reply): void {
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > MAX_UNREAD)
    reply.header('Connection', 'close');
}

/** Answers bytes that are not HTTP, take too long or have too many headers. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', `the headers are larger than ${LIMITS.maxHeaderSize} bytes`]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'the request did not arrive in time']
        : [400, 'Bad Request', 'this is not an HTTP/1.1 request'];
  const text = problemText(new Problem(status as number, detail as string));
  const head = `HTTP/1.1 ${status} ${phrase}\r\nConnection: close\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(text)}`;
  socket.end(`${head}\r\n\r\n${text}`);
}
