import type { AddressInfo } from 'node:net';
import type { Attempts } from '@writ/enforce/attempts';
import { createProxy } from '@writ/enforce/http/proxy';
import type { ApprovalDesk } from '@writ/sdk/authzen';
import { ProxyInTheClearError } from '../enforce/errors.js';
import type { Closers } from '../lib/closers.js';
import { isLoopback } from '../lib/loopback.js';
import { nodeServer } from '../lib/node-server.js';
import { OpenConnections } from '../lib/open-connections.js';
import { refuseConnect } from '../lib/refuse-connect.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { decidesOnHttp } from './http-decide.js';
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

/** Starts the proxy in front of the services of the bundle. @returns its URL; undefined if the bundle has none */
export async function startHttp(parts: HttpServerParts): Promise<string | undefined> {
  const { serving, place, closers } = parts;
  if (serving.active.http.services.length === 0) return undefined;
  const { host, port, certificate, isBehindTls } = place;
  if (!isLoopback(host) && certificate === undefined && !isBehindTls)
    throw new ProxyInTheClearError(
      `on ${host}, the keys of the proxy's clients would travel in the clear`,
      'give --http-tls-cert and --http-tls-key, or, behind a proxy that ends TLS, --public-url https://…',
    );
  const { decide, log } = decidesOnHttp(parts, 'proxy');
  const proxy = createProxy({
    services: () => serving.active.http.services,
    decide,
    limits: { decideMs: DECIDE_MS },
    makeServer: (limits) => nodeServer(limits, certificate),
    onError: (error) => log.error(error, 'a request failed'),
  });
  const { server } = proxy;
  new OpenConnections(server, SHARE_OF_FILES);
  refuseConnect(server);
  closers.add(() => proxy.close());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  const scheme = certificate === undefined ? 'http' : 'https';
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}
