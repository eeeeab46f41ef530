import { Socket } from 'node:net';
import { join } from 'node:path';
import type { CallingClient } from '@writ/enforce';
import { AttemptFolder, AttemptsToHandIn, handInTo } from '@writ/enforce/attempts';
import { remoteDecisionPoint, ServiceClient } from '@writ/sdk/client';
import { every } from '@writ/sdk/lib/every';
import { keyedHash } from '@writ/sdk/lib/keyed-hash';
import type { Log } from '@writ/sdk/lib/log';
import { type Bundle, loadBundle } from '../../bundle/bundle.js';
import { holdSettings } from '../../enforce/hold-settings.js';
import { HttpFace } from '../../enforce/http/http-face.js';
import { RemoteClients } from '../../enforce/http/remote-clients.js';
import { servedEgress, servedServices } from '../../enforce/http/served-services.js';
import { Closers } from '../../lib/closers.js';
import { CREDENTIALS } from '../../lib/known-credentials.js';
import { ServerCertificate, type TlsFiles } from '../../lib/server-certificate.js';
import { ATTEMPTS_FOLDER } from '../../store/files.js';
import { UsageError } from '../errors.js';

interface SidecarOptions {
  /** The folder of the bundle whose services it stands before. */
  readonly bundle: string;
  readonly environment: string | undefined;
  /** The URL of the decision point, and the key of the caller that this proxy is there. */
  readonly service: string;
  readonly key: string;
  /** The authorities of its certificate, PEM. */
  readonly ca: string | undefined;
  /** The client that all requests are of; undefined if each brings a credential. */
  readonly client: CallingClient | undefined;
  readonly place: {
    readonly host: string;
    readonly port: number;
    readonly tls: TlsFiles | undefined;
    readonly isBehindTls: boolean;
  };
  /** The folder that keeps attempts over a restart; undefined for none. */
  readonly data: string | undefined;
  readonly log: Log;
  readonly drainMs?: number | undefined;
}

/** A proxy beside a workload. */
interface Sidecar {
  readonly url: string | undefined;
  /** Reads the bundle again. @throws {Error} if it cannot be used; the one before stays in use */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** How often the certificate is read again. */
const RENEW_MS = 60_000;

/**
 * Starts the proxy of a bundle with the decisions of a service elsewhere. It opens no database, and decides nothing itself.
 *
 * @throws {BundleError} if the bundle cannot be used; {@link UsageError} if it has no service, or nothing could prove who asks
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { service, key, ca, client, log, place } = options;
  const closers = new Closers();
  CREDENTIALS.add(key);
  let served = read(options);
  const asked = new ServiceClient(service, key, { ca });
  const point = remoteDecisionPoint(asked, log);
  const { data } = options;
  const secret = Buffer.from(key);
  const attempts = new AttemptsToHandIn({
    folder: data === undefined ? undefined : new AttemptFolder(join(data, ATTEMPTS_FOLDER), secret, service, log),
    handIn: handInTo(asked, log),
    clock: () => new Date(),
    log,
  });
  closers.add(() => attempts.close());
  closers.add(() => point.settled());
  const clients = new RemoteClients({
    service: asked,
    trustDomain: () => served.bundle.settings.tokens?.trustDomain,
    clients: () => served.bundle.settings.gateway.clients,
  });
  try {
    const face = new HttpFace({
      place: { ...place, certificate: place.tls && presented(place.tls, log, closers) },
      point,
      desk: point.desk,
      hold: () => holdSettings(served.bundle.access.gateway),
      served: () => served.http,
      egress: () => served.egress,
      onTunnel: ({ host, port, result, why = 'both sides ended it', sent, received }) =>
        log.warn(`a tunnel to ${host}:${port} ended, ${result}: ${why}; ${sent} bytes sent, ${received} received`),
      identify:
        client === undefined
          ? ({ headers, connection }) => clients.identify(headers.authorization, addressOf(connection))
          : async () => ({ client, txnToken: undefined }),
      attempts,
      log,
      hash: keyedHash(secret),
      drainMs: options.drainMs,
    });
    closers.add(() => face.close());
    await face.follow();
    return {
      get url() {
        return face.url;
      },
      async reload() {
        served = read(options);
        await face.follow();
        log.warn(`the bundle was read again: policy ${served.bundle.version}`);
      },
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function read({ bundle: folder, environment, client, log }: SidecarOptions): {
  readonly bundle: Bundle;
  readonly http: ReturnType<typeof servedServices>;
  readonly egress: ReturnType<typeof servedEgress>;
} {
  const bundle = loadBundle(folder, environment);
  const egress = servedEgress(bundle);
  if (bundle.services.length === 0 && egress === undefined)
    throw new UsageError(
      `the bundle ${folder} has no service for HTTP, and makes no tunnels`,
      'name one in writ.yaml: http.services; or give http.egress',
    );
  if (client === undefined && bundle.settings.tokens === undefined)
    throw new UsageError(
      'nothing could prove who asks: the bundle has no `tokens`, and so its service gives none',
      'give tokens.trustDomain in writ.yaml; or name who asks with --for and --agent',
    );
  return { bundle, http: servedServices(bundle, (message) => log.warn(message)), egress };
}

function addressOf(connection: object): string | undefined {
  return connection instanceof Socket ? connection.remoteAddress : undefined;
}

function presented(files: TlsFiles, log: Log, closers: Closers): ServerCertificate {
  const certificate = new ServerCertificate(files);
  const renew = (): void => {
    if (certificate.renew()) log.warn('a renewed certificate is in use');
  };
  closers.add(every(RENEW_MS, renew, (error) => log.error(error, 'the certificate of before stays in use')));
  return certificate;
}
