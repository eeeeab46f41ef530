import { describe, expect, it } from 'vitest';
import { metadataUrl, resourceMetadata } from './protected-resource.js';

describe('the metadata of a protected resource (RFC 9728)', () => {
  it.each([
    ['http://127.0.0.1:7/mcp', 'http://127.0.0.1:7/.well-known/oauth-protected-resource/mcp'],
    ['https://example.com', 'https://example.com/.well-known/oauth-protected-resource'],
    ['https://example.com/', 'https://example.com/.well-known/oauth-protected-resource'],
    ['https://example.com/a/b?c=d', 'https://example.com/.well-known/oauth-protected-resource/a/b'],
  ])('of %s is at %s', (resource, url) => {
    expect(metadataUrl(resource)).toBe(url);
  });

  it.each<[readonly string[], readonly string[], object]>([
    [[], [], {}],
    [
      ['https://issuer.example'],
      ['orders'],
      { authorization_servers: ['https://issuer.example'], scopes_supported: ['orders'] },
    ],
  ])('names the issuers %j and the scopes %j', (authorizationServers, scopes, expected) => {
    const of = { resource: 'https://example.com', name: 'shop', authorizationServers, scopes, proofs: ['ES256'] };
    expect(resourceMetadata(of)).toEqual({
      ...{ resource: 'https://example.com', resource_name: 'shop', bearer_methods_supported: ['header'] },
      ...{ dpop_signing_alg_values_supported: ['ES256'], ...expected },
    });
  });
});
