import type { Logger } from 'pino';
import type { Bundle } from '../bundle/bundle.js';
import { inProcess } from '../decide/caller.js';
import { pointFor } from '../decide/point.js';
import { type ApprovalDesk, CallQueue } from '../enforce/call-queue.js';
import { holdSettings } from '../enforce/hold-settings.js';
import type { Log } from '../enforce/log.js';
import { Gateway } from '../enforce/mcp/gateway/gateway.js';
import { serveGateway } from '../enforce/mcp/server/http.js';
import type { ProtectedResource } from '../enforce/mcp/server/protected-resource.js';
import { TRANSFORMS } from '../enforce/supported-obligations.js';
import { ClientTokens } from '../provenance/client-tokens.js';
import type { Credentials } from '../provenance/credentials.js';
import { DPOP_ALGORITHMS } from '../provenance/dpop.js';
import type { CredentialUses } from '../registry/credential-uses.js';
import type { Revocations } from '../registry/revocations.js';
import type { ToolPins } from '../registry/tool-pins.js';
import type { Serving } from './activation.js';
import type { RecordChange } from './record-keeping.js';
import { recordSuspended, toolStates } from './suspended-tools.js';
import type { TokenService } from './token-service.js';
import { startUpstreams } from './upstreams.js';

interface GatewayServerParts {
  readonly serving: Serving;
  readonly data: string;
  /** On loopback; 0 for any free one. */
  readonly port: number;
  readonly credentials: Credentials;
  readonly token: TokenService;
  readonly toolPins: ToolPins;
  readonly revocations: Revocations;
  readonly desk: ApprovalDesk;
  /** The keyed hash of what obligations change. */
  readonly hash: (text: string) => string;
  readonly onCredential: CredentialUses['used'];
  readonly record: RecordChange;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly onClose: (close: () => void | Promise<void>) => void;
}

/** Starts the servers of the bundle and the gateway in front of them. @returns where it is; undefined when the bundle has none */
export async function startGateway(parts: GatewayServerParts): Promise<string | undefined> {
  const { serving, data, token, toolPins, clock, logger, onClose } = parts;
  const { bundle } = serving;
  if (Object.keys(bundle.settings.gateway.servers).length === 0) return undefined;
  // Nobody is told before it is served.
  let notifyLists = (): void => undefined;
  const { shared, startPerClient } = await startUpstreams({
    bundle,
    data,
    pins: toolPins,
    logger,
    clock,
    onSuspended: (tools) => recordSuspended(tools, parts.record, logger),
    onContents: () => notifyLists(),
    onStart: (upstream) => onClose(() => upstream.close()),
  });
  const log: Log = {
    warn: (message) => logger.warn({ face: 'gateway' }, message),
    error: (err, message) => logger.error({ face: 'gateway', err }, message),
  };
  const point = pointFor(serving.decider, inProcess('gateway', TRANSFORMS), (...came) =>
    token.verifier.verifyToken(...came),
  );
  const gateway = new Gateway({
    upstreams: shared,
    startPerClient,
    mapper: () => serving.mapper,
    point,
    log,
    queue: new CallQueue(point, () => holdSettings(serving.bundle.access.gateway), parts.desk),
    hash: parts.hash,
    toolStates: toolStates(toolPins),
  });
  const clients = new ClientTokens({
    credentials: parts.credentials,
    clientToken: (...credential) => token.exchange.clientToken(...credential),
    tokens: token.tokens,
    hasTokens: () => token.domain() !== undefined,
    onCredential: parts.onCredential,
    isPromptTrusted: (client) => serving.bundle.settings.gateway.clients[client]?.prompt === true,
    clock,
  });
  const served = await serveGateway({
    gateway,
    identify: (sent, connection) => clients.identify(sent, connection),
    port: parts.port,
    log,
    protectedResource: () => protectedResourceOf(serving.bundle),
  });
  onClose(() => served.close());
  // Whatever may change what a list shows.
  notifyLists = () => served.listsChanged();
  toolPins.onChange(() => served.listsChanged());
  parts.revocations.onRevocation(() => served.listsChanged());
  serving.onActivate(() => served.listsChanged());
  return served.url;
}

/** Tokens are taken of the issuers whose subjects are identities, where there is a token service to exchange them. */
function protectedResourceOf({ settings: { name, gateway, issuers, tokens } }: Bundle): ProtectedResource {
  const taken =
    tokens === undefined ? [] : Object.entries(issuers).filter(([, { identity }]) => identity !== undefined);
  return {
    resource: gateway.resource,
    name,
    authorizationServers: taken.map(([issuer]) => issuer),
    scopes: [...new Set(taken.flatMap(([, { scopes }]) => scopes))].sort(),
    proofs: DPOP_ALGORITHMS,
  };
}
