import type { IncomingMessage, ServerResponse } from 'node:http';
import { METHOD_NOT_FOUND, type ProtocolError } from '@modelcontextprotocol/server';

/** Bodies and answers of the gateway over HTTP. */

/** In bytes. */
export const MAX_BODY = 1024 * 1024;
const GONE = 'the client is gone';

/** A body: the whole, or the beginning of one that is too large. */
type ReadBody = { readonly whole: Buffer } | { readonly beginning: Buffer };

/**
 * Reads the body.
 *
 * hot: by events, because an iterator makes a stream of promises of each body.
 */
export function readBody(request: IncomingMessage): Promise<ReadBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MAX_BODY) return;
      request.off('data', take).pause();
      resolve({ beginning: Buffer.concat(chunks) });
    };
    request.on('data', take);
    request.once('end', () => {
      const [only] = chunks;
      resolve({ whole: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks) });
    });
    request.once('error', reject);
  });
}

/** Returns a controller that is aborted when the client has its answer, or is gone. */
export function untilClosed(response: ServerResponse): AbortController {
  const controller = new AbortController();
  // hot: with a reason, because making the default one costs more than all of this.
  response.once('close', () => controller.abort(GONE));
  return controller;
}

/** Returns a signal that is aborted when the client is gone without its answer. */
export function untilGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(GONE);
  });
  return controller.signal;
}

/** Sends one message of MCP. @param body JSON */
export function send(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** Answers with the metadata of the resource, also to a browser: it is public. */
export function answerMetadata(request: IncomingMessage, response: ServerResponse, metadata: unknown): undefined {
  response.setHeader('Access-Control-Allow-Origin', '*');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return undefined;
  }
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'max-age=3600' });
  response.end(request.method === 'HEAD' ? undefined : JSON.stringify(metadata));
  return undefined;
}

/** Answers with an error of JSON-RPC. @param of the id of the message that it answers, if it has one */
export function refuse(
  response: ServerResponse,
  status: number,
  code: number,
  message: string,
  of?: unknown,
  data?: unknown,
): undefined {
  const id = typeof of === 'string' || typeof of === 'number' ? of : null;
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  const body = JSON.stringify({ jsonrpc: '2.0', id, error });
  response
    .writeHead(status, { 'Content-Type': 'application/json', ...(status === 413 ? { Connection: 'close' } : {}) })
    .end(body);
  return undefined;
}

/** Answers a message that is refused. An unknown method has a status of its own (MCP 2026-07-28, "Streamable HTTP"). */
export function refuseMessage(
  response: ServerResponse,
  message: Readonly<Record<string, unknown>> | undefined,
  error: ProtocolError,
): undefined {
  return refuse(
    response,
    error.code === METHOD_NOT_FOUND ? 404 : 200,
    error.code,
    error.message,
    message?.id,
    error.data,
  );
}
