import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { ServerCertificate } from './server-certificate.js';

/** The bounds of Node's server for one request. */
type Limits = Pick<
  ServerOptions,
  'maxHeaderSize' | 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'connectionsCheckingInterval'
> & { readonly headersTimeout: number };

/**
 * Returns a server of Node.
 *
 * @param certificate undefined for plain HTTP
 * @param protocols those that it chooses from over TLS (ALPN); HTTP/1.1 alone by default
 */
export function nodeServer(
  limits: Limits,
  certificate: ServerCertificate | undefined,
  listener?: RequestListener,
  protocols: string[] = ['http/1.1'],
): Server {
  if (certificate === undefined) return createHttpServer(limits, listener);
  const handshake = {
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.headersTimeout,
    ALPNProtocols: protocols,
  } as const;
  const server = createHttpsServer({ ...limits, ...handshake, ...certificate.options }, listener);
  certificate.onRenewed((options) => server.setSecureContext({ minVersion: 'TLSv1.2', ...options }));
  return server;
}
