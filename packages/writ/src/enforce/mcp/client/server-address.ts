import { SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { CREDENTIALS } from '../../../lib/known-credentials.js';
import type { AnswerBounds } from './answer-bounds.js';
import { boundedFetch } from './bounded-fetch.js';
import { ServerLines } from './server-lines.js';

/** The command that runs an upstream server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The standard error of the server: ours, or nowhere (the default). */
  readonly stderr?: 'inherit' | 'ignore';
}

/** The URL of an upstream server over HTTP. */
export interface ServerAddress {
  readonly url: string;
  /** `streamable-http` (the default), or `sse`: the transport of 2024-11-05. */
  readonly transport?: 'streamable-http' | 'sse';
  /** The credentials for this server. Those of a caller are never passed on. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns the transport to a server. Messages of the server reach us without credentials that it was configured with. */
export function transportTo(server: ServerCommand | ServerAddress, bounds: AnswerBounds): Transport {
  const transport = plainTransportTo(server, bounds);
  let onmessage: Transport['onmessage'];
  return Object.defineProperty(transport, 'onmessage', {
    get: () => onmessage,
    set(handler: Transport['onmessage']) {
      onmessage = handler && ((message, extra) => handler(CREDENTIALS.strikeIn(message), extra));
    },
  });
}

function plainTransportTo(server: ServerCommand | ServerAddress, bounds: AnswerBounds): Transport {
  if ('url' in server) {
    const options = { requestInit: { headers: { ...server.headers } }, fetch: boundedFetch(bounds) };
    const url = new URL(server.url);
    return server.transport === 'sse'
      ? new SSEClientTransport(url, options)
      : new StreamableHTTPClientTransport(url, options);
  }
  const { command, args, env, cwd, stderr = 'ignore' } = server;
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    stderr,
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  return withLines(transport, new ServerLines(bounds));
}

/** Replaces the reader of a transport, which has no option for one. @throws {Error} if the SDK has it elsewhere */
function withLines(transport: StdioClientTransport, lines: ServerLines): StdioClientTransport {
  if (!Object.hasOwn(transport, '_readBuffer')) throw new Error('the transport of the SDK has no reader to replace');
  return Object.assign(transport, { _readBuffer: lines });
}
