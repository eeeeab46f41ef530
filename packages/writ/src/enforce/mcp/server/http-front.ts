import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ProtocolError } from '@modelcontextprotocol/server';
import { callerText } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import type { Log } from '@writ/sdk/lib/log';
import type { KnownHosts } from '../../../lib/known-hosts.js';
import type { Gateway } from '../gateway/gateway.js';
import { HEADER_MISMATCH } from '../protocol/errors.js';
import { parseMessage } from '../protocol/message.js';
import { MessageId } from '../protocol/message-id.js';
import { headersDiffer } from '../protocol/request-headers.js';
import { admit } from './admission.js';
import { answerMetadata, MAX_BODY, readBody, refuse, untilClosed } from './http-answers.js';
import type { Incoming, NamedSession } from './incoming.js';
import { metadataUrl, type ProtectedResource, resourceMetadata } from './protected-resource.js';
import type { IdentifiedClient, RequestContext } from './request-context.js';
import { SSE_MESSAGES, SSE_PATH } from './sse.js';

/**
 * Returns the client that an `Authorization` header proves; undefined if it proves none. Rejects if that cannot be
 * verified now.
 */
type Identify = (authorization: string | undefined, connection: object) => Promise<IdentifiedClient | undefined>;

export interface HttpFrontParts {
  readonly gateway: Gateway;
  readonly identify: Identify;
  readonly log: Log;
  /** Receives requests whose sender proved nobody. */
  readonly attempts: Pick<Attempts, 'add'>;
  /** The names under which it answers. */
  readonly hosts: KnownHosts;
  /** The gateway as an OAuth protected resource (RFC 9728); `resource` defaults to the URL where it listens. */
  readonly protectedResource: () => ProtectedResource;
  /** The URL where the gateway listens. */
  readonly url: string;
  /** Notifies the clients that listen that a resource changed. */
  readonly resourceUpdated: (uri: string) => void;
  /** Returns the id of the session or stream that a request names, if that is one of its client. */
  readonly sessionOf: (named: NamedSession & Pick<Incoming, 'pathname'>, owner: string) => string | undefined;
  /** Notes that a client proved itself on a connection. */
  readonly proved: (socket: Socket) => void;
}

export const MCP_PATH = '/mcp';
const PATHS: ReadonlySet<string> = new Set([MCP_PATH, SSE_PATH, SSE_MESSAGES]);
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'DELETE']);
const METADATA_PATHS: ReadonlySet<string> = new Set([
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-protected-resource/mcp',
]);
const NAMES = 'The gateway answers under the names of gateway.resource, --public-url and --allow-host';
/** Targets have no origin; a URL has. */
const ORIGIN = 'http://gateway';
const AT_MCP = { pathname: MCP_PATH, searchParams: new URLSearchParams() };

/** The checks that every request over HTTP has to pass, in front of the transports. */
export class HttpFront {
  constructor(private readonly parts: HttpFrontParts) {}

  /** Checks a request. @returns undefined if it is answered already: refused, or a request for the metadata */
  async check(request: IncomingMessage, response: ServerResponse): Promise<Incoming | undefined> {
    const foreign = this.foreignNameOf(request);
    if (foreign !== undefined) return refuse(response, 403, -32_000, foreign);
    const place = placeOf(request.url ?? '/');
    if (place === undefined) return refuse(response, 400, -32_600, 'the target of the request is malformed');
    const { pathname, searchParams } = place;
    if (METADATA_PATHS.has(pathname)) return answerMetadata(request, response, resourceMetadata(this.resource()));
    if (!PATHS.has(pathname))
      return refuse(response, 404, -32_600, 'MCP is served at /mcp, and over SSE alone at /sse');
    if (!METHODS.has(request.method ?? '')) {
      response.setHeader('Allow', [...METHODS].join(', '));
      return refuse(response, 405, -32_600, `${request.method} is no method of MCP over HTTP`);
    }
    const identified = await this.identified(request, response);
    if (identified === undefined) return undefined;
    const { headers } = request;
    const conversation = this.parts.sessionOf({ pathname, searchParams, headers }, callerText(identified.client));
    const client = { ...identified, client: { ...identified.client, conversation } };
    this.parts.proved(request.socket);
    const context: RequestContext = { ...client, headers: request.headers, url: this.ownUrl };
    const unread = { request, response, pathname, searchParams, context, message: undefined, refused: undefined };
    // To open a stream, and to listen to a session or end one, a client sends no message.
    if (pathname === SSE_PATH || request.method !== 'POST') return unread;
    const message = await this.messageOf(request, response);
    if (message === undefined) return undefined;
    return { ...unread, message, refused: await this.refusalOf(message, context, response) };
  }

