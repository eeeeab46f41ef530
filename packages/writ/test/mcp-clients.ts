import { Client, type ClientOptions, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect } from 'vitest';

/** The official client, connected to a gateway with a key. It speaks the newest revision when no other is said. */
export async function connectTo(
  gatewayUrl: string | undefined,
  key: string,
  options: ClientOptions = {},
): Promise<Client> {
  const client = new Client({ name: 'tester', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' }, ...options });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(gatewayUrl as string), { requestInit: { headers } }));
  return client;
}

export type Refusal<Data = Record<string, unknown>> = ProtocolError & { readonly data: Data };

/** The error that a refused call gets. */
export async function refusal<Data = Record<string, unknown>>(call: Promise<unknown>): Promise<Refusal<Data>> {
  const error = await call.then(
    (result) => expect.fail(`the call went through: ${JSON.stringify(result)}`),
    (e: unknown) => e,
  );
  if (!ProtocolError.isInstance(error)) throw error;
  return error as Refusal<Data>;
}
