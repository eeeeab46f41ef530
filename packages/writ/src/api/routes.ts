import type { LogTiles } from '../audit/log/log-tiles.js';
import type { ServedSignals } from '../signals/served.js';
import { type ApprovalParts, approvalRoutes } from './access/approvals.js';
import { type ApprovalPageParts, approvalPageRoutes } from './access/page.js';
import { type AccessRequestParts, accessRequestRoutes } from './access/requests.js';
import { type CallerParts, callerRoutes } from './admin/callers.js';
import { type DecisionParts, decisionRoutes } from './admin/decisions.js';
import { type EntityParts, entityRoutes } from './admin/entities.js';
import { type ErasureParts, erasureRoute } from './admin/erasures.js';
import { type GrantParts, grantRoutes } from './admin/grants.js';
import { type IdentityParts, identityRoutes } from './admin/identities.js';
import { type IdentityKeyParts, identityKeyRoutes } from './admin/identity-keys.js';
import { keptLabelsRoute } from './admin/kept-labels.js';
import { ledgerRoute } from './admin/ledger.js';
import { type LogParts, logRoutes } from './admin/log.js';
import { logTileRoutes } from './admin/log-tiles.js';
import { type ObservationControl, observationRoute } from './admin/observation.js';
import { type PolicyControl, policyRoutes } from './admin/policy.js';
import { type RevocationParts, revocationRoutes } from './admin/revocations.js';
import { signingKeyRoute } from './admin/signing-keys.js';
import { type ToolParts, toolRoutes } from './admin/tools.js';
import { evaluationRoute } from './authzen/evaluation.js';
import { evaluationsRoute } from './authzen/evaluations.js';
import { metadataRoute } from './authzen/metadata.js';
import { type SearchParts, searchRoutes } from './authzen/search.js';
import { type HookEventParts, hookEventRoutes } from './hooks/events.js';
import { type Metrics, metricsRoute } from './http/metrics.js';
import { openApiOf, openApiRoute } from './http/openapi.js';
import type { Route } from './http/route.js';
import type { ServingStateHolder } from './http/serving-state.js';
import { operationRoutes } from './operations.js';
import { type AttemptsParts, attemptsRoute } from './reports/attempts.js';
import { type LabelParts, labelRoutes } from './reports/labels.js';
import { outcomeRoute } from './reports/outcomes.js';
import { permitsRoute } from './reports/permits.js';
import { type ReportedToolsParts, reportedToolsRoute } from './reports/reported-tools.js';
import { type ServiceOperationParts, serviceOperationsRoute } from './services/operations.js';
import { receiveRoute } from './signals/receive.js';
import { transmitRoutes } from './signals/transmit.js';
import { proposalRoutes } from './tokens/proposals.js';
import { type TaskParts, taskRoutes } from './tokens/tasks.js';
import { type TokenParts, tokenRoutes } from './tokens/token.js';

/** The parts of all operations: each operation file names those that it uses. */
type RoutesParts = AccessRequestParts &
  ApprovalPageParts &
  ApprovalParts &
  AttemptsParts &
  CallerParts &
  DecisionParts &
  EntityParts &
  ErasureParts &
  GrantParts &
  HookEventParts &
  IdentityKeyParts &
  IdentityParts &
  LabelParts &
  LogParts &
  ReportedToolsParts &
  RevocationParts &
  SearchParts &
  ServiceOperationParts &
  TaskParts &
  ToolParts & {
    readonly policy: PolicyControl;
    readonly observation: ObservationControl;
    readonly token: TokenParts;
    readonly signals: ServedSignals;
    readonly tiles: LogTiles;
    /** The public key that the log is verified with. Undefined if another service signs the log. */
    readonly logKey: () => string | undefined;
    readonly state: ServingStateHolder;
    /** Returns why nothing can be recorded; undefined if it can. */
    readonly recordFailure: () => string | undefined;
    readonly metrics: Metrics;
  };

/** Returns every operation of the service. */
export function routesOf(parts: RoutesParts): Route[] {
  const { decider, verifier, publicUrl, clock } = parts;
  const routes: Route[] = [
    evaluationRoute(decider, verifier, publicUrl),
    evaluationsRoute(decider, verifier, publicUrl),
    ...searchRoutes(parts),
    metadataRoute(decider, publicUrl),
    serviceOperationsRoute(parts),
    ...accessRequestRoutes(parts),
    ...approvalRoutes(parts),
    ...approvalPageRoutes(parts),
    ...hookEventRoutes(parts),
    outcomeRoute(decider),
    permitsRoute(decider),
    reportedToolsRoute(parts),
    attemptsRoute(parts),
    ...tokenRoutes(parts.token),
    ...proposalRoutes(parts.token),
    ...taskRoutes(parts),
    ...policyRoutes(parts),
    observationRoute(parts),
    ...entityRoutes(parts),
    ...identityRoutes(parts),
    ...identityKeyRoutes(parts),
    ...callerRoutes(parts),
    ...revocationRoutes(parts),
    ...grantRoutes(parts),
    ...toolRoutes(parts),
    signingKeyRoute(parts, parts.token.keys),
    ...decisionRoutes(parts),
    ...logRoutes(parts),
    erasureRoute(parts),
    ...logTileRoutes(parts.tiles, parts.logKey),
    ledgerRoute(parts.ledger, clock),
    ...labelRoutes(parts),
    keptLabelsRoute(parts),
    receiveRoute((name) => parts.signals.stream(name)),
    ...transmitRoutes(parts.signals, publicUrl),
    ...operationRoutes(parts.state, parts.recordFailure, clock),
    metricsRoute(parts.metrics),
    openApiRoute(() => openApiOf(routes, publicUrl())),
  ];
  return routes;
}
