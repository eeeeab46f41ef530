import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { DEFAULT_LIMITS, LoadShedder } from '../api/http/load.js';
import { Metrics } from '../api/http/metrics.js';
import { HttpService, type TlsMaterial } from '../api/http/service.js';
import { ServingStateHolder } from '../api/http/serving-state.js';
import { RequestTracing } from '../api/http/tracing.js';
import { startExports } from '../audit/export/start-exports.js';
import { startCosigning } from '../audit/witness/start-cosigning.js';
import { Decider } from '../decide/decide.js';
import { Freshness } from '../decide/freshness.js';
import { Ids } from '../decide/ids.js';
import { Ledger } from '../ledger/ledger.js';
import { keyedHash } from '../lib/keyed-hash.js';
import { Credentials } from '../provenance/credentials.js';
import { SigningKeys } from '../provenance/signing-keys.js';
import { KEY_OVERLAP_MS } from '../provenance/transaction-token.js';
import { Signals } from '../signals/signals.js';
import { signalSinks } from '../signals/sinks.js';
import { StreamStore } from '../signals/stream-store.js';
import { STORE_FILE } from '../store/files.js';
import { lockData } from '../store/lock.js';
import { Serving } from './activation.js';
import { openDeployment } from './deployment-store.js';
import { startGateway } from './gateway-server.js';
import { type RecordChange, RecordKeeping } from './record-keeping.js';
import { openRegistry } from './registry-stores.js';
import { serviceRoutes } from './service-routes.js';
import type { StartOptions, TlsFiles, Writ } from './start-options.js';

/**
 * Starts the service and the gateway. This is the one place that puts the rooms and the faces together.
 *
 * @throws {BundleError} when the bundle may not be served; {@link WritError} for a store, server or port that fails
 * @example const writ = await start({ bundle: 'examples/support-desk', data: 'data', port: 7465, gatewayPort: 7466 });
 */
