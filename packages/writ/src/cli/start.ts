import { readFileSync } from 'node:fs';
import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import type { WritError } from '../lib/errors.js';
import { isLoopback } from '../lib/loopback.js';
import type { TlsFiles } from '../lib/server-certificate.js';
import { start as startWrit } from '../serve/start.js';
import type { Writ } from '../serve/start-options.js';
import { environmentFrom } from './environment-of.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { print } from './output.js';
import { makeProcessPrivate } from './private-process.js';
import { processLogger } from './process-logger.js';
import { stopSignal } from './stop-signal.js';
import { storeOf } from './store-of.js';
import { tracing } from './telemetry.js';
import { setKeptVariables } from './up/kept-servers.js';

/** A service that was started. */
export type StartedWrit = Writ;

export interface StartFlags {
  readonly bundle: string;
  readonly env?: string;
  readonly data: string;
  readonly store?: string;
  readonly follow?: boolean;
  readonly storeKey?: string;
  readonly newStoreKey?: boolean;
  readonly port: number;
  readonly gatewayPort: number;
  readonly host?: string;
  readonly gatewayHost?: string;
  readonly publicUrl?: string;
  readonly allowHost?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly gatewayTlsCert?: string;
  readonly gatewayTlsKey?: string;
  readonly httpPort?: number;
  readonly checkPort?: number;
  readonly httpHost?: string;
  readonly httpTlsCert?: string;
  readonly httpTlsKey?: string;
  readonly grpcSocket?: string;
  readonly grpcPort?: number;
  readonly grpcHost?: string;
  readonly grpcTlsCert?: string;
  readonly grpcTlsKey?: string;
  readonly grpcClientCa?: string;
  readonly grpcClient?: readonly string[];
  readonly grpcPlain?: boolean;
  readonly httpTlsClientCa?: string;
  readonly logLevel: string;
  readonly logOrigin?: string;
  readonly newLogKey?: boolean;
  readonly acceptState?: string;
  /** File with a checkpoint that the log must continue. */
  readonly expect?: string;
  /** For how many milliseconds the first start observes. */
  readonly observeMs?: number;
  readonly isObservingOptional?: boolean;
  /** Called once the service runs. */
  readonly started?: (writ: Writ) => void | Promise<void>;
}

