import type { Span } from '@opentelemetry/api';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { Credentials } from '../provenance/credentials.js';
import { authenticate, unauthorized } from './authenticate.js';
import type { AuthenticatedCaller, Callers } from './callers.js';
import { MAX_BODY, readJsonBody } from './json-body.js';
import type { LoadShedder } from './load.js';
import type { Metrics } from './metrics.js';
import { Problem, sendProblem } from './problem.js';
import { type Call, type Route, readShape } from './route.js';
import type { ServingStateHolder } from './serving-state.js';
import type { RequestTracing } from './tracing.js';

export interface Service {
  readonly url: string;
  /** Takes no more requests, answers those it has, then resolves. */
  close(): Promise<void>;
}

/** Files of the server's certificate, and of the authority that signs client certificates. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** With it, a client that presents a certificate of this authority is known by it. */
  readonly clientCa?: Buffer | undefined;
}

export interface ServiceParts {
  readonly state: ServingStateHolder;
  readonly callers: () => Callers;
  readonly credentials: Credentials;
  readonly load: LoadShedder;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracing?: RequestTracing | undefined;
  readonly tls?: TlsMaterial | undefined;
}

const MAX_HEADERS = 16 * 1024;

/** What is known of a request on its way through. */
interface Passage {
  caller?: AuthenticatedCaller;
  span?: Span;
  /** Whether it counts as waiting. */
  isIn?: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    passage: Passage | undefined;
  }
}

/** Serves routes. */
export class HttpService {
  private readonly app: FastifyInstance;

  constructor(private readonly parts: ServiceParts) {
    const { tls } = parts;
    const options = {
      bodyLimit: MAX_BODY,
      requestTimeout: 30_000,
      connectionTimeout: 60_000,
      keepAliveTimeout: 72_000,
      forceCloseConnections: 'idle' as const,
      return503OnClosing: false,
      routerOptions: { maxParamLength: 1_024 },
    };
    const http = { maxHeaderSize: MAX_HEADERS, headersTimeout: 10_000 };
    this.app = (tls === undefined
      ? fastify({ ...options, http })
      : fastify({
          ...options,
          https: {
            ...http,
            cert: tls.cert,
            key: tls.key,
            minVersion: 'TLSv1.2',
            ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }),
          },
        })) as unknown as FastifyInstance;
    this.setUp();
  }

  private setUp(): void {
    const { app } = this;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, readJsonBody(body as Buffer));
      } catch (error) {
        done(error as Error, undefined);
      }
    });
    // What the handlers give is text already, or plain data.
    app.setReplySerializer((payload) => JSON.stringify(payload));
    app.setErrorHandler((error, _request, reply) => sendProblem(reply, this.problemOf(error, reply)));
    app.setNotFoundHandler((request, reply) =>
      sendProblem(reply, new Problem(404, `there is no ${request.method} ${request.url.split('?')[0]}`)),
    );
    app.decorateRequest('passage', undefined);
    app.addHook('onRequest', (request, reply, done) => {
      const id = request.headers['x-request-id'];
      if (id !== undefined) reply.header('X-Request-ID', id);
      done();
    });
    app.addHook('onResponse', (request, reply, done) => {
      const { operationId = 'none' } = request.routeOptions.config as { operationId?: string };
      this.parts.metrics.answered(operationId, reply.statusCode, reply.elapsedTime / 1_000);
      const { span, isIn } = request.passage ?? {};
      if (isIn === true) this.parts.load.leave();
      if (span !== undefined) {
        this.parts.tracing?.end(span, reply.statusCode, reply.getHeader('X-Decision-Id') as string | undefined);
      }
      done();
    });
  }

  /** Adds operations. Before {@link listen}. */
  add(routes: readonly Route[]): void {
    for (const route of routes) this.addRoute(route);
  }

  private addRoute(route: Route): void {
    const { access, body, query } = route;
    this.app.route({
      method: route.method,
      url: route.url,
      config: { operationId: route.operationId },
      // Who asks is known before the body is read.
      onRequest: (request, _reply, done) => {
        const passage: Passage = {};
        request.passage = passage;
        const { tracing, credentials } = this.parts;
        if (tracing !== undefined) passage.span = tracing.begin(route.method, route.url, request.headers);
        try {
          this.letIn(route, passage);
          if (access.kind === 'open') return done();
          const admit = (caller: AuthenticatedCaller): void => {
            passage.caller = caller;
            done(refusalOf(access, caller));
          };
          const caller = authenticate(request, this.parts.callers(), credentials);
          if (caller instanceof Promise) caller.then(admit, (error: Error) => done(error));
          else admit(caller);
        } catch (error) {
          done(error as Error);
        }
      },
      handler: (request, reply) => {
        if (body !== undefined && request.body === undefined)
          throw new Problem(400, 'the body is JSON, and there is none');
        const call: Call = {
          body: body === undefined || route.readsBody === true ? request.body : readShape(body, request.body, 'body'),
          query: query === undefined ? undefined : readShape(query, request.query, ''),
          params: request.params as Record<string, string>,
          caller: request.passage?.caller as AuthenticatedCaller,
          request,
          reply,
        };
        const answer = route.handle(call);
        const send = (value: unknown): void => {
          if (reply.sent || value === reply) return;
          if (!reply.hasHeader('Content-Type')) reply.header('Content-Type', 'application/json');
          reply.send(value);
        };
        if (!(answer instanceof Promise)) send(answer);
        else answer.then(send).catch((error: unknown) => void reply.send(error));
      },
    });
  }

  /** @throws {Problem} 503 while there is no policy, or too much to do */
  private letIn({ always, access }: Route, passage: Passage): void {
    const { state, load } = this.parts;
    if (access.kind !== 'open' && state.current.state === 'starting')
      throw new Problem(503, 'no policy is loaded yet', {}, 1);
    if (always === true) return;
    const why = load.enter();
    if (why !== undefined) throw new Problem(503, why, {}, 1);
    passage.isIn = true;
  }

  private problemOf(error: unknown, reply: FastifyReply): Problem {
    if (error instanceof Problem) {
      if (error.status === 401) reply.header('WWW-Authenticate', 'Bearer realm="writ"');
      return error;
    }
    const { statusCode = 500, message } = error as FastifyError;
    // AuthZEN's certification expects 400 for a wrong content type.
    if (statusCode === 415) return new Problem(400, 'the body is application/json');
    if (statusCode === 413) return new Problem(413, `the body is larger than ${MAX_BODY} bytes`);
    if (statusCode < 500) return new Problem(statusCode, message);
    this.parts.logger.error({ err: error }, 'a request failed');
    const isUnrecorded = (error as { code?: string }).code === 'record_unavailable';
    return isUnrecorded
      ? new Problem(503, 'this could not be put on the record, so it was not done', {}, 1)
      : new Problem(500, 'the service failed; nothing was permitted');
  }

  async listen(host: string, port: number): Promise<Service> {
    const url = await this.app.listen({ host, port });
    return { url, close: () => this.app.close() };
  }
}

/** Why a caller may not use a route at all. */
function refusalOf(access: Route['access'], caller: AuthenticatedCaller): Problem | undefined {
  const { isAnonymous } = caller;
  if (access.kind === 'area' && !caller.mayUse(access.how, access.area)) {
    return isAnonymous
      ? unauthorized('send the key of a caller, or an access token, as bearer token')
      : new Problem(403, `${caller.enforcementPoint} may not ${access.how} ${access.area}`);
  }
  if (access.kind === 'caller' && isAnonymous)
    return unauthorized('send the key of a caller, or an access token, as bearer token');
  return undefined;
}
