import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Span } from '@opentelemetry/api';
import type { AttemptReason, Attempts } from '@writ/enforce/attempts';
import { every } from '@writ/sdk/lib/every';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { Logger } from 'pino';
import type { KnownHosts } from '../../lib/known-hosts.js';
import { isLostDatabase } from '../../lib/lost-database.js';
import { nodeServer } from '../../lib/node-server.js';
import { OpenConnections } from '../../lib/open-connections.js';
import { refuseConnect } from '../../lib/refuse-connect.js';
import type { ServerCertificate } from '../../lib/server-certificate.js';
import type { Credentials } from '../../provenance/credentials.js';
import { authenticate, mayUse } from './authenticate.js';
import { readBody } from './body.js';
import type { AuthenticatedCaller, Callers } from './callers.js';
import { checkHost } from './host-check.js';
import type { LoadShedder } from './load.js';
import type { Metrics } from './metrics.js';
import { Problem, sendProblem } from './problem.js';
import { endIfLong, refuseConnection } from './refused.js';
import { Reply } from './reply.js';
import { REQUEST_LIMITS } from './request-limits.js';
import { type Call, type Route, readShape } from './route.js';
import type { ServingStateHolder } from './serving-state.js';
import type { RequestTracing } from './tracing.js';
import { UnfinishedBodies } from './unfinished.js';

interface Service {
  readonly url: string;
  /** Refuses new requests, answers those that it has, then resolves. */
  close(): Promise<void>;
}

interface ServiceParts {
  readonly state: ServingStateHolder;
  readonly callers: () => Callers;
  readonly hosts: KnownHosts;
  readonly credentials: Credentials;
  readonly load: LoadShedder;
  readonly metrics: Metrics;
  /** Receives requests that are refused before they become a decision. */
  readonly attempts: Pick<Attempts, 'add'>;
  readonly logger: Logger;
  readonly tracing: RequestTracing | undefined;
  /** Undefined serves plain HTTP. */
  readonly tls: ServerCertificate | undefined;
}

/** The part of the open files of the process that may be connections of the service. */
const SHARE_OF_FILES = 0.5;
/** Credentials that are being verified at once: the keys of an issuer may have to be fetched. */
const MAX_VERIFYING = 2_000;
/** How often a closing service closes connections that have become idle. */
const CLOSE_IDLE_MS = 50;
/** How long a closing service waits for requests in flight; their connections are then ended. */
const CLOSE_GRACE_MS = 10_000;

/** In every answer while nothing is stopped at the gateway: until when. */
const OBSERVING_HEADER = 'X-Writ-Observing';

/** A request and its reply. */
interface Exchange {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly reply: Reply;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: unknown;
  readonly begun: number;
  span?: Span | undefined;
  /** The caller, once it has proved itself. */
  caller?: AuthenticatedCaller | undefined;
  /** Whether the load shedder counts it as waiting. */
  isCounted: boolean;
}

/** Serves routes over HTTP/1.1. */
export class HttpService {
  private readonly router = findMyWay({ maxParamLength: 1_024 });
  private readonly server: Server;
  private isClosing = false;
  private address = '';
  private readonly connections: OpenConnections;
  private readonly unfinished = new UnfinishedBodies();
  private verifying = 0;

