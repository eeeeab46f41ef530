import type { EntityUid } from '@writ/cedar';
import type { Attempts } from '@writ/enforce/attempts';
import { LateChanges } from '../api/admin/late-changes.js';
import { PageTokens } from '../api/authzen/page-token.js';
import type { Metrics } from '../api/http/metrics.js';
import type { Route } from '../api/http/route.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import { routesOf } from '../api/routes.js';
import type { WritYaml } from '../bundle/format/writ.js';
import type { Decider } from '../decide/decide.js';
import { accountLines, accountOf } from '../decide/replay/explanation.js';
import { CallerKeys } from '../provenance/caller-keys.js';
import type { ClientTokens } from '../provenance/client-tokens.js';
import { ExchangeError } from '../provenance/errors.js';
import type { TransactionToken } from '../provenance/transaction-token.js';
import type { Signals } from '../signals/signals.js';
import { type AccessService, accessService } from './access-service.js';
import { AgentHooks } from './agent-hooks.js';
import { enforcedClients } from './enforced-clients.js';
import { faceLog } from './face-log.js';
import type { Observation } from './observation.js';
import type { Rooms } from './open-rooms.js';
import { operationLists } from './operation-lists.js';
import type { Serving } from './serving.js';
import { recordFirstUse, recordSuspended } from './suspended-tools.js';
import { type TokenService, tokenService } from './token-service.js';

interface ServiceRoutesParts {
  readonly rooms: Rooms;
  readonly serving: Serving;
  readonly observation: Observation;
  readonly state: ServingStateHolder;
  readonly metrics: Metrics;
  readonly signals: Signals;
  /** Receives what hooks are refused without a decision. */
  readonly attempts: Pick<Attempts, 'add'>;
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
  /** Identifies the clients of the gateway and of the proxy. */
  readonly clients: ClientTokens;
  readonly hooks: AgentHooks;
}

/** Puts together the service's HTTP: AuthZEN, tokens, requests for access, the admin API, signals. */
export async function serviceRoutes(parts: ServiceRoutesParts): Promise<ServiceRoutes> {
  const { rooms, serving, observation, state, metrics, signals, attempts, publicUrl, closing } = parts;
  const {
    runtime,
    store,
    storeKey,
    logKey,
    keeping,
    credentials,
    keys,
    registry,
    usedProofs,
    batches,
    ledger,
    tasks,
    plainTasks,
    hashPrompt,
    isFollower,
  } = rooms;
  const { clock, logger, ids, record } = runtime;
  const { reader, log } = keeping;
  const decider = (): Decider => serving.decider;
  const pageTokens = new PageTokens(await credentials.secret('page-tokens'));
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
  const clients = enforcedClients(rooms, serving, token);
  const access = accessService({
    store,
    storeKey,
    bundle: () => serving.active.bundle,
    decider,
    reader,
    approvals: registry.approvals,
    identities: registry.identities,
    record,
    linkKey: await credentials.secret('approval-links'),
    publicUrl,
    clock,
    logger,
    isFollower,
  });
  const hooks = new AgentHooks({
    decider,
    bundle: () => serving.active.bundle,
    mapper: () => serving.active.mapper,
    desk: access.desk,
    attempts,
    log: faceLog(logger, 'hooks'),
    hash: rooms.bind,
  });
  const settings = () => serving.active.bundle.settings;
  const routes = routesOf({
    ...registry,
    ...access,
    hooks,
    decider,
    policy: serving,
    observation,
    credentials,
    callerKeys: new CallerKeys(credentials),
    limits: () => settings().identities,
    servers: () => Object.keys(settings().gateway.servers),
    issuedTypes: () => issuedTypes(settings()),
    reader,
    search: keeping.search,
    account: (decision) => {
      const account = accountOf(decision, serving.active.bundle);
      return { alternatives: account.alternatives, lines: accountLines(decision, account) };
    },
    searchIndex: () => keeping.searchIndex,
    personKeys: keeping.personKeys,
    log,
    batches,
    late: new LateChanges({ decider, log, clock }),
    recordFailure: () => log.failure,
    tiles: keeping.tiles,
    logKey: () => logKey,
    closing,
    clock,
    pinRule: () => settings().gateway.guards.pin,
    onFirstUse: (tools) => recordFirstUse(tools, record),
    onSuspended: (tools) => recordSuspended(tools, record, logger),
    isFollower,
    callbacks: () => serving.active.bundle.access.callbacks.allow,
    whoIs: async (credential) => whoBrings(await token.exchange.clientToken(credential)),
    pageTokens,
    operationLists: operationLists({ decider, clients, served: () => serving.active.http, verifier: token.verifier }),
    token,
    verifier: token.verifier,
    tasks,
    plainTasks,
    caps: ledger.caps,
    ledger,
    signals,
    state,
    metrics,
    publicUrl,
  });
  return { routes, token, access, clients, hooks };
}

/**
 * Returns who proves themselves by a credential, and its id. A credential of somebody who acts for another is not that person's.
 *
 * @throws {ExchangeError} `access_denied`
 */
function whoBrings({ path, madeOf = [] }: TransactionToken): { readonly uid: EntityUid; readonly credential?: string } {
  const [{ uid }, ...others] = path;
  if (others.length > 0)
    throw new ExchangeError('access_denied', 'it is of somebody who acts for another; people decide with their own');
  const [credential] = madeOf;
  return credential === undefined ? { uid } : { uid, credential };
}

/** Returns the entity types of the subjects of tokens. */
function issuedTypes({ issuers, spiffe }: WritYaml): string[] {
  const ofIssuers = Object.values(issuers).flatMap(({ identity }) => (identity === undefined ? [] : [identity.type]));
  return [...ofIssuers, ...Object.values(spiffe).map(({ identity }) => identity)];
}
