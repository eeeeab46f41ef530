import pc from 'picocolors';
import { start as startWrit } from '../serve/start.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print } from './output.js';
import { stopSignal } from './stop-signal.js';
import { storeOf } from './store-of.js';
import { processLogger, tracing } from './telemetry.js';

export interface StartFlags {
  readonly bundle: string;
  readonly data: string;
  readonly store?: string;
  readonly port: number;
  readonly gatewayPort: number;
  readonly host?: string;
  readonly publicUrl?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly logLevel: string;
  readonly logOrigin?: string;
  readonly newLogKey?: boolean;
}

/** `writ start`: serves a bundle until SIGINT or SIGTERM. SIGHUP reads the bundle again. */
export async function start(flags: StartFlags): Promise<ExitCode> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa, host, publicUrl } = flags;
  if ((cert === undefined) !== (key === undefined) || (cert === undefined && clientCa !== undefined)) {
    throw new UsageError('--tls-cert and --tls-key go together, and --tls-client-ca needs both');
  }
  if (host !== undefined && !isLoopback(host) && cert === undefined && publicUrl?.startsWith('https://') !== true) {
    throw new UsageError(
      `on ${host}, keys would travel in the clear`,
      'give --tls-cert and --tls-key, or, behind a proxy that ends TLS, --public-url https://…',
    );
  }
  const logger = processLogger(flags.logLevel);
  const traces = tracing(process.env);
  const tls = cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
  const store = storeOf(flags.store);
  const writ = await startWrit({ ...flags, store, logger, tls, tracer: traces?.tracer });
  // Before the URL is printed: a signal that follows it stops the service in order.
  const stopped = stopSignal();
  print(`service   ${pc.bold(writ.serviceUrl)}  (key: ${writ.keyFile}, administrator: ${writ.keyFileOf('admin')})`);
  if (writ.gatewayUrl !== undefined) print(`gateway   ${pc.bold(writ.gatewayUrl)}`);
  // The findings are in the log; the last good bundle stays served.
  process.on('SIGHUP', () => void writ.reload().catch(() => undefined));
  await stopped;
  try {
    await writ.close();
  } finally {
    await traces?.end();
  }
  return EXIT.ok;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
