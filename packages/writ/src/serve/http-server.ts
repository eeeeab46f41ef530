import type { AddressInfo } from 'node:net';
import { CallQueue, Enforcer } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { changeAnswer, createProxy, egressBy, enforcedBy } from '@writ/enforce/http/proxy';
import { type ApprovalDesk, TRANSFORMS } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { ProxyInTheClearError } from '../enforce/errors.js';
import { holdSettings } from '../enforce/hold-settings.js';
import type { Closers } from '../lib/closers.js';
import { isLoopback } from '../lib/loopback.js';
import { nodeServer } from '../lib/node-server.js';
import { OpenConnections } from '../lib/open-connections.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { identifyBy } from './http-callers.js';
import type { ProxyPlace } from './listening.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import type { TokenService } from './token-service.js';

interface HttpServerParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly place: ProxyPlace;
  readonly token: TokenService;
  readonly clients: ClientTokens;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly closers: Closers;
}

/** The part of the open files of the process that may be connections of the proxy. */
const SHARE_OF_FILES = 0.25;
/** The most that a request waits for its decision; a fact that comes later is too late. */
const DECIDE_MS = 60_000;
const MAX_DEFER_MS = 30_000;

/** Starts the proxy in front of the services of the bundle. @returns its URL; undefined if the bundle has none */
export async function startHttp(parts: HttpServerParts): Promise<string | undefined> {
  const { rooms, serving, place, token, clients, attempts, closers } = parts;
  if (serving.active.http.services.length === 0 && serving.active.egress === undefined) return undefined;
  const { host, port, certificate, isBehindTls } = place;
  if (!isLoopback(host) && certificate === undefined && !isBehindTls)
    throw new ProxyInTheClearError(
      `on ${host}, the keys of the proxy's clients would travel in the clear`,
      'give --http-tls-cert and --http-tls-key, or, behind a proxy that ends TLS, --public-url https://…',
    );
  const { logger } = rooms.runtime;
  const log: Log = {
    warn: (message) => logger.warn({ face: 'http' }, message),
    error: (err, message) => logger.error({ face: 'http', err }, message),
  };
  const point = pointFor(serving.decider, inProcess('proxy', TRANSFORMS), (...came) =>
    token.verifier.verifyToken(...came),
  );
  const enforcer = new Enforcer({
    point,
    queue: new CallQueue(point, () => heldShortly(holdSettings(serving.active.bundle.access.gateway)), parts.desk),
    attempts,
    at: 'proxy',
    log,
    hash: rooms.bind,
    change: changeAnswer,
  });
  const identify = identifyBy({ clients, credentials: rooms.credentials, callers: () => serving.active.callers });
  const proxy = createProxy({
    services: () => serving.active.http.services,
    decide: enforcedBy({ ...{ enforcer, identify, attempts, log }, at: 'proxy', served: () => serving.active.http }),
    connect: egressBy({
      ...{ enforcer, identify, attempts, log },
      served: () => serving.active.egress,
      onEnd: (end) => logger.info({ face: 'http', ...end }, 'a tunnel ended'),
    }),
    limits: { decideMs: DECIDE_MS },
    makeServer: (limits) => nodeServer(limits, certificate, undefined, ['h2', 'http/1.1']),
    onError: (error) => log.error(error, 'a request failed'),
  });
  const { server } = proxy;
  new OpenConnections(server, SHARE_OF_FILES);
  closers.add(() => proxy.close());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? 'http' : 'https';
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}

/** A request over HTTP is not held for a person: its denial names the request for access, and it can be sent again. */
function heldShortly(settings: ReturnType<typeof holdSettings>): ReturnType<typeof holdSettings> {
  return { ...settings, stepUp: 'reference', justify: false, deferMs: Math.min(settings.deferMs, MAX_DEFER_MS) };
}
