import { EventEmitter } from 'node:events';
import { CallQueue } from '@writ/enforce';
import type { Attempts } from '@writ/enforce/attempts';
import { type ApprovalDesk, TRANSFORMS } from '@writ/sdk/authzen';
import type { Logger } from 'pino';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import type { ServedBundle } from '../bundle/bundle.js';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { GatewayInTheClearError } from '../enforce/errors.js';
import { holdSettings } from '../enforce/hold-settings.js';
import { Gateway } from '../enforce/mcp/gateway/gateway.js';
import { IsolatedChanges } from '../enforce/mcp/gateway/isolated-changes.js';
import { serveGateway } from '../enforce/mcp/server/http.js';
import type { Closers } from '../lib/closers.js';
import { KnownHosts } from '../lib/known-hosts.js';
import { isLoopback } from '../lib/loopback.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { faceLog } from './face-log.js';
import { gatewayIdentity } from './gateway-identity.js';
import type { GatewayPlace } from './listening.js';
import type { Observation } from './observation.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import { recordFirstUse, recordSuspended, toolStates } from './suspended-tools.js';
import type { TokenService } from './token-service.js';
import { startUpstreams } from './upstreams.js';

interface GatewayServerParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly observation: Observation;
  readonly state: ServingStateHolder;
  readonly place: GatewayPlace;
  /** The names under which it answers, in addition to those that the bundle says. */
  readonly hostNames: ReadonlySet<string>;
  readonly token: TokenService;
  readonly clients: ClientTokens;
  readonly desk: ApprovalDesk;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly closers: Closers;
  readonly stop: AbortSignal | undefined;
}

/** How long calls under way may take when the service stops. */
const DRAIN_MS = 5_000;

/** Starts the servers of the bundle and the gateway in front of them. @returns its URL; undefined if the bundle has no servers */
export async function startGateway(parts: GatewayServerParts): Promise<string | undefined> {
  const { rooms, serving, observation, token, clients, closers } = parts;
  const { clock, logger, record } = rooms.runtime;
  const { toolPins, revocations } = rooms.registry;
  const { bundle } = serving.active;
  if (Object.keys(bundle.settings.gateway.servers).length === 0) return undefined;
  const { host, port, certificate } = parts.place;
  checkPlace(parts.place, bundle, logger);
  const identity = gatewayIdentity(() => serving.active.bundle, parts.hostNames);
  const lists = new EventEmitter<{ changed: [] }>();
  const { shared, startPerClient } = await startUpstreams({
    bundle,
    data: rooms.data,
    pins: toolPins,
    logger,
    clock,
    onFirstUse: (tools) => recordFirstUse(tools, record),
    onSuspended: (tools) => recordSuspended(tools, record, logger),
    onContents: () => lists.emit('changed'),
    onStart: (upstream) => closers.add(() => upstream.close()),
    stop: parts.stop,
  });
  parts.state.watchServers(() => shared.filter(({ isAlive }) => !isAlive).map(({ name }) => name));
  const log = faceLog(logger, 'gateway');
  const point = pointFor(serving.decider, { ...inProcess('gateway', TRANSFORMS), isObserved: true }, (...came) =>
    token.verifier.verifyToken(...came),
  );
  const changes = new IsolatedChanges();
  closers.add(() => changes.close());
  if (Object.keys(bundle.obligations.obligations).length > 0) changes.warm();
  const gateway = new Gateway({
    upstreams: shared,
    startPerClient,
    mapper: () => serving.active.mapper,
    point,
    log,
    queue: new CallQueue(point, () => holdSettings(serving.active.bundle.access.gateway), parts.desk),
    hash: rooms.bind,
    change: changes.change,
    toolStates: toolStates(toolPins),
    attempts: parts.attempts,
    notice: () => noticeOf(observation.until),
  });
  const served = await serveGateway({
    gateway,
    identify: (sent, connection) => clients.identify(sent, connection),
    ...{ host, port, certificate },
    hosts: new KnownHosts(() => identity().hostNames, isLoopback(host) ? isLoopback : undefined),
    log,
    attempts: parts.attempts,
    protectedResource: () => identity().resource,
  });
  closers.add(() => served.close());
  closers.add(() => gateway.close(DRAIN_MS));
  // No client is subscribed until the server listens.
  lists.on('changed', () => served.listsChanged());
  toolPins.onChange(() => served.listsChanged());
  revocations.onRevocation(() => served.listsChanged());
  serving.onActivate(() => served.listsChanged());
  observation.onEnd(() => served.listsChanged());
  return served.url;
}

const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** @throws {GatewayInTheClearError} if the keys of clients would travel in the clear */
function checkPlace(
  { host, certificate, isBehindTls }: GatewayPlace,
  { settings: { gateway, tokens } }: ServedBundle,
  logger: Logger,
): void {
  const { resource } = gateway;
  const isEncrypted = certificate !== undefined || isBehindTls || resource?.startsWith('https:') === true;
  if (!isLoopback(host) && !isEncrypted)
    throw new GatewayInTheClearError(
      `on ${host}, the keys of the gateway's clients would travel in the clear`,
      'give --gateway-tls-cert and --gateway-tls-key, or, behind a proxy that ends TLS, an https URL in gateway.resource or --public-url',
    );
  if (resource === undefined && tokens !== undefined && EVERY_ADDRESS.has(host))
    logger.warn('the gateway listens on every address: access tokens and proofs need its URL in gateway.resource');
}

/** Returns the notice of an observation for clients; undefined if the rules hold. */
function noticeOf(until: Date | undefined): string | undefined {
  return until && `Writ observes until ${until.toISOString()}: calls are recorded, and nothing is stopped.`;
}
