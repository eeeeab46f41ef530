import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Tracer } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';
import { accessService } from './access-service.js';
import type { AdminParts } from './api/admin/parts.js';
import { PageTokens } from './api/authzen/page-token.js';
import { DEFAULT_LIMITS, type LoadLimits, LoadShedder } from './api/load.js';
import { Metrics } from './api/metrics.js';
import { routesOf } from './api/routes.js';
import { HttpService, type TlsMaterial } from './api/service.js';
import { ServingStateHolder } from './api/serving-state.js';
import { RequestTracing } from './api/tracing.js';
import type { LogReader } from './audit/log-reader.js';
import { startCosigning } from './cosigning.js';
import { usedApprovalsIn } from './decide/approved.js';
import { Decider } from './decide/decide.js';
import { Ids } from './decide/ids.js';
import type { ChangeRecord } from './decide/record.js';
import { openDeployment } from './deployment-store.js';
import { accountLines, accountOf } from './explanation.js';
import { startExports } from './exports.js';
import { Freshness } from './freshness.js';
import { startGateway } from './gateway-server.js';
import { Ledger } from './ledger/ledger.js';
import { Credentials } from './provenance/credentials.js';
import { SigningKeys } from './provenance/signing-keys.js';
import { TaskStore } from './provenance/task-store.js';
import { KEY_OVERLAP_MS } from './provenance/transaction-token.js';
import { RecordKeeping } from './record-keeping.js';
import { Approvals } from './registry/approval-store.js';
import { CredentialUses } from './registry/credential-uses.js';
import { EntityStore } from './registry/entity-store.js';
import { followChanges } from './registry/follow.js';
import { Grants } from './registry/grants.js';
import { Identities } from './registry/identities.js';
import { IdentityKeys } from './registry/identity-keys.js';
import { RevisionLog } from './registry/revision-log.js';
import { Revocations } from './registry/revocations.js';
import { Sightings } from './registry/sightings.js';
import { StreamStore } from './registry/signals/stream-store.js';
import { ToolPins } from './registry/tool-pins.js';
import { Serving } from './serving.js';
import { signalSinks } from './signal-sinks.js';
import { Signals } from './signals.js';
import { lockData } from './store/lock.js';
import { binder, promptHasher, tokenService } from './token-service.js';
import { tellSuspended } from './upstreams.js';

/** Files of a server certificate. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authority of client certificates; with it, callers can prove themselves by mutual TLS. */
  readonly clientCa?: string | undefined;
}

export interface StartOptions {
  /** The folder of the bundle to serve. */
  readonly bundle: string;
  /** The folder for the keys, the last good policy and, without `store`, the store; made when it is not there. */
  readonly data: string;
  /** A PostgreSQL database, as `postgres://user:password@host/name`; SQLite in the data folder when it is not given. */
  readonly store?: string | undefined;
  /** Whether another service keeps the ledger on that database; this one decides what needs none. */
  readonly follow?: boolean | undefined;
  /** The name of a log that has none yet. */
  readonly logOrigin?: string | undefined;
  /** Whether the log is signed with a new key from now on, because the old one is lost. */
  readonly newLogKey?: boolean | undefined;
  /** The service's port; 0 for any free one. */
  readonly port: number;
  /** The gateway's port on loopback; 0 for any free one. */
  readonly gatewayPort: number;
  /** The address that the service listens on; loopback when it is not given. */
  readonly host?: string | undefined;
  /** Where callers reach the service, when that is not where it listens: behind a proxy, or under a name. */
  readonly publicUrl?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly limits?: Partial<LoadLimits>;
  /** Runs when the data folder is ours and before the gateway's servers start. */
  readonly prepare?: () => void;
  readonly logger?: Logger;
  readonly tracer?: Tracer | undefined;
  readonly clock?: () => Date;
}

/** A running service, with its gateway when the bundle has servers to put it in front of. */
export interface Writ {
  readonly serviceUrl: string;
  readonly gatewayUrl: string | undefined;
  /** The file with the key of the default enforcement point. */
  readonly keyFile: string;
  readonly decider: Decider;
  readonly records: LogReader;
  /** Where the key of a caller or of a gateway client is. */
  keyFileOf(name: string): string;
  /** Reads the bundle again. @throws {BundleError} when it cannot be used; the last good one goes on */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export const STORE_FILE = 'writ.db';
const SAVE_SIGHTINGS_MS = 30_000;

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
    const { reader, search, personKeys, log } = keeping;
    const credentials = await Credentials.open(store, join(data, 'keys'), [], clock, !isFollower);
    const revisions = await RevisionLog.open(store, clock());
    const entities = new EntityStore(store, revisions);
    const identityKeys = await IdentityKeys.open(store, revisions);
    const revocations = await Revocations.open(store, revisions);
    const grants = await Grants.open(store, revisions);
    const identities = await Identities.open(store, revisions);
    const toolPins = await ToolPins.open(store);
    const usedProofs = await reader.proofs(clock());
    const approvals = await Approvals.open(store, revisions, usedApprovalsIn(usedProofs), clock());
    const sightings = new Sightings(store);
    const credentialUses = new CredentialUses(store);
    const keys = await SigningKeys.open(store, clock, KEY_OVERLAP_MS);
    const saveSeen = async (): Promise<void> => {
      await sightings.save();
      await credentialUses.save();
    };
    closers.push(saveSeen);
    const ids = new Ids(await reader.lastId());

