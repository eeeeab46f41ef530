import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

/** The certificate of the server, and the authority of client certificates; PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** A client may authenticate by a certificate of this authority. */
  readonly clientCa: Buffer | undefined;
}

/** The bounds of Node's server for one request. */
export const REQUEST_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  // How often Node looks at the times above; by default every 30 s.
  connectionsCheckingInterval: 2_000,
};

/** Returns a server of Node. @param tls undefined for plain HTTP */
export function nodeServer(tls: TlsMaterial | undefined, listener: RequestListener): Server {
  if (tls === undefined) return createHttpServer(REQUEST_LIMITS, listener);
  const { cert, key, clientCa } = tls;
  return createHttpsServer(
    {
      ...REQUEST_LIMITS,
      cert,
      key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: REQUEST_LIMITS.headersTimeout,
      ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
    },
    listener,
  );
}