export async function start(options: StartOptions): Promise<Writ> {
  const { clock = () => new Date(), logger = pino({ enabled: false }), host = '127.0.0.1' } = options;
  const data = resolve(options.data);
  const closers: (() => void | Promise<void>)[] = [lockData(data)];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    options.prepare?.();
    const file = options.store ?? join(data, STORE_FILE);
    const isFollower = options.follow === true;
    const logKey = { keys: join(data, 'keys'), origin: options.logOrigin, isNewKey: options.newLogKey };
    const onClose = (closer: () => void | Promise<void>): void => void closers.push(closer);
    const opened = await openDeployment(file, isFollower, logKey, onClose, (why) =>
      logger.error({ err: why }, 'nothing can be put on the record until this is mended; what is on it is safe'),
    );
    const { store, announcements, signer } = opened;
    const keeping = await RecordKeeping.open({ opened, where: file, isFollower, clock, logger, onClose });
    const { reader, log } = keeping;
    const credentials = await Credentials.open(store, join(data, 'keys'), [], clock, !isFollower);
    const usedProofs = await reader.proofs(clock());
    const registry = await openRegistry({ store, announcements, log, usedProofs, clock, logger, onClose });
    const { revisions, entities, revocations, grants, identities, approvals } = registry;
    const keys = await SigningKeys.open(store, clock, KEY_OVERLAP_MS);
    const ids = new Ids(await reader.lastId());

    const maskKey = await credentials.secret('masks');
    const bind = keyedHash(await credentials.secret('bindings'));

    const state = new ServingStateHolder();
    const hashPrompt = keyedHash(await credentials.secret('prompts'));
    const ledger = new Ledger({});
    if (!isFollower) {
      ledger.restore(await reader.holdings(clock()));
      for (const { decisionId, use } of await reader.uses(clock())) ledger.caps.restore(decisionId, use);
    }
    const load = new LoadShedder({ ...DEFAULT_LIMITS, ...options.limits }, () => log.waitingFor);
    const metrics = new Metrics(log, state, load);
    const signals = new Signals({
      store: new StreamStore(store),
      sinks: signalSinks({
        ...{ revocations, entities, clock },
        nextId: (now) => ids.next(now),
        record: (by, what, detail) => record({ by, what, detail }),
      }),
      revisions,
      revocations,
      keys,
      publicUrl: () => publicUrl(),
      clock,
      logger,
      isFollower,
    });
    closers.push(() => signals.close());
    const record: RecordChange = async (change) => {
      const now = clock();
      await log.append([{ kind: 'change', id: ids.next(now), time: now.toISOString(), ...change }]);
    };
    await keeping.tellGaps(record);
    const freshness = new Freshness({
      settings: () => serving.bundle.settings.freshness,
      revocationAges: () => [['the database', revisions.age] as const, ...signals.ages()],
      state,
      clock,
    });
    const serving: Serving = new Serving({
      isRevoked: (token) => revocations.ofToken(token) !== undefined,
      fetching: {
        fetched: (...told) => metrics.fetched(...told),
        opened: (...told) => metrics.fetcherOpened(...told),
        failed: (fetcher, error) => logger.warn({ fetcher, err: error }, 'facts could not be fetched'),
      },
      folder: options.bundle,
      data,
      state,
      credentials,
      entities,
      ledger,
      logger,
      clock,
      makeDecider: (plane) =>
        new Decider({
          plane,
          ledger,
          revocations,
          revisions,
          record: log,
          recorded: (id) => keeping.recorded(id),
          clock,
          ids,
          hashPrompt,
          identities,
          grants,
          approvals,
          bind,
          isFollower,
          staleness: freshness.why,
        }),
      signals: ({ settings }) => signals.prepare(settings.signals),
      protection: (settings) => keeping.prepare(settings, maskKey),
      record,
    });
    const closing = new AbortController();
    const http = new HttpService({
      state,
      callers: () => serving.callers,
      credentials,
      load,
      metrics,
      logger,
      tracing: options.tracer && new RequestTracing(options.tracer),
      tls: options.tls && tlsMaterial(options.tls),
    });
    let serviceUrl = '';
    const publicUrl = (): string => options.publicUrl ?? serviceUrl;
    const { routes, token, access } = await serviceRoutes({
      ...{ store, keeping, serving, registry, credentials, keys, usedProofs, ids, ledger, state, metrics, signals },
      ...{ hashPrompt, publicUrl, record, clock, logger, isFollower },
      logKey: () => signer?.vkey,
      closing: closing.signal,
    });
    closers.push(() => access.close());
    http.add(routes);
    const service = await http.listen(host, options.port);
    serviceUrl = service.url;
    closers.push(async () => {
      state.set({ state: 'stopping' });
      closing.abort();
      await service.close();
    });
    closers.push(() => serving.close());
    await serving.load();
    // Not before a bundle is accepted: the reader of this line may send requests.
    logger.info({ url: serviceUrl }, 'listening');
    if (!isFollower)
      closers.push(
        startExports({
          store: file,
          data,
          settings: () => serving.bundle.settings.record.export,
          onProgress: (sink, behind) => metrics.exported(sink, behind),
          logger,
        }),
      );
    if (signer !== undefined)
      closers.push(startCosigning(store, () => serving.bundle.settings.record.witnesses, logger));

    const gatewayUrl = await startGateway({
      serving,
      data,
      port: options.gatewayPort,
      credentials,
      token,
      toolPins: registry.toolPins,
      revocations,
      desk: access.desk,
      hash: bind,
      onCredential: registry.credentialUses.used,
      record,
      clock,
      logger,
      onClose,
    });
    state.started();
    return {
      serviceUrl,
      gatewayUrl,
      keyFile: credentials.fileOf('default'),
      decider: serving.decider,
      records: reader,
      keyFileOf: (name) => credentials.fileOf(name),
      reload: async () => {
        await serving.reload('writ');
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function tlsMaterial({ cert, key, clientCa }: TlsFiles): TlsMaterial {
  return {
    cert: readFileSync(cert),
    key: readFileSync(key),
    clientCa: clientCa === undefined ? undefined : readFileSync(clientCa),
  };
}
