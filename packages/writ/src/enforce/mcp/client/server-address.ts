import { SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** How to run an upstream server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where its standard error goes: to ours, or nowhere (the default). */
  readonly stderr?: 'inherit' | 'ignore';
}

/** Where an upstream server is served over HTTP. */
export interface ServerAddress {
  readonly url: string;
  /** Streamable HTTP when it is not said; `sse`: the transport of 2024-11-05. */
  readonly transport?: 'streamable-http' | 'sse';
  /** Credentials of its own: those of a caller never go on. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function transportTo(server: ServerCommand | ServerAddress): Transport {
  if ('url' in server) {
    const options = {
      requestInit: { headers: { ...server.headers } },
      // Its credentials go to nobody that it names.
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
