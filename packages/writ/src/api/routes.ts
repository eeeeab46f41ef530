import type { LogTiles } from '../audit/log/log-tiles.js';
import type { LogWriter } from '../audit/log/log-writer.js';
import type { Decider } from '../decide/decide.js';
import type { Ledger } from '../ledger/ledger.js';
import type { ServedSignals } from '../signals/served.js';
import { approvalRoutes } from './access/approvals.js';
import { approvalPageRoutes } from './access/page.js';
import type { AccessParts } from './access/parts.js';
import { accessRequestRoutes } from './access/requests.js';
import { decisionRoutes } from './admin/decisions.js';
import { entityRoutes } from './admin/entities.js';
import { erasureRoute } from './admin/erasures.js';
import { grantRoutes } from './admin/grants.js';
import { identityRoutes } from './admin/identities.js';
import { identityKeyRoutes } from './admin/identity-keys.js';
import { ledgerRoute } from './admin/ledger.js';
import { logRoutes } from './admin/log.js';
import { logTileRoutes } from './admin/log-tiles.js';
import type { AdminParts } from './admin/parts.js';
import { policyRoutes } from './admin/policy.js';
import { revocationRoutes } from './admin/revocations.js';
import { signingKeyRoute } from './admin/signing-keys.js';
import { toolRoutes } from './admin/tools.js';
import { evaluationRoute } from './authzen/evaluation.js';
import { evaluationsRoute } from './authzen/evaluations.js';
import { metadataRoute } from './authzen/metadata.js';
import type { PageTokens } from './authzen/page-token.js';
import { searchRoutes } from './authzen/search.js';
import { type Metrics, metricsRoute } from './http/metrics.js';
import { openApiOf, openApiRoute } from './http/openapi.js';
import type { Route } from './http/route.js';
import type { ServingStateHolder } from './http/serving-state.js';
import { operationRoutes } from './operations.js';
import { labelRoutes } from './reports/labels.js';
import { outcomeRoute } from './reports/outcomes.js';
import { type ReportedToolsParts, reportedToolsRoute } from './reports/reported-tools.js';
import { receiveRoute } from './signals/receive.js';
import { transmitRoutes } from './signals/transmit.js';
import { type TaskParts, taskRoutes } from './tokens/tasks.js';
import { type TokenParts, tokenRoutes } from './tokens/token.js';

export interface RoutesParts {
  readonly decider: () => Decider;
  readonly tokens: PageTokens;
  readonly log: LogWriter;
  readonly clock: () => Date;
  readonly state: ServingStateHolder;
  readonly metrics: Metrics;
  readonly admin: AdminParts;
  readonly publicUrl: () => string;
  readonly token: TokenParts;
  readonly task: TaskParts;
  readonly reportedTools: ReportedToolsParts;
  readonly access: AccessParts;
  readonly ledger: Ledger;
  readonly signals: ServedSignals;
  readonly tiles: LogTiles;
  /** What the log is signed with, when it is this service that signs. */
  readonly logKey: () => string | undefined;
}

/** Everything that the service serves (design section 10). */
export function routesOf(parts: RoutesParts): Route[] {
  const { decider, admin, publicUrl } = parts;
  const routes: Route[] = [
    evaluationRoute(decider, parts.token.verifier, publicUrl),
    evaluationsRoute(decider, parts.token.verifier, publicUrl),
    ...searchRoutes({ ...parts, verifier: parts.token.verifier }),
    metadataRoute(decider, publicUrl),
    ...accessRequestRoutes(parts.access),
    ...approvalRoutes(parts.access),
    ...approvalPageRoutes(parts.access),
    outcomeRoute(decider),
    reportedToolsRoute(parts.reportedTools),
    ...tokenRoutes(parts.token),
    ...taskRoutes(parts.task),
    ...policyRoutes(admin),
    ...entityRoutes(admin),
    ...identityRoutes(admin),
    ...identityKeyRoutes(admin),
    ...revocationRoutes(admin),
    ...grantRoutes(admin),
    ...toolRoutes(admin),
    signingKeyRoute(admin, parts.token.keys),
    ...decisionRoutes(admin),
    ...logRoutes(admin),
    erasureRoute(admin),
    ...logTileRoutes(parts.tiles, parts.logKey),
    ledgerRoute(parts.ledger, parts.clock),
    ...labelRoutes({ decider, ledger: parts.ledger, reader: admin.reader, admin }),
    receiveRoute((name) => parts.signals.stream(name)),
    ...transmitRoutes(parts.signals, publicUrl),
    ...operationRoutes(parts.state),
    metricsRoute(parts.metrics),
    openApiRoute(() => openApiOf(routes, publicUrl())),
  ];
  return routes;
}
