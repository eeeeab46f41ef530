import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Logger, pino } from 'pino';
import { DEFAULT_LIMITS, LoadShedder } from '../api/http/load.js';
import { Metrics } from '../api/http/metrics.js';
import { HttpService, type TlsMaterial } from '../api/http/service.js';
import { ServingStateHolder } from '../api/http/serving-state.js';
import { RequestTracing } from '../api/http/tracing.js';
import { startExports } from '../audit/export/start-exports.js';
import { startCosigning } from '../audit/witness/start-cosigning.js';
import { Closers } from '../lib/closers.js';
import { lockData } from '../store/lock.js';
import { ActiveBundle } from './active.js';
import { startGateway } from './gateway-server.js';
import { servingOf, signalsOf } from './make-serving.js';
import { openRooms, type Rooms } from './open-rooms.js';
import { serviceRoutes } from './service-routes.js';
import type { RunningService, StartOptions, TlsFiles } from './start-options.js';

/**
 * Starts the service and the gateway. This is the one place that puts the rooms and the faces together.
 *
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
  const { clock = () => new Date(), host = '127.0.0.1', store, logOrigin, newLogKey: isNewLogKey } = options;
  const data = resolve(options.data);
  const isFollower = options.follow === true;
  closers.add(lockData(data));
  options.prepare?.();
  const rooms = await openRooms({ data, store, logOrigin, isNewLogKey, isFollower, clock, logger, closers });
  const { keeping, credentials } = rooms;
  const active = new ActiveBundle();
  const state = new ServingStateHolder();
  const load = new LoadShedder({ ...DEFAULT_LIMITS, ...options.limits }, () => keeping.log.waitingFor);
  const metrics = new Metrics(keeping.log, state, load);
  const http = new HttpService({
    state,
    callers: () => active.current.callers,
    credentials,
    load,
    metrics,
    logger,
    tracing: options.tracer && new RequestTracing(options.tracer),
    tls: options.tls && tlsMaterial(options.tls),
  });
  const publicUrl = (): string => options.publicUrl ?? http.url;
  const signals = signalsOf(rooms, publicUrl);
  closers.add(() => signals.close());
  const serving = servingOf({ rooms, folder: options.bundle, active, state, metrics, signals });
  closers.add(() => serving.close());
  const stopping = new AbortController();
  const parts = { rooms, serving, state, metrics, signals, publicUrl, closing: stopping.signal };
  const { routes, token, access } = await serviceRoutes(parts);
  closers.add(() => access.close());
  http.add(routes);
  const service = await http.listen(host, options.port);
  closers.add(async () => {
    state.set({ state: 'stopping' });
    stopping.abort();
    await service.close();
  });
  await serving.load();
  // Not before a bundle is accepted: the reader of this line may send requests.
  logger.info({ url: service.url }, 'listening');
  sendRecord(rooms, active, metrics, closers);
  const gatewayUrl = await startGateway({
    rooms,
    serving,
    state,
    token,
    port: options.gatewayPort,
    desk: access.desk,
    closers,
  });
  state.started();
  return {
    serviceUrl: service.url,
    gatewayUrl,
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
    close: () => closers.close(),
  };
}

/** Starts to send the record to the sinks of the bundle, and its checkpoints to the witnesses. */
function sendRecord(rooms: Rooms, active: ActiveBundle, metrics: Metrics, closers: Closers): void {
  const { store, where, data, logKey, isFollower, runtime } = rooms;
  const { logger } = runtime;
  const settings = () => active.current.bundle.settings.record;
  const onProgress = (sink: string, behind: number): void => metrics.exported(sink, behind);
  if (!isFollower)
    closers.add(startExports({ store: where, data, settings: () => settings().export, onProgress, logger }));
  if (logKey !== undefined) closers.add(startCosigning(store, () => settings().witnesses, logger));
}

function tlsMaterial({ cert, key, clientCa }: TlsFiles): TlsMaterial {
  return {
    cert: readFileSync(cert),
    key: readFileSync(key),
    clientCa: clientCa === undefined ? undefined : readFileSync(clientCa),
  };
}
