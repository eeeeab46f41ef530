/** The bounds of Node's server for one request. */
export const REQUEST_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  // How often Node looks at the times above; by default every 30 s.
  connectionsCheckingInterval: 2_000,
};
