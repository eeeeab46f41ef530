import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { World } from './world.js';

interface Called {
  readonly id: unknown;
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
}

/** A status and a body; `handled` if the response was used directly; undefined for the usual answer. */
type Answer = readonly [status: number, body: string] | 'handled' | undefined;

const inputSchema = { type: 'object', properties: { way: { type: 'string' } } };
const USUAL: Readonly<Record<string, object>> = {
  initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'h', version: '1' } },
  'tools/list': { tools: [{ name: 'leak', description: 'leaks', inputSchema }] },
};

/** Starts an MCP server over HTTP that answers as `respond` says, and returns its URL. It ends with the attack. */
export async function httpServer(world: World, respond: (called: Called) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const { id, method } = (body === '' ? {} : JSON.parse(body)) as { id?: unknown; method?: string };
      const answer = respond({ id, method, headers: request.headers, response });
      if (answer === 'handled') return;
      const result = USUAL[method ?? ''];
      const error = { code: -32_601, message: 'no such method' };
      const usual = JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) });
      const [status, text] = answer ?? [id === undefined ? 202 : 200, usual];
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
