import { PageTokens } from '../api/authzen/page-token.js';
import type { Metrics } from '../api/http/metrics.js';
import type { Route } from '../api/http/route.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import { routesOf } from '../api/routes.js';
import type { Decider } from '../decide/decide.js';
import { accountLines, accountOf } from '../decide/replay/explanation.js';
import { TaskStore } from '../provenance/task-store.js';
import type { Signals } from '../signals/signals.js';
import { type AccessService, accessService } from './access-service.js';
import type { Rooms } from './open-rooms.js';
import type { Serving } from './serving.js';
import { recordSuspended } from './suspended-tools.js';
import { type TokenService, tokenService } from './token-service.js';

interface ServiceRoutesParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly state: ServingStateHolder;
  readonly metrics: Metrics;
  readonly signals: Signals;
  /** Returns the URL by which callers reach the service. */
  readonly publicUrl: () => string;
  /** Aborted when the service stops. */
  readonly closing: AbortSignal;
}

/** The routes, and the parts that the gateway shares. */
interface ServiceRoutes {
  readonly routes: readonly Route[];
  readonly token: TokenService;
  readonly access: AccessService;
}

/** Puts together the service's HTTP: AuthZEN, tokens, requests for access, the admin API, signals. */
export async function serviceRoutes(parts: ServiceRoutesParts): Promise<ServiceRoutes> {
  const { rooms, serving, state, metrics, signals, publicUrl, closing } = parts;
  const { runtime, store, logKey, keeping, credentials, keys, registry, usedProofs, ledger, hashPrompt, isFollower } =
    rooms;
  const { clock, logger, ids, record } = runtime;
  const { reader, log } = keeping;
  const decider = (): Decider => serving.decider;
  const pageTokens = new PageTokens(await credentials.secret('page-tokens'));
  const tasks = new TaskStore(store);
  const token = tokenService({
    tasks,
    identityKeys: registry.identityKeys,
    hashPrompt,
    isFollower,
    onCredential: registry.credentialUses.used,
    serving,
    credentials,
    keys,
    usedProofs,
    ids,
    publicUrl,
    admin: { decider, log, clock },
  });
  const access = accessService({
    store,
    bundle: () => serving.active.bundle,
    decider,
    reader,
    approvals: registry.approvals,
    record,
    linkKey: await credentials.secret('approval-links'),
    publicUrl,
    clock,
    logger,
    isFollower,
  });
  const settings = () => serving.active.bundle.settings;
  const routes = routesOf({
    ...registry,
    ...access,
    decider,
    policy: serving,
    credentials,
    limits: () => settings().identities,
    reader,
    search: keeping.search,
    account: (decision) => {
      const account = accountOf(decision, serving.active.bundle);
      return { alternatives: account.alternatives, lines: accountLines(decision, account) };
    },
    searchIndex: () => keeping.searchIndex,
    personKeys: keeping.personKeys,
    log,
    recordFailure: () => log.failure,
    tiles: keeping.tiles,
    logKey: () => logKey,
    closing,
    clock,
    pinRule: () => settings().gateway.guards.pin,
    onSuspended: (tools) => recordSuspended(tools, record, logger),
    isFollower,
    callbacks: () => serving.active.bundle.access.callbacks.allow,
    whoIs: async (credential) => (await token.exchange.clientToken(credential)).path[0].uid,
    pageTokens,
    token,
    verifier: token.verifier,
    tasks,
    caps: ledger.caps,
    ledger,
    signals,
    state,
    metrics,
    publicUrl,
  });
  return { routes, token, access };
}