    const maskKey = await credentials.secret('masks');
    const bind = binder(await credentials.secret('bindings'));

    const state = new ServingStateHolder();
    const hashPrompt = promptHasher(await credentials.secret('prompts'));
    const ledger = new Ledger({});
    if (!isFollower) {
      ledger.restore(await reader.holdings(clock()));
      for (const { decisionId, use } of await reader.uses(clock())) ledger.caps.restore(decisionId, use);
    }
    if (announcements !== undefined)
      closers.push(
        followChanges(revisions, announcements, (error) => logger.error({ err: error }, 'changes cannot be followed')),
      );
    const load = new LoadShedder({ ...DEFAULT_LIMITS, ...options.limits }, () => log.waitingFor);
    const metrics = new Metrics(log, state, load);
    const signals = new Signals({
      store: new StreamStore(store),
      sinks: signalSinks({ revocations, entities, clock, ids, record: (change) => record(change) }),
      log: revisions,
      revocations,
      keys,
      publicUrl: () => publicUrl(),
      clock,
      logger,
      isFollower,
    });
    closers.push(() => signals.close());
    const record = async (change: Omit<ChangeRecord, 'kind' | 'id' | 'time'>): Promise<void> => {
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
          log,
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
      signals: (bundle) => signals.prepare(bundle),
      protection: (settings) => keeping.prepare(settings, maskKey),
      record,
    });
    log.onEntries((notes) => {
      for (const { path, time, result, action } of notes)
        if (path !== undefined)
          sightings.see(path, time, result === 'allow' || result === 'modify' ? action : undefined);
    });
    const saving = setInterval(() => {
      saveSeen().catch((error: unknown) => logger.error({ err: error }, 'sightings could not be stored'));
    }, SAVE_SIGHTINGS_MS).unref();
    closers.push(() => clearInterval(saving));

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
    const decider = (): Decider => serving.decider;
    let serviceUrl = '';
    const admin: AdminParts = {
      decider,
      policy: serving,
      revisions,
      entities,
      grants,
      approvals,
      toolPins,
      identities,
      identityKeys,
      credentials,
      credentialUses,
      limits: () => serving.bundle.settings.identities,
      revocations,
      sightings,
      reader,
      search,
      account: (decision) => {
        const account = accountOf(decision, serving.bundle);
        return { alternatives: account.alternatives, lines: accountLines(decision, account) };
      },
      searchIndex: () => keeping.searchIndex,
      personKeys,
      log,
      clock,
      closing: closing.signal,
    };
    const pageTokens = new PageTokens(await credentials.secret('page-tokens'));
    const publicUrl = (): string => options.publicUrl ?? serviceUrl;
    const tasks = new TaskStore(store);
    const task = { tasks, caps: ledger.caps, admin };
    const token = tokenService({
      tasks,
      identityKeys,
      hashPrompt,
      isFollower,
      onCredential: credentialUses.used,
      serving,
      credentials,
      keys,
      usedProofs,
      ids,
      publicUrl,
      admin,
    });
    const access = accessService({
      store,
      bundle: () => serving.bundle,
      decider,
      reader,
      approvals,
      record,
      linkKey: await credentials.secret('approval-links'),
      publicUrl,
      clock,
      logger,
      isFollower,
    });
    closers.push(() => access.close());
    http.add(
      routesOf({
        reportedTools: {
          toolPins,
          rule: () => serving.bundle.settings.gateway.guards.pin,
          onSuspended: (tools) => tellSuspended(tools, record, logger),
          isFollower,
          clock,
        },
        access: {
          ...access,
          publicUrl,
          callbacks: () => serving.bundle.access.callbacks.allow,
          whoIs: async (credential) => (await token.exchange.standing(credential)).path[0].uid,
          admin,
        },
        decider,
        tokens: pageTokens,
        log,
        clock,
        state,
        metrics,
        admin,
        publicUrl,
        token,
        task,
        ledger,
        signals,
        tiles: keeping.tiles,
        logKey: () => signer?.vkey,
      }),
    );
    const service = await http.listen(host, options.port);
    serviceUrl = service.url;
    logger.info({ url: serviceUrl }, 'listening');
    closers.push(async () => {
      state.set({ state: 'stopping' });
      closing.abort();
      await service.close();
    });
    closers.push(() => serving.close());
    await serving.load();
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
      toolPins,
      revocations,
      desk: access.desk,
      hash: bind,
      onCredential: credentialUses.used,
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
