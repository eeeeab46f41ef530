/**
 * The metadata of a gateway for clients that have no credential yet (RFC 9728, "OAuth 2.0 Protected Resource
 * Metadata").
 */
export interface ProtectedResource {
  /** Its resource identifier (RFC 8707): a URL. */
  readonly resource?: string | undefined;
  readonly name: string;
  /** The issuers whose access tokens are accepted. */
  readonly authorizationServers: readonly string[];
  readonly scopes: readonly string[];
  /** The algorithms of the DPoP proofs that are accepted. */
  readonly proofs: readonly string[];
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * Returns the URL of the metadata of a resource: the well-known path is between its host and its own path (RFC 9728,
 * section 3.1).
 */
export function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
}

/** Returns the metadata document (RFC 9728, section 2). */
export function resourceMetadata(of: ProtectedResource & { readonly resource: string }): Record<string, unknown> {
  const { resource, name, authorizationServers, scopes, proofs } = of;
  return {
    resource,
    resource_name: name,
    bearer_methods_supported: ['header'],
    ...(authorizationServers.length === 0 ? {} : { authorization_servers: authorizationServers }),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    dpop_signing_alg_values_supported: proofs,
  };
}
