import { resolve } from 'node:path';
import type { Tracer } from '@opentelemetry/api';
import { withResolvers } from '@writ/sdk/lib/with-resolvers';
import { type Logger, pino } from 'pino';
import { DEFAULT_LIMITS, LoadShedder } from '../api/http/load.js';
import { Metrics } from '../api/http/metrics.js';
import { HttpService } from '../api/http/service.js';
import { ServingStateHolder } from '../api/http/serving-state.js';
import type { RequestTracing } from '../api/http/tracing.js';
import { startExports } from '../audit/export/start-exports.js';
import { startCosigning } from '../audit/witness/start-cosigning.js';
import { BundleReader } from '../bundle/apart/reader.js';
import type { Clock } from '../lib/clock.js';
import { Closers } from '../lib/closers.js';
import type { WritError } from '../lib/errors.js';
import { guardedClock } from '../lib/guarded-clock.js';
import { KnownHosts } from '../lib/known-hosts.js';
import { lockData } from '../store/lock.js';
import { assertRestored, wasRestored } from '../store/restoring.js';
import { ActiveBundle } from './active.js';
import { startCheck } from './check-server.js';
import { startGateway } from './gateway-server.js';
import { startHttp } from './http-server.js';
import { listeningOf } from './listening.js';
import { logDenials } from './log-denials.js';
import { servingOf, signalsOf } from './make-serving.js';
import { Observation } from './observation.js';
import { openRooms, type Rooms } from './open-rooms.js';
import { recordAttempts } from './record-attempts.js';
import { serviceRoutes } from './service-routes.js';
import type { RunningService, StartOptions } from './start-options.js';
import { watchOutcomes } from './watch-outcomes.js';

/**
 * Starts the service and the gateway. This is the one place that puts the rooms and the faces together.
 *
 * @throws {Error} the reason of `stop`, when that ends the start
 * @throws {BundleError} when the bundle may not be served; {@link WritError} for a store, server or port that fails
 */
export async function start(options: StartOptions): Promise<RunningService> {
  const { logger = pino({ enabled: false }) } = options;
  const closers = new Closers();
  try {
    return await startWith(options, logger, closers);
  } catch (error) {
    // The reason of the failure is what the caller needs; closing can fail because of it.
    await closers.close().catch((why: unknown) => logger.error({ err: why }, 'a failed start could not be cleaned up'));
    throw error;
  }
}

