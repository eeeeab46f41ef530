import { SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

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

export function transportTo(server: ServerCommand | ServerAddress): Transport {
  if ('url' in server) {
    const options = {
      requestInit: { headers: { ...server.headers } },
      // Redirects are not followed, so the server cannot send its credentials elsewhere.
      fetch: (url: string | URL, init?: RequestInit) => fetch(url, { ...init, redirect: 'error' }),
    };
    const url = new URL(server.url);
    return server.transport === 'sse'
      ? new SSEClientTransport(url, options)
      : new StreamableHTTPClientTransport(url, options);
  }
  const { command, args, env, cwd, stderr = 'ignore' } = server;
  return new StdioClientTransport({
    command,
    args: [...args],
    stderr,
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(cwd === undefined ? {} : { cwd }),
  });
}
