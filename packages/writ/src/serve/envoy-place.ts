import type { EnvoyPlace } from '@writ/enforce/envoy';
import { EnvoyInTheClearError } from '../enforce/errors.js';
import { isLoopback } from '../lib/loopback.js';
import type { ServerCertificate, TlsFiles } from '../lib/server-certificate.js';
import { registeredName } from '../provenance/certificates.js';

/** The place at which Envoy reaches this service. */
export interface EnvoyOptions {
  /** The file of a socket; without `port`. */
  readonly socket?: string | undefined;
  /** 0 for any free one. */
  readonly port?: number | undefined;
  /** Loopback by default. */
  readonly host?: string | undefined;
  /** Its certificate, and the authority of the certificates of Envoys. */
  readonly tls?: TlsFiles | undefined;
  /** The subject alternative names of the Envoys that may ask, as `URI:spiffe://example.org/envoy`. */
  readonly clients?: readonly string[] | undefined;
  /** Whether every process of this machine may ask: a port without TLS, on loopback. */
  readonly plain?: boolean | undefined;
}

const HELP =
  'give --grpc-socket FILE; or --grpc-port with --grpc-tls-cert, --grpc-tls-key, --grpc-client-ca and --grpc-client NAME';

/** Returns the place that options name. @throws {EnvoyInTheClearError} if anybody could ask, or see the keys of callers */
export function placeOf(
  { socket, port = 0, host = '127.0.0.1', tls, clients = [], plain }: EnvoyOptions,
  present: (files: TlsFiles) => ServerCertificate,
): EnvoyPlace {
  if (socket !== undefined) return { kind: 'socket', path: socket };
  if (tls !== undefined) {
    if (tls.clientCa === undefined || clients.length === 0)
      throw new EnvoyInTheClearError('every client could ask as if it were an Envoy', HELP);
    const known = new Set(clients);
    const admits = (names: string | undefined): boolean => registeredName(names, known) !== undefined;
    return { kind: 'tls', host, port, certificate: present(tls), admits };
  }
  if (plain === true && isLoopback(host)) return { kind: 'loopback', port };
  throw new EnvoyInTheClearError(
    isLoopback(host)
      ? `on port ${port}, every process of this machine could ask as if it were an Envoy`
      : `on ${host}, the keys of callers would travel in the clear`,
    isLoopback(host) ? `${HELP}; or --grpc-plain if every process of this machine may` : HELP,
  );
}
