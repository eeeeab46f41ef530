import { WritError } from '../lib/errors.js';

/**
 * An MCP server cannot be started, reached or used.
 *
 * @fix Check the command or the URL of the server in writ.yaml; `writ doctor --bundle` starts it.
 */
export class UpstreamError extends WritError {
  readonly code = 'upstream_unavailable';
}

/**
 * The proxy for HTTP would listen where keys travel in the clear.
 *
 * @fix Give it a certificate; or, behind a proxy that ends TLS, an https URL in --public-url.
 */
export class ProxyInTheClearError extends WritError {
  readonly code = 'proxy_in_the_clear';
}

/**
 * The services for Envoy would listen where anybody could ask, or where keys travel in the clear.
 *
 * @fix Give it a socket, or a certificate with the authority and the names of the Envoys that may ask.
 */
export class EnvoyInTheClearError extends WritError {
  readonly code = 'envoy_in_the_clear';
}

/**
 * The gateway would listen where keys travel in the clear.
 *
 * @fix Give it a certificate; or, behind a proxy that ends TLS, an https URL in gateway.resource or --public-url.
 */
export class GatewayInTheClearError extends WritError {
  readonly code = 'gateway_in_the_clear';
}
