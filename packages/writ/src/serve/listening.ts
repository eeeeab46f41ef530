import { every } from '@writ/sdk/lib/every';
import type { Logger } from 'pino';
import type { Closers } from '../lib/closers.js';
import { ServerCertificate, type TlsFiles } from '../lib/server-certificate.js';
import type { StartOptions } from './start-options.js';

/** The place at which the gateway listens, and the certificate that it presents there. */
export interface GatewayPlace {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly certificate: ServerCertificate | undefined;
  /** Whether a proxy in front of it ends TLS, by what the operator said of the public URL. */
  readonly isBehindTls: boolean;
}

interface Listening {
  readonly host: string;
  readonly certificate: ServerCertificate | undefined;
  /** The names under which service and gateway answer, in addition to addresses and local names. */
  readonly hostNames: ReadonlySet<string>;
  readonly gateway: GatewayPlace;
  readonly http: GatewayPlace;
  /** Reads a certificate, and follows it when it is renewed. */
  readonly present: (files: TlsFiles) => ServerCertificate;
  /** Of the check endpoint for other proxies. */
  readonly check: GatewayPlace;
}

const LOOPBACK = '127.0.0.1';
/** How often certificates are read again. */
const RENEW_MS = 60_000;

/**
 * Returns where the service and the gateway listen. A gateway on an address of its own presents its certificate, or else that of the
 * service; one on loopback by default presents none.
 *
 * @throws {CertificateError} if a certificate cannot be used
 */
export function listeningOf(options: StartOptions, logger: Logger, closers: Closers): Listening {
  const { host = LOOPBACK, gatewayHost, publicUrl } = options;
  const present = (files: TlsFiles): ServerCertificate => {
    const certificate = new ServerCertificate(files);
    const renew = (): void => {
      if (certificate.renew()) logger.info({ certificate: files.cert }, 'a renewed certificate is in use');
    };
    closers.add(every(RENEW_MS, renew, (err) => logger.error({ err }, 'the certificate of before stays in use')));
    return certificate;
  };
  const { tls } = options;
  // No client authenticates to the gateway by a certificate.
  const gatewayTls =
    options.gatewayTls ?? (gatewayHost !== undefined && tls ? { cert: tls.cert, key: tls.key } : undefined);
  const http: GatewayPlace = {
    host: options.httpHost ?? LOOPBACK,
    port: options.httpPort ?? 0,
    certificate: options.httpTls && present(options.httpTls),
    isBehindTls: publicUrl?.startsWith('https://') === true,
  };
  return {
    host,
    present,
    certificate: tls && present(tls),
    hostNames: hostNamesOf(options),
    gateway: {
      host: gatewayHost ?? LOOPBACK,
      port: options.gatewayPort,
      certificate: gatewayTls && present(gatewayTls),
      isBehindTls: publicUrl?.startsWith('https://') === true,
    },
    http,
    check: { ...http, port: options.checkPort ?? 0 },
  };
}

function hostNamesOf({ host, gatewayHost, publicUrl, hostNames = [] }: StartOptions): ReadonlySet<string> {
  const ofUrl = publicUrl !== undefined && URL.canParse(publicUrl) ? [new URL(publicUrl).hostname] : [];
  const addresses = [host, gatewayHost].filter((address) => address !== undefined);
  return new Set([...hostNames, ...ofUrl, ...addresses].map((name) => name.toLowerCase()));
}
