import type { ServedBundle } from '../bundle/bundle.js';
import type { ProtectedResource } from '../enforce/mcp/server/protected-resource.js';
import { DPOP_ALGORITHMS } from '../provenance/dpop.js';

/** The gateway, as its clients know it. */
interface GatewayIdentity {
  readonly resource: ProtectedResource;
  /** The names under which it answers, in addition to those of the address that it listens on. */
  readonly hostNames: ReadonlySet<string>;
}

/**
 * Returns what the bundle in use says of the gateway, made once for each bundle.
 *
 * @param known the names that the service was started with
 */
export function gatewayIdentity(bundleInUse: () => ServedBundle, known: ReadonlySet<string>): () => GatewayIdentity {
  let made: { readonly bundle: ServedBundle; readonly identity: GatewayIdentity } | undefined;
  return () => {
    const bundle = bundleInUse();
    if (made?.bundle !== bundle) {
      const { resource } = bundle.settings.gateway;
      const named = resource === undefined ? [] : [new URL(resource).hostname];
      made = { bundle, identity: { resource: protectedResourceOf(bundle), hostNames: new Set([...known, ...named]) } };
    }
    return made.identity;
  };
}

/**
 * Returns the gateway's metadata as an OAuth protected resource (RFC 9728). It accepts tokens of issuers whose subjects are identities, if
 * there is a token service to exchange them.
 */
function protectedResourceOf({ settings: { name, gateway, issuers, tokens } }: ServedBundle): ProtectedResource {
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
