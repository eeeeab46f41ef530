import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeServer } from '../../../lib/node-server.js';
import { OpenConnections } from '../../../lib/open-connections.js';
import { refuseConnect } from '../../../lib/refuse-connect.js';
import type { ServerCertificate } from '../../../lib/server-certificate.js';
import { isModern } from '../protocol/revision.js';
import { refuse } from './http-answers.js';
import { HttpFront, type HttpFrontParts, MCP_PATH } from './http-front.js';
import type { HttpTransport, Incoming } from './incoming.js';
import { PerClientServers } from './per-client-servers.js';
import { RequestContexts } from './request-contexts.js';
import { RequestTransport } from './request-transport.js';
import { SessionTransport } from './session-transport.js';
import type { ServerFor } from './sessions.js';
import { SseTransport } from './sse-transport.js';

interface ServedGateway extends Omit<HttpFrontParts, 'url' | 'resourceUpdated' | 'proved' | 'sessionOf'> {
  /** The address that it listens on. */
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Undefined serves plain HTTP. */
  readonly certificate: ServerCertificate | undefined;
}

const LIMITS = { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };

/** The part of the open files of the process that may be connections of the gateway. */
const SHARE_OF_FILES = 0.25;

interface GatewayServer extends Pick<HttpTransport, 'listsChanged' | 'close'> {
  readonly url: string;
}

/** Serves the gateway: over Streamable HTTP at `/mcp`, and over SSE alone at `/sse`. */
export async function serveGateway({ host, port, certificate, ...parts }: ServedGateway): Promise<GatewayServer> {
  const { gateway, log } = parts;
  const server = nodeServer(LIMITS, certificate);
  const connections = new OpenConnections(server, SHARE_OF_FILES);
  refuseConnect(server);
  const url = `${certificate === undefined ? 'http' : 'https'}://${await listen(server, host, port)}${MCP_PATH}`;
  const contexts = new RequestContexts();
  const perClient = new PerClientServers(gateway, contexts.of);
  const serverFor: ServerFor = (first) => perClient.sessionFor(first);
  const requests = new RequestTransport(gateway, contexts, log);
  const ended = (id: string): void => gateway.sessionEnded(id);
  const sessions = new SessionTransport(serverFor, contexts, log, ended);
  const sse = new SseTransport(serverFor, contexts, log, ended);
  const transports: readonly HttpTransport[] = [requests, sessions, sse];
  const front = new HttpFront({
    ...parts,
    url,
    resourceUpdated: (uri) => requests.resourceUpdated(uri),
    proved: (socket) => connections.prove(socket),
    sessionOf: ({ pathname, ...named }, owner) => (pathname === MCP_PATH ? sessions : sse).sessionOf(named, owner),
  });

  const transportOf = ({ pathname, request, message }: Incoming): HttpTransport => {
    if (pathname !== MCP_PATH) return sse;
    return request.headers['mcp-session-id'] !== undefined || beginsSession(message) ? sessions : requests;
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const incoming = await front.check(request, response);
      if (incoming !== undefined) await transportOf(incoming).answer(incoming);
    } catch (error) {
      log.error(error, 'request failed');
      if (response.headersSent) response.destroy();
      else refuse(response, 500, -32_603, 'the gateway failed; the call was not made');
    }
  };
  // In the same turn in which it listens: no request has come yet.
  server.on('request', (request, response) => void handle(request, response));
  return {
    url,
    listsChanged() {
      for (const transport of transports) transport.listsChanged();
    },
    async close() {
      for (const transport of transports) await transport.close();
      await stop(server);
    },
  };
}

/** Returns whether a message is the `initialize` of a revision that has sessions: MCP 2026-07-28 has none. */
function beginsSession(message: Incoming['message']): boolean {
  return message?.method === 'initialize' && !isModern((message.params ?? {}) as Record<string, unknown>);
}

/** Listens. @returns the address and port, as a URL has them */
async function listen(server: HttpServer, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}

async function stop(server: HttpServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