async function startWith(options: StartOptions, logger: Logger, closers: Closers): Promise<RunningService> {
  const { store, storeKey, logOrigin } = options;
  const clock = options.clock ?? machineClock(logger);
  const { newLogKey: isNewLogKey, newStoreKey: isNewStoreKey } = options;
  const data = resolve(options.data);
  const isFollower = options.follow === true;
  const warnOfOpen = (paths: readonly string[]): void =>
    logger.warn({ paths }, 'others could read the data of this service until now; create new keys if they may have');
  closers.add(lockData(data, warnOfOpen));
  assertRestored(data);
  options.prepare?.();
  const gone = withResolvers<WritError>();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  // Meanwhile its process starts.
  const bundles = new BundleReader(options.reading);
  bundles.warm();
  const rooms = await openRooms({
    ...{ data, store, storeKey, isNewStoreKey, logOrigin, isNewLogKey, isFollower },
    ...{ acceptState: options.acceptState, expected: options.expected, clock, logger, closers },
    ...{ patienceMs: limits.diskMs, onGone: gone.resolve },
  });
  const { keeping, credentials } = rooms;
  const observation = await Observation.open({
    ...{ runtime: rooms.runtime, reader: keeping.reader, askedMs: options.observeMs, isFollower, closers },
    isOptional: options.isObservingOptional === true,
    isRestored: wasRestored(data),
  });
  const attempts = recordAttempts(rooms);
  // Closed after the service and the gateway, whose last attempts it records.
  closers.add(() => attempts.close());
  const active = new ActiveBundle();
  const state = new ServingStateHolder();
  state.watchObservation(observation);
  const load = new LoadShedder(limits, () => keeping.log.waitingFor);
  const metrics = new Metrics(keeping.log, state, load, clock);
  const { host, certificate, hostNames, gateway, http: proxy, check, present } = listeningOf(options, logger, closers);
  const http = new HttpService({
    state,
    callers: () => active.current.callers,
    hosts: new KnownHosts(() => hostNames),
    credentials,
    load,
    metrics,
    attempts,
    logger,
    tracing: options.tracer && (await tracingOf(options.tracer)),
    tls: certificate,
  });
  const publicUrl = (): string => options.publicUrl ?? http.url;
  const signals = signalsOf(rooms, publicUrl);
  closers.add(() => signals.close());
  const serving = servingOf({
    ...{ rooms, folder: options.bundle, environment: options.environment },
    ...{ active, observation, state, metrics, signals, bundles },
    callers: options.callers ?? {},
    stop: options.stop,
  });
  closers.add(() => serving.close());
  const stopping = new AbortController();
  const parts = { rooms, serving, observation, state, metrics, signals, attempts, publicUrl, closing: stopping.signal };
  const { routes, token, access, clients, hooks } = await serviceRoutes(parts);
  closers.add(() => access.close());
  closers.add(() => hooks.close());
  http.add(routes);
  const service = await http.listen(host, options.port);
  closers.add(async () => {
    state.set({ state: 'stopping' });
    stopping.abort();
    await service.close();
  });
  await unlessStopped(serving.load(), options.stop);
  // Not before a bundle is accepted: the reader of this line may send requests.
  logger.info({ url: service.url }, 'listening');
  watchOutcomes(keeping.log, rooms.runtime);
  logDenials(keeping.log, rooms.runtime);
  sendRecord(rooms, active, metrics, closers);
  const enforcing = { rooms, serving, token, attempts, closers, desk: access.desk };
  const gatewayUrl = await startGateway({
    ...{ ...enforcing, clients, observation, state, hostNames },
    ...{ place: gateway, stop: options.stop },
  });
  const proxyFace = await startHttp({ ...enforcing, clients, place: proxy });
  const { envoy } = options;
  // gRPC is loaded for a service that Envoy asks, and for no other.
  const envoyAddress =
    envoy && (await (await import('./envoy-server.js')).startEnvoy({ ...enforcing, clients, options: envoy, present }));
  const checkFace = await startCheck({ ...enforcing, clients, place: check });
  state.started();
  return {
    serviceUrl: service.url,
    gatewayUrl,
    get httpUrl() {
      return proxyFace.url;
    },
    envoyAddress,
    get checkUrl() {
      return checkFace.url;
    },
    keyFile: credentials.fileOf('default'),
    decider: serving.decider,
    records: keeping.reader,
    keyFileOf: (name) => credentials.fileOf(name),
    async findDecision(id) {
      const found = await keeping.reader.find(id);
      return found && { decision: found.decision, outcome: found.outcome?.status };
    },
    async reload() {
      await serving.reload('writ');
    },
    get observingUntil() {
      return observation.until;
    },
    notObserving: observation.refusal,
    gone: gone.promise,
    close: () => closers.close(),
  };
}

/** Waits for a part of the start, unless the start is given up. @throws {Error} the reason of `stop` */
async function unlessStopped(work: Promise<void>, stop: AbortSignal | undefined): Promise<void> {
  const { promise: stopped, reject } = withResolvers<never>();
  const onAbort = (): void => reject(stop?.reason);
  stop?.addEventListener('abort', onAbort, { once: true });
  if (stop?.aborted === true) onAbort();
  try {
    await Promise.race([work, stopped]);
  } finally {
    stop?.removeEventListener('abort', onAbort);
    // The closers end the work that is under way.
    work.catch(() => undefined);
  }
}

/** Returns the clock of the machine, which is not followed when somebody sets it. */
function machineClock(logger: Logger): Clock {
  return guardedClock((doubt) => {
    if (doubt === undefined) logger.warn('the clock of the machine is right again');
    else
      logger.error(
        { aheadMs: doubt.aheadMs },
        'the clock of the machine was set by more than 5 minutes and is not followed: set it right, or restart to accept it',
      );
  });
}

/** Starts to send the record to the sinks of the bundle, and its checkpoints to the witnesses. */
function sendRecord(rooms: Rooms, active: ActiveBundle, metrics: Metrics, closers: Closers): void {
  const { store, storeKey, where, data, logKey, isFollower, runtime } = rooms;
  const { logger } = runtime;
  const settings = () => active.current.bundle.settings.record;
  const onProgress = (sink: string, behind: number): void => metrics.exported(sink, behind);
  if (!isFollower)
    closers.add(startExports({ store: where, storeKey, data, settings: () => settings().export, onProgress, logger }));
  if (logKey !== undefined) closers.add(startCosigning(store, () => settings().witnesses, logger));
}

/** Loads what traces requests. A service that sends no traces does without. */
async function tracingOf(tracer: Tracer): Promise<RequestTracing> {
  const { RequestTracing } = await import('../api/http/tracing.js');
  return new RequestTracing(tracer);
}