/** `writ start`: serves a bundle until SIGINT or SIGTERM. SIGHUP reads the bundle again. */
export async function start(flags: StartFlags): Promise<ExitCode> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientCa, host, publicUrl } = flags;
  if ((cert === undefined) !== (key === undefined) || (cert === undefined && clientCa !== undefined)) {
    throw new UsageError('--tls-cert and --tls-key go together, and --tls-client-ca needs both');
  }
  if ((flags.gatewayTlsCert === undefined) !== (flags.gatewayTlsKey === undefined))
    throw new UsageError('--gateway-tls-cert and --gateway-tls-key go together');
  const httpTls = httpTlsOf(flags);
  if (host !== undefined && !isLoopback(host) && cert === undefined && publicUrl?.startsWith('https://') !== true) {
    throw new UsageError(
      `on ${host}, keys would travel in the clear`,
      'give --tls-cert and --tls-key, or, behind a proxy that ends TLS, --public-url https://…',
    );
  }
  const expected = flags.expect === undefined ? undefined : expectedIn(flags.expect, flags.follow === true);
  makeProcessPrivate();
  setKeptVariables(flags.data);
  const logger = processLogger(flags.logLevel);
  const traces = await tracing(process.env);
  const tls = cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
  const { gatewayTlsCert, gatewayTlsKey } = flags;
  const gatewayTls =
    gatewayTlsCert === undefined || gatewayTlsKey === undefined
      ? undefined
      : { cert: gatewayTlsCert, key: gatewayTlsKey };
  const store = storeOf(flags.store);
  const storeKey = flags.storeKey ?? process.env.WRIT_STORE_KEY;
  const hostNames = flags.allowHost;
  // Before the start: it may wait for a witness.
  const stopped = stopSignal();
  const giveUp = new AbortController();
  void stopped.then(() => giveUp.abort());
  const writ = await startWrit({
    ...flags,
    environment: environmentFrom(flags.env),
    ...{
      expected,
      hostNames,
      store,
      storeKey,
      logger,
      tls,
      gatewayTls,
      httpTls,
      envoy: envoyOf(flags),
      tracer: traces?.tracer,
      stop: giveUp.signal,
    },
  }).catch(async (error: unknown) => {
    await traces?.end();
    if (error !== giveUp.signal.reason) throw error;
    logger.warn('the start was given up: nothing was served');
    return undefined;
  });
  if (writ === undefined) return EXIT.ok;
  print(`service   ${pc.bold(writ.serviceUrl)}  (key: ${writ.keyFile}, administrator: ${writ.keyFileOf('admin')})`);
  if (writ.gatewayUrl !== undefined) print(`gateway   ${pc.bold(writ.gatewayUrl)}`);
  if (writ.httpUrl !== undefined) print(`http      ${pc.bold(writ.httpUrl)}`);
  if (writ.envoyAddress !== undefined) print(`envoy     ${pc.bold(writ.envoyAddress)}`);
  if (writ.checkUrl !== undefined) print(`check     ${pc.bold(writ.checkUrl)}`);
  // The findings are in the log; the last good bundle stays served.
  process.on('SIGHUP', () => void writ.reload().catch(() => undefined));
  let gone: WritError | undefined;
  try {
    await flags.started?.(writ);
    gone = (await Promise.race([stopped, writ.gone])) ?? undefined;
    if (gone !== undefined) logger.fatal({ err: gone, code: gone.code }, 'the service ends');
  } finally {
    await closed(writ, traces);
  }
  if (gone !== undefined) throw gone;
  return EXIT.ok;
}

/** Returns where Envoy asks. @throws {UsageError} for options that do not go together */
function envoyOf(flags: StartFlags): Parameters<typeof startWrit>[0]['envoy'] {
  const { grpcSocket: socket, grpcPort: port, grpcHost: host, grpcClientCa: clientCa, grpcClient: clients } = flags;
  const { grpcTlsCert: cert, grpcTlsKey: key, grpcPlain: plain } = flags;
  const ofPort = [host, cert, key, clientCa, clients, plain].some((one) => one !== undefined);
  if (socket !== undefined && (port !== undefined || ofPort))
    throw new UsageError('--grpc-socket has no port, no certificate and no clients: its folder says who may connect');
  if (port === undefined && ofPort) throw new UsageError('the other options of --grpc-port need it');
  if ((cert === undefined) !== (key === undefined) || (cert === undefined) !== (clientCa === undefined))
    throw new UsageError('--grpc-tls-cert, --grpc-tls-key and --grpc-client-ca go together');
  if (cert !== undefined && plain === true) throw new UsageError('--grpc-plain and --grpc-tls-cert exclude each other');
  if (socket === undefined && port === undefined) return undefined;
  const tls = cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
  return { socket, port, host, tls, clients, plain };
}

async function closed(writ: Writ, traces: Awaited<ReturnType<typeof tracing>>): Promise<void> {
  try {
    await writ.close();
  } finally {
    await traces?.end();
  }
}

/** Returns the checkpoint of a file. */
function expectedIn(file: string, isFollower: boolean): Buffer {
  if (isFollower)
    throw new UsageError('--expect is for the service that keeps the log', 'leave it out of one that follows');
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(
      `the checkpoint of --expect cannot be read: ${messageOf(cause)}`,
      'name a file that `writ log checkpoint` printed',
      { cause },
    );
  }
}

/** Returns the certificate of the proxy for HTTP, if it has one. @throws {UsageError} for one of two files */
function httpTlsOf({
  httpTlsCert: cert,
  httpTlsKey: key,
  httpTlsClientCa: clientCa,
}: StartFlags): TlsFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  throw new UsageError('--http-tls-cert and --http-tls-key go together, and --http-tls-client-ca needs both');
}
