import type { Logger } from 'pino';
import { PageTokens } from '../api/authzen/page-token.js';
import type { Metrics } from '../api/http/metrics.js';
import type { Route } from '../api/http/route.js';
import type { ServingStateHolder } from '../api/http/serving-state.js';
import { routesOf } from '../api/routes.js';
import type { Decider } from '../decide/decide.js';
import type { Ids } from '../decide/ids.js';
import type { UsedProof } from '../decide/record.js';
import { accountLines, accountOf } from '../decide/replay/explanation.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Credentials } from '../provenance/credentials.js';
import type { SigningKeys } from '../provenance/signing-keys.js';
import { TaskStore } from '../provenance/task-store.js';
import type { Signals } from '../signals/signals.js';
import type { Store } from '../store/store.js';
import { type AccessService, accessService } from './access-service.js';
import type { Serving } from './activation.js';
import type { RecordChange, RecordKeeping } from './record-keeping.js';
import type { RegistryStores } from './registry-stores.js';
import { recordSuspended } from './suspended-tools.js';
import { type TokenService, tokenService } from './token-service.js';

interface ServiceRoutesParts {
  readonly store: Store;
  readonly keeping: RecordKeeping;
  readonly serving: Serving;
  readonly registry: RegistryStores;
  readonly credentials: Credentials;
  readonly keys: SigningKeys;
  readonly usedProofs: readonly Pick<UsedProof, 'key' | 'until'>[];
  readonly ids: Ids;
  readonly ledger: Ledger;
  readonly state: ServingStateHolder;
  readonly metrics: Metrics;
  readonly signals: Signals;
  /** The keyed hash of a prompt, as tokens have it. */
  readonly hashPrompt: (prompt: string) => string;
  /** Where callers reach the service. */
  readonly publicUrl: () => string;
  /** What the log is verified with; undefined where another service signs it. */
  readonly logKey: () => string | undefined;
  /** Aborted when the service ends. */
  readonly closing: AbortSignal;
  readonly record: RecordChange;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly isFollower: boolean;
}

/** What the service answers, and what of it the gateway uses too. */
interface ServiceRoutes {
  readonly routes: readonly Route[];
  readonly token: TokenService;
  readonly access: AccessService;
}

/** Puts together what the service offers over HTTP: AuthZEN, tokens, requests for access, the admin API, signals. */
export async function serviceRoutes(parts: ServiceRoutesParts): Promise<ServiceRoutes> {
  const { store, keeping, serving, registry, credentials, keys, usedProofs, ids, ledger, state, metrics, signals } =
    parts;
  const { hashPrompt, publicUrl, logKey, closing, record, clock, logger, isFollower } = parts;
  const { reader, search, personKeys, log } = keeping;
  const { approvals, identityKeys, credentialUses } = registry;
  const decider = (): Decider => serving.decider;
  const pageTokens = new PageTokens(await credentials.secret('page-tokens'));
  const tasks = new TaskStore(store);
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
    admin: { decider, log, clock },
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
  const routes = routesOf({
    ...registry,
    ...access,
    decider,
    policy: serving,
    credentials,
    limits: () => serving.bundle.settings.identities,
    reader,
    search,
    account: (decision) => {
      const account = accountOf(decision, serving.bundle);
      return { alternatives: account.alternatives, lines: accountLines(decision, account) };
    },
    searchIndex: () => keeping.searchIndex,
    personKeys,
    log,
    tiles: keeping.tiles,
    logKey,
    closing,
    clock,
    pinRule: () => serving.bundle.settings.gateway.guards.pin,
    onSuspended: (tools) => recordSuspended(tools, record, logger),
    isFollower,
    callbacks: () => serving.bundle.access.callbacks.allow,
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
