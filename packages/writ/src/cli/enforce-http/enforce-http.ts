import { existsSync, readFileSync } from 'node:fs';
import type { Log } from '@writ/sdk/lib/log';
import { messageOf } from '@writ/sdk/lib/message-of';
import pc from 'picocolors';
import { isLoopback } from '../../lib/loopback.js';
import { environmentFrom } from '../environment-of.js';
import { UsageError } from '../errors.js';
import { EXIT, type ExitCode } from '../exit.js';
import { print } from '../output.js';
import { makeProcessPrivate } from '../private-process.js';
import { processLogger } from '../process-logger.js';
import { stopSignal } from '../stop-signal.js';
import { fixedClient } from './fixed-client.js';
import { startSidecar } from './sidecar.js';

export interface EnforceHttpFlags {
  readonly bundle: string;
  readonly env?: string;
  readonly service: string;
  readonly keyFile: string;
  readonly ca?: string;
  readonly for?: string;
  readonly agent?: string;
  readonly port: number;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindTls?: boolean;
  readonly data?: string;
  readonly logLevel: string;
}

/** `writ enforce http`: the proxy of a bundle beside a workload, until SIGINT or SIGTERM. SIGHUP reads the bundle again. */
export async function enforceHttp(flags: EnforceHttpFlags): Promise<ExitCode> {
  const { service, keyFile, host, tlsCert: cert, tlsKey: key } = flags;
  checkService(service);
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--tls-cert and --tls-key go together');
  if (!isLoopback(host) && cert === undefined && flags.behindTls !== true)
    throw new UsageError(
      `on ${host}, the credentials of requests would travel in the clear`,
      'give --tls-cert and --tls-key, or, behind a proxy that ends TLS, --behind-tls',
    );
  const client = fixedClient(flags);
  // Every program that reaches the port is that client.
  if (client !== undefined && !isLoopback(host))
    throw new UsageError(
      `on ${host}, everybody who reaches the proxy would be the identity of --for`,
      'leave --host out; or leave --for and --agent out, and let requests bring credentials',
    );
  makeProcessPrivate();
  const logger = processLogger(flags.logLevel);
  const log: Log = {
    warn: (message) => logger.warn({ face: 'http' }, message),
    error: (err, message) => logger.error({ face: 'http', err }, message),
  };
  const stopped = stopSignal();
  const sidecar = await startSidecar({
    bundle: flags.bundle,
    environment: environmentFrom(flags.env),
    service,
    key: textOf(keyFile, 'the key', 'name that of the caller with --key-file; `writ caller add NAME` makes one').trim(),
    ca: flags.ca === undefined ? undefined : textOf(flags.ca, 'the authority', 'name a file in PEM with --ca'),
    client,
    place: {
      host,
      port: flags.port,
      tls: cert && key ? { cert, key } : undefined,
      isBehindTls: flags.behindTls === true,
    },
    data: flags.data,
    log,
  });
  print(`http      ${pc.bold(sidecar.url ?? '')}  (decided by ${service})`);
  process.on('SIGHUP', () => {
    sidecar.reload().catch((error: unknown) => log.error(error, 'the bundle cannot be used; the one before goes on'));
  });
  await stopped;
  await sidecar.close();
  return EXIT.ok;
}

/** @throws {UsageError} if the key would travel in the clear */
function checkService(service: string): void {
  const url = URL.canParse(service) ? new URL(service) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/')
    throw new UsageError(`${service} is not the URL of a service`, 'write it as https://writ.example:7465');
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new UsageError(
      `on the way to ${url.host}, the key of this proxy would travel in the clear`,
      'name the service with https://; --ca names the authority of its certificate',
    );
}

function textOf(file: string, what: string, help: string): string {
  if (!existsSync(file)) throw new UsageError(`there is no file ${file} with ${what}`, help);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${what} in ${file} cannot be read: ${messageOf(cause)}`, help, { cause });
  }
}
