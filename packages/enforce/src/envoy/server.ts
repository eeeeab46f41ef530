import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { Server, type ServerDuplexStream, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { Budget } from './budget.js';
import { check, denied } from './check/check.js';
import { Complaints } from './complaints.js';
import { type EnvoyCertificate, mutualTls, placeAlone } from './credentials.js';
import type { EnvoyLimits, EnvoyParts } from './parts.js';
import { TOO_MANY } from './problems.js';
import { serveStream } from './process/process.js';
import { ending } from './process/replies.js';
import { AUTHORIZATION, PROCESSOR } from './protocol/load.js';
import type { CheckRequest, CheckResponse, ProcessingRequest, ProcessingResponse } from './protocol/messages.js';

/** The place at which Envoy finds this side. */
export type EnvoyPlace =
  /** A socket in the file system: its permissions say who may connect. */
  | { readonly kind: 'socket'; readonly path: string }
  /** An address, at which a client proves by a certificate that it is an Envoy that may ask. */
  | {
      readonly kind: 'tls';
      readonly host: string;
      readonly port: number;
      readonly certificate: EnvoyCertificate;
      /** Returns whether the subject alternative names of a certificate are those of a known Envoy. */
      readonly admits: (subjectAltName: string | undefined) => boolean;
    }
  /** A port of this machine, for any process of it. */
  | { readonly kind: 'loopback'; readonly port: number };

interface EnvoyOptions extends Omit<EnvoyParts, 'limits'> {
  readonly place: EnvoyPlace;
  readonly limits?: Partial<EnvoyLimits> | undefined;
}

/** The services for Envoy, listening. */
interface EnvoyServer {
  readonly address: string;
  /** Stops: requests under way may end for a bounded time, none by default. */
  close(drainMs?: number): Promise<void>;
}

const DEFAULTS: EnvoyLimits = { decideMs: 5_000, underWay: 2_000, bodyBytes: 256 * 2 ** 20 };
/** Of one message: a body, and the heads. */
const MAX_MESSAGE = 16 * 2 ** 20;
const MAX_METADATA = 65_536;

/**
 * Serves `envoy.service.auth.v3.Authorization` and `envoy.service.ext_proc.v3.ExternalProcessor`.
 *
 * @throws {Error} if nobody can listen there
 */
export async function serveEnvoy(options: EnvoyOptions): Promise<EnvoyServer> {
  const parts: EnvoyParts = { ...options, limits: { ...DEFAULTS, ...options.limits } };
  const { place, log } = options;
  const complaints = new Complaints(log);
  const bodies = new Budget(parts.limits.bodyBytes);
  let underWay = 0;
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE,
    'grpc.max_metadata_size': MAX_METADATA,
    'grpc.max_concurrent_streams': parts.limits.underWay,
  });
  const isKnown = (call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>): boolean => {
    const isAdmitted = place.kind !== 'tls' || place.admits(call.getAuthContext().sslPeerCertificate?.subjectaltname);
    if (!isAdmitted) complaints.say('a client with a certificate of no known Envoy asks');
    return isAdmitted;
  };
  server.addService(AUTHORIZATION, {
    Check: (call: ServerUnaryCall<CheckRequest, CheckResponse>, answer: sendUnaryData<CheckResponse>) => {
      if (!isKnown(call)) return answer({ code: status.PERMISSION_DENIED, details: 'not a known Envoy' });
      if (underWay >= parts.limits.underWay) return answer(null, denied(TOO_MANY));
      underWay += 1;
      const gone = new AbortController();
      call.once('cancelled', () => gone.abort());
      const asked = call.request;
      const http = asked.attributes?.request?.http;
      const size = (http?.rawBody?.length ?? 0) + (http?.body?.length ?? 0);
      const about = { gone: gone.signal, leftMs: leftOf(call.getDeadline()) };
      bodies
        .during(size, () => check(parts, complaints, asked, about))
        .then((response) => answer(null, response ?? denied(TOO_MANY)))
        .catch((error: unknown) => {
          log.error(error, 'a check failed');
          answer({ code: status.INTERNAL, details: 'no decision could be made' });
        })
        .finally(() => {
          underWay -= 1;
        });
    },
  });
  server.addService(PROCESSOR, {
    Process: (stream: ServerDuplexStream<ProcessingRequest, ProcessingResponse>) => {
      if (!isKnown(stream))
        return void stream.emit('error', { code: status.PERMISSION_DENIED, details: 'not a known Envoy' });
      if (underWay >= parts.limits.underWay) {
        stream.on('data', () => {});
        stream.write(ending(TOO_MANY));
        return void stream.end();
      }
      underWay += 1;
      serveStream(stream, { parts, complaints, bodies }, () => {
        underWay -= 1;
      });
    },
  });
  const address = await listen(server, place);
  return {
    address,
    close: async (drainMs = 0) => {
      let timer: NodeJS.Timeout | undefined;
      const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, drainMs);
      });
      await Promise.race([drained, late]);
      clearTimeout(timer);
      server.forceShutdown();
    },
  };
}

async function listen(server: Server, place: EnvoyPlace): Promise<string> {
  if (place.kind === 'socket') removeOldSocket(place.path);
  const credentials = place.kind === 'tls' ? mutualTls(place.certificate) : placeAlone();
  const host = place.kind === 'tls' ? place.host : '127.0.0.1';
  const target = place.kind === 'socket' ? `unix:${place.path}` : hostAndPort(host, place.port);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(target, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  if (place.kind !== 'socket') return hostAndPort(host, port);
  // Envoy often runs as another user, who is in the group of the folder.
  chmodSync(place.path, 0o660);
  return target;
}

/** Removes the socket of a process that has ended. @throws {Error} if the file is not a socket */
function removeOldSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} exists, and is not a socket`);
  unlinkSync(path);
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function leftOf(deadline: Date | number): number {
  const left = Number(deadline) - Date.now();
  return Math.max(1, Math.min(left, 2 ** 31 - 1));
}