  constructor(private readonly parts: ServiceParts) {
    const { tls } = parts;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.serve(request, response);
    this.server = nodeServer(REQUEST_LIMITS, tls, listener);
    this.connections = new OpenConnections(this.server, SHARE_OF_FILES);
    this.server.on('clientError', refuseConnection);
    refuseConnect(this.server);
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
    const { observingUntil } = this.parts.state;
    if (observingUntil !== undefined) reply.header(OBSERVING_HEADER, observingUntil.toISOString());
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

  /**
   * Admits and authenticates a request, then reads its body. Only then it takes a place of the requests that wait: no place is
   * held by a sender who has proved nobody, nor by a body that is not there.
   */
  private begin(exchange: Exchange): void {
    const { route, request } = exchange;
    const { tracing, callers, credentials } = this.parts;
    if (tracing !== undefined) exchange.span = tracing.begin(route.method, route.url, request.headers);
    try {
      checkHost(this.parts.hosts, route.access, request);
      this.admit(exchange);
      if (route.access.kind === 'open' || route.access.kind === 'client') {
        this.read(exchange, undefined);
        return;
      }
      const caller = authenticate(request, callers(), credentials);
      if (caller instanceof Promise) {
        // The body waits in the socket until the caller is known.
        if (this.verifying >= MAX_VERIFYING) throw new Problem(503, 'too many credentials are being verified', {}, 1);
        this.verifying += 1;
        caller
          .finally(() => {
            this.verifying -= 1;
          })
          .then((known) => this.read(exchange, known))
          .catch((error: unknown) => this.refuse(exchange, error, true));
      } else {
        this.read(exchange, caller);
      }
    } catch (error) {
      this.refuse(exchange, error, true);
    }
  }

  /** @throws {Problem} 503 while there is no policy, or under too much load */
  private admit(exchange: Exchange): void {
    const { state, load } = this.parts;
    const { access, always } = exchange.route;
    if (access.kind !== 'open' && state.current.state === 'starting')
      throw new Problem(503, 'no policy is loaded yet', {}, 1);
    if (always === true) return;
    const why = load.refusal();
    if (why !== undefined) throw new Problem(503, why, {}, 1);
  }

  /** Counts a request as waiting. @throws {Problem} 503 if too many wait */
  private enter(exchange: Exchange): void {
    if (exchange.route.always === true) return;
    const why = this.parts.load.enter();
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
    exchange.caller = caller;
    if (caller !== undefined) mayUse(route.access, caller);
    const isStrangers = caller === undefined || caller.isAnonymous;
    if (!isStrangers) this.connections.prove(request.socket);
    if (route.body === undefined) {
      this.handle(exchange, caller, undefined);
      return;
    }
    const share = this.unfinished.of(isStrangers ? undefined : caller.enforcementPoint);
    readBody(request, { type: route.bodyType ?? 'json', share, isStrangers }, (error, body) => {
      if (error === undefined) {
        this.handle(exchange, caller, body);
        return;
      }
      if (!request.complete) exchange.reply.header('Connection', 'close');
      this.refuse(exchange, error, false);
    });
  }

  private handle(exchange: Exchange, caller: AuthenticatedCaller | undefined, sent: unknown): void {
    const { route, reply, request } = exchange;
    try {
      this.enter(exchange);
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
    this.note(exchange, problem.status);
    if (!reply.isSent) {
      if (isUnread) endIfLong(request, reply);
      sendProblem(reply, problem);
    } else {
      reply.raw.destroy();
    }
    this.finish(exchange);
  }

  /** Notes an attempt that is on the record in no other way. */
  private note({ route, request, reply, caller }: Exchange, status: number): void {
    const reason = reasonOf(status);
    // A question that was refused changes nothing and permits nothing, unless its sender proved nobody.
    if (reply.headerOf('X-Decision-Id') !== undefined || (route.method === 'GET' && status !== 401 && status !== 403))
      return;
    const from = request.socket.remoteAddress;
    const name = caller?.isAnonymous === true ? undefined : caller?.enforcementPoint;
    this.parts.attempts.add({
      at: 'service',
      operation: route.operationId,
      reason,
      caller: name,
      from,
    });
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
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === 'revocation_not_saved' || code === 'too_many_unsaved_revocations')
      return new Problem(503, message, {}, 1);
    if (isLostDatabase(error)) return new Problem(503, 'the database does not answer, so nothing was done', {}, 1);
    return code === 'record_unavailable'
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
      for (const socket of this.connections.all) if (socket.bytesRead === 0) socket.destroy();
    };
    const grace = setTimeout(() => this.server.closeAllConnections(), CLOSE_GRACE_MS);
    const stop = every(CLOSE_IDLE_MS, closeIdle, (error) => this.parts.logger.error({ err: error }, 'not closed'));
    closeIdle();
    await closed;
    clearTimeout(grace);
    this.unfinished.close();
    await stop();
  }
}

function reasonOf(status: number): AttemptReason {
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'forbidden';
  return status < 500 ? 'invalid' : 'unavailable';
}
