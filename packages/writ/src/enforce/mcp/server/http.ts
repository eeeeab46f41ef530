import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import {
  type AuthInfo,
  createMcpHandler,
  METHOD_NOT_FOUND,
  ProtocolError,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { UpstreamError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { Gateway } from '../gateway/gateway.js';
import { callerText } from '../protocol/caller.js';
import { parseMessage } from '../protocol/message.js';
import { headersDiffer } from '../protocol/request-headers.js';
import { isModern } from '../protocol/revision.js';
import { admit } from './admission.js';
import { answerMetadata, MAX_BODY, readBody, refuse, send, untilClosed, untilGone } from './http-answers.js';
import { mcpServer } from './mcp-server.js';
import { PerClientServers } from './per-client-servers.js';
import { answerPlainly, hasPlainHeaders, plainCallIn } from './plain-call.js';
import { metadataUrl, type ProtectedResource, resourceMetadata } from './protected-resource.js';
import type { IdentifiedClient, RequestContext } from './request-context.js';
import { type IdentifiedRequest, NOT_STARTED, Sessions } from './sessions.js';
import { SSE_MESSAGES, SseStreams } from './sse.js';

/** Who calls, from the `Authorization` header; undefined when it proves nothing. Rejects when that cannot be told now. */
type Identify = (authorization: string | undefined, connection: object) => Promise<IdentifiedClient | undefined>;

interface GatewayServer {
  readonly url: string;
  /** Tells clients that listen that their lists may be others now. */
  listsChanged(): void;
  close(): Promise<void>;
}

const PATHS: ReadonlySet<string> = new Set(['/mcp', '/sse', SSE_MESSAGES]);
const METADATA_PATHS: ReadonlySet<string> = new Set([
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
]);
/** MCP 2026-07-28, "Error Codes". */
const HEADER_MISMATCH = -32_020;

interface ServedGateway {
  readonly gateway: Gateway;
  readonly identify: Identify;
  /** On loopback; 0 for any free one. */
  readonly port: number;
  readonly log: Log;
  /** What it says of itself as an OAuth protected resource; its identifier is where it is served, when it is not given. */
  readonly protectedResource: () => ProtectedResource;
}

/** Serves the gateway over Streamable HTTP on loopback, at `/mcp`. */
export async function serveGateway(parts: ServedGateway): Promise<GatewayServer> {
  const { gateway, identify, port, log } = parts;
  // Where the gateway is reached; a proof of possession names it.
  let url = '';
  const clients = new WeakMap<AuthInfo, RequestContext>();
  const contextOf = ({ http }: Pick<ServerContext, 'http'>): RequestContext => {
    const came = http?.authInfo === undefined ? undefined : clients.get(http.authInfo);
    if (came === undefined) throw new Error('a request came through without an identity');
    return came;
  };
  const handler = createMcpHandler(() => mcpServer(gateway, contextOf), {
    onerror: (error) => log(`mcp: ${error.message}`),
    maxRequestBodySize: MAX_BODY,
  });
  const ownServers = new PerClientServers(gateway, contextOf);
  const sessions = new Sessions((first) => ownServers.sessionFor(first));
  const streams = new SseStreams((first) => ownServers.sessionFor(first), log);
  const resource = (): ProtectedResource & { readonly resource: string } => {
    const known = parts.protectedResource();
    return { ...known, resource: known.resource ?? url };
  };
  const serve = toNodeHandler(handler);
  const [hostIsLocal, originIsLocal] = [localhostHostValidation(), localhostOriginValidation()];

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log(`request failed: ${error instanceof Error ? error.message : String(error)}`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, -32_603, 'the gateway failed; the call was not made');
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return;
    const { pathname, searchParams } = placeOf(request.url ?? '/');
    if (METADATA_PATHS.has(pathname)) return answerMetadata(request, response, resourceMetadata(resource()));
    if (!PATHS.has(pathname))
      return refuse(response, 404, -32_600, 'MCP is served at /mcp, and over SSE alone at /sse');
    const known = await identified(request);
    if (known === 'unknown')
      return refuse(
        response,
        503,
        -32_603,
        'the credential cannot be verified now; the call was not made. Try again later',
      );
    if (known === undefined) {
      const why = request.headers.authorization === undefined ? '' : ', error="invalid_token"';
      response.setHeader('WWW-Authenticate', `Bearer resource_metadata="${metadataUrl(resource().resource)}"${why}`);
      return refuse(
        response,
        401,
        -32_001,
        'send the client key, or an access token of a known issuer, as bearer token',
      );
    }
    const came: RequestContext = { ...known, headers: request.headers, url };
    if (pathname === '/sse') return openStream(came, request, response);
    const session = request.headers['mcp-session-id'];
    if (request.method !== 'POST') {
      if (pathname !== '/mcp') return refuse(response, 405, -32_600, 'messages are sent by POST');
      if (session === undefined) return serve(forSdk(request, came) as NodeIncomingMessageLike, response);
      return inSession(String(session), came, request, response, undefined);
    }
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return refuse(response, 415, -32_600, 'the body is application/json');
    }
    const body = await readBody(request);
    if (body === undefined) return refuse(response, 413, -32_600, `the body is larger than ${MAX_BODY} bytes`);
    const message = parseMessage(body);
    if ('error' in message) return refuse(response, 400, message.code, message.error);
    const { value } = message;
    const differs = headersDiffer(value, request.headers, (tool) => gateway.inputSchemaOf(tool));
    if (differs !== undefined) return refuse(response, 400, HEADER_MISMATCH, differs, value.id);
    const refused = await refusedBy(value, came, response);
    if (pathname === SSE_MESSAGES) return onStream(searchParams.get('sessionId') ?? '', came, response, value, refused);
    if (refused !== undefined) {
      const status = refused.code === METHOD_NOT_FOUND ? 404 : 200;
      return refuse(response, status, refused.code, refused.message, value.id, refused.data);
    }
    if (session !== undefined) return inSession(String(session), came, request, response, value);
    let answered: RequestContext['answered'];
    const plain = hasPlainHeaders(request.headers) ? plainCallIn(value) : undefined;
    if (plain !== undefined) {
      const answer = await answerPlainly(gateway, plain, came, untilGone(response));
      if ('body' in answer) return send(response, answer.body);
      answered = answer.unusual;
    }
    const asking = forSdk(request, answered === undefined ? came : { ...came, answered });
    // MCP 2026-07-28 has no `initialize`.
    if (value.method !== 'initialize' || isModern((value.params ?? {}) as Record<string, unknown>))
      return serve(asking as NodeIncomingMessageLike, response, value);
    try {
      if (await sessions.begin(callerText(came.client), asking, response, value)) return;
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      log(`no session: ${error.message}`);
      return refuse(response, 503, -32_603, NOT_STARTED, value.id);
    }
    refuse(response, 503, -32_603, 'there are too many sessions; end some, or try again later', value.id);
  }

  function forSdk(request: IncomingMessage, came: RequestContext): IdentifiedRequest {
    return Object.assign(request, { auth: authOf(came) });
  }

  /** As the SDK carries it through. */
  function authOf(came: RequestContext): AuthInfo {
    const authInfo: AuthInfo = { token: '', clientId: came.client.task, scopes: [] };
    clients.set(authInfo, came);
    return authInfo;
  }

  async function inSession(
    id: string,
    came: RequestContext,
    request: IncomingMessage,
    response: ServerResponse,
    message: Record<string, unknown> | undefined,
  ): Promise<void> {
    if (await sessions.goOn(id, callerText(came.client), forSdk(request, came), response, message)) return;
    refuse(response, 404, -32_001, 'you have no session of that id; begin one with initialize', message?.id);
  }

  async function openStream(came: RequestContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') return refuse(response, 405, -32_600, 'a stream is opened by GET');
    if (streams.begin(callerText(came.client), response)) return;
    refuse(response, 503, -32_603, 'there are too many streams; end some, or try again later');
  }

  /** A message of a client that has its answers on a stream. */
  function onStream(
    id: string,
    came: RequestContext,
    response: ServerResponse,
    message: Record<string, unknown>,
    refused: ProtocolError | undefined,
  ): void {
    if (!streams.has(id, callerText(came.client))) {
      refuse(response, 404, -32_001, 'you have no stream of that id; open one at /sse', message.id);
      return;
    }
    response.writeHead(202).end();
    if (refused === undefined) streams.take(id, message, authOf(came));
    else streams.refuse(id, message.id, { code: refused.code, message: refused.message, data: refused.data });
  }

  /** @returns why it may not go on */
  async function refusedBy(
    message: Record<string, unknown>,
    came: RequestContext,
    response: ServerResponse,
  ): Promise<ProtocolError | undefined> {
    let gone: AbortController | undefined;
    const signal = (): AbortSignal => {
      gone = untilClosed(response);
      return gone.signal;
    };
    const told = (uri: string): void => handler.notify.resourceUpdated(uri);
    try {
      await admit(gateway, message, { came, signal, resource: () => resource().resource, told });
      return undefined;
    } catch (error) {
      gone?.abort();
      if (ProtocolError.isInstance(error)) return error;
      throw error;
    }
  }

  async function identified({ headers, socket }: IncomingMessage): Promise<IdentifiedClient | 'unknown' | undefined> {
    try {
      return await identify(headers.authorization, socket);
    } catch (error) {
      log(`no identity: ${error instanceof Error ? error.message : String(error)}`);
      return 'unknown';
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return {
    url,
    listsChanged() {
      handler.notify.toolsChanged();
      handler.notify.resourcesChanged();
      handler.notify.promptsChanged();
      sessions.listsChanged();
      streams.listsChanged();
    },
    async close() {
      await handler.close();
      await sessions.close();
      await streams.close();
      await stop(server);
    },
  };
}

const AT_MCP = { pathname: '/mcp', searchParams: new URLSearchParams() };

function placeOf(url: string): Pick<URL, 'pathname' | 'searchParams'> {
  // As nearly all requests have it.
  return url === '/mcp' ? AT_MCP : new URL(url, 'http://gateway');
}

async function stop(server: HttpServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
