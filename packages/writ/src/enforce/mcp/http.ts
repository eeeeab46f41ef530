import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server';
import type { Gateway, Log } from './gateway.js';
import type { CallingClient } from './map-call.js';
import { parseMessage } from './message.js';
import { headersDiffer } from './request-headers.js';

/** Who calls, and the transaction token that its calls have when they come with none. */
export interface IdentifiedClient {
  readonly client: CallingClient;
  readonly txnToken?: string;
}

/** Who calls, from the `Authorization` header; undefined when it proves nothing. Rejects when that cannot be told now. */
export type Identify = (authorization: string | undefined) => Promise<IdentifiedClient | undefined>;

export interface GatewayServer {
  readonly url: string;
  /** Tells clients that listen that their lists may be others now. */
  listsChanged(): void;
  close(): Promise<void>;
}

const MAX_BODY = 1024 * 1024;
/** MCP 2026-07-28, "Error Codes". */
const HEADER_MISMATCH = -32_020;

/** Serves the gateway over Streamable HTTP on loopback, at `/mcp`. */
export async function serveGateway(
  gateway: Gateway,
  identify: Identify,
  port: number,
  log: Log,
): Promise<GatewayServer> {
  // Where the gateway is reached; a proof of possession names it.
  let url = '';
  const clients = new WeakMap<AuthInfo, { known: IdentifiedClient; headers: IncomingMessage['headers'] }>();
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const came = authInfo === undefined ? undefined : clients.get(authInfo);
      if (came === undefined) throw new Error('a request came through without an identity');
      return gateway.serverFor(came.known, came.headers, url);
    },
    { onerror: (error) => log(`mcp: ${error.message}`), maxRequestBodySize: MAX_BODY },
  );
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
    if (new URL(request.url ?? '/', 'http://gateway').pathname !== '/mcp')
      return refuse(response, 404, -32_600, 'MCP is served at /mcp');
    const known = await identified(request.headers.authorization);
    if (known === 'unknown')
      return refuse(
        response,
        503,
        -32_603,
        'the credential cannot be verified now; the call was not made. Try again later',
      );
    if (known === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      return refuse(
        response,
        401,
        -32_001,
        'send the client key, or an access token of a known issuer, as bearer token',
      );
    }
    const authInfo: AuthInfo = { token: '', clientId: known.client.task, scopes: [] };
    clients.set(authInfo, { known, headers: request.headers });
    Object.assign(request, { auth: authInfo });
    const incoming = request as NodeIncomingMessageLike;
    if (request.method !== 'POST') return serve(incoming, response);
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      return refuse(response, 415, -32_600, 'the body is application/json');
    }
    const body = await readBody(request);
    if (body === undefined) return refuse(response, 413, -32_600, `the body is larger than ${MAX_BODY} bytes`);
    const message = parseMessage(body);
    if ('error' in message) return refuse(response, 400, message.code, message.error);
    const differs = headersDiffer(message.value, request.headers, (tool) => gateway.inputSchemaOf(tool));
    if (differs !== undefined) return refuse(response, 400, HEADER_MISMATCH, differs, message.value.id);
    return serve(incoming, response, message.value);
  }

  async function identified(authorization: string | undefined): Promise<IdentifiedClient | 'unknown' | undefined> {
    try {
      return await identify(authorization);
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
    },
    async close() {
      await handler.close();
      await stop(server);
    },
  };
}

/** The whole body, or undefined when it is too large. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, status: number, code: number, message: string, of?: unknown): void {
  const id = typeof of === 'string' || typeof of === 'number' ? of : null;
  const body = JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });
  response
    .writeHead(status, { 'Content-Type': 'application/json', ...(status === 413 ? { Connection: 'close' } : {}) })
    .end(body);
}

async function stop(server: HttpServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