  /** Returns why a request is not answered under its name; undefined if it is. */
  private foreignNameOf(request: IncomingMessage): string | undefined {
    if (request.headers.host === undefined) return 'Missing Host header';
    const foreign = this.parts.hosts.foreignIn(request);
    return foreign && `Invalid ${foreign.header}: ${foreign.value}. ${NAMES}`;
  }

  /** The URL by which clients know the gateway; a proof of possession names it. */
  private get ownUrl(): string {
    return this.parts.protectedResource().resource ?? this.parts.url;
  }

  private resource(): ProtectedResource & { readonly resource: string } {
    return { ...this.parts.protectedResource(), resource: this.ownUrl };
  }

  private async identified(
    { headers, socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<IdentifiedClient | undefined> {
    let client: IdentifiedClient | undefined;
    try {
      client = await this.parts.identify(headers.authorization, socket);
    } catch (error) {
      this.parts.log.error(error, 'no identity');
      this.note('unavailable', socket);
      return refuse(
        response,
        503,
        -32_603,
        'the credential cannot be verified now; the call was not made. Try again later',
      );
    }
    if (client !== undefined) return client;
    this.note('unauthenticated', socket);
    const why = headers.authorization === undefined ? '' : ', error="invalid_token"';
    const metadata = metadataUrl(this.ownUrl);
    response.setHeader('WWW-Authenticate', `Bearer resource_metadata="${metadata}"${why}`);
    return refuse(response, 401, -32_001, 'send the client key, or an access token of a known issuer, as bearer token');
  }

  private note(reason: 'unauthenticated' | 'unavailable', { remoteAddress: from }: Socket): void {
    this.parts.attempts.add({ at: 'gateway', operation: 'mcp', reason, from });
  }

  private async messageOf(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Record<string, unknown> | undefined> {
    const { headers } = request;
    if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
      return refuse(response, 415, -32_600, 'the body is application/json');
    const body = await readBody(request);
    if ('beginning' in body)
      return refuse(response, 413, -32_600, `the body is larger than ${MAX_BODY} bytes`, idIn(body.beginning));
    const message = parseMessage(body.whole);
    if ('error' in message) return refuse(response, 400, message.code, message.error, idIn(body.whole));
    const { value } = message;
    const differs = headersDiffer(value, headers, (tool) => this.parts.gateway.tools.inputSchemaOf(tool));
    return differs === undefined ? value : refuse(response, 400, HEADER_MISMATCH, differs, value.id);
  }

  /** Returns the error that answers a message that is not admitted. */
  private async refusalOf(
    message: Record<string, unknown>,
    context: RequestContext,
    response: ServerResponse,
  ): Promise<ProtocolError | undefined> {
    const { gateway, resourceUpdated } = this.parts;
    let gone: AbortController | undefined;
    // Made if it is needed: for most messages nothing is decided here.
    const signal = (): AbortSignal => {
      gone = untilClosed(response);
      return gone.signal;
    };
    try {
      await admit(gateway, message, { context, signal, resource: () => this.ownUrl, resourceUpdated });
      return undefined;
    } catch (error) {
      gone?.abort();
      if (ProtocolError.isInstance(error)) return error;
      throw error;
    }
  }
}

/** Returns the id of a message that is refused; undefined if it has none. */
function idIn(body: Buffer): unknown {
  const { text } = new MessageId().take(body.toString('utf8'));
  return text === undefined ? undefined : JSON.parse(text);
}

/** Returns the place that a target names; undefined if it is no path of this server. */
function placeOf(url: string): Pick<URL, 'pathname' | 'searchParams'> | undefined {
  // hot: nearly all requests have this URL.
  if (url === MCP_PATH) return AT_MCP;
  return url.startsWith('/') && URL.canParse(url, ORIGIN) ? new URL(url, ORIGIN) : undefined;
}
