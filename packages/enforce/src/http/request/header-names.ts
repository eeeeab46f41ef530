/** Lists of headers of requests, by name in lower case. */

/** Of one connection (RFC 9110, section 7.6.1): never forwarded. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authorization', 'http2-settings'],
]);

/** Methods by another name: each is refused. */
export const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  ...['x-http-method-override', 'x-http-method', 'x-method-override', 'x-method', 'x-original-method'],
  ...['x-rewrite-method', 'x-forwarded-method'],
]);

/** Words of a request about its way, its origin or its target, which only a proxy may say: ours are set. */
const OF_PROXIES = /^(?:x-forwarded|forwarded|x-original|x-rewrite|x-middleware|x-real-ip|x-envoy|x-writ|writ)(?:-|$)/;

/**
 * Words about who asks, as proxies and platforms write them for the services behind them. A service behind one accepts them from
 * any sender.
 */
const OF_HOPS = new RegExp(
  `^(?:${[
    ...['x-authenticated', 'x-auth-request', 'x-remote', 'remote', 'x-client-cert', 'client-cert', 'x-ssl', 'ssl'],
    ...['x-goog-authenticated', 'x-goog-iap', 'x-amzn-oidc', 'x-ms-client-principal', 'x-ms-token', 'cf-access'],
    ...['x-webauth', 'x-token-subject', 'x-spiffe-id', 'x-pomerium'],
  ].join('|')})(?:-|$)`,
);

/** Headers that a request has once. Servers differ in which of two they take. */
export const SINGLE: ReadonlySet<string> = new Set([
  ...['host', 'authorization', 'dpop', 'txn-token', 'content-type', 'content-length', 'transfer-encoding'],
  ...['content-encoding', 'expect', 'upgrade', 'origin', 'referer', 'user-agent', 'range', 'if-range', 'cookie'],
  ...['if-modified-since', 'if-unmodified-since', 'traceparent', 'idempotency-key', 'x-request-id', 'x-api-key'],
  ...['content-language', 'date', 'access-control-request-method', 'access-control-request-headers', 'x-csrf-token'],
  ...['from', 'max-forwards', 'sec-websocket-key', 'sec-websocket-version'],
]);

/** Headers that are forwarded for every operation: they do not change which thing is done to which resource. */
export const FORWARDED: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'accept-language', 'cache-control', 'pragma', 'user-agent', 'origin', 'referer'],
  ...['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'prefer'],
  ...['traceparent', 'tracestate', 'x-request-id', 'idempotency-key', 'content-language', 'date', 'dnt', 'priority'],
  ...['sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-user'],
]);

/** Headers that a browser sends to ask before a request of another origin. */
export const PREFLIGHT: ReadonlySet<string> = new Set([
  'access-control-request-method',
  'access-control-request-headers',
]);

/** Headers of the change to a WebSocket (RFC 6455). */
export const WEBSOCKET: ReadonlySet<string> = new Set([
  ...['sec-websocket-key', 'sec-websocket-version', 'sec-websocket-protocol', 'sec-websocket-extensions'],
]);

/** Headers that this side reads or writes itself, so that no document declares them as parameters. */
const OURS: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'content-encoding', 'content-range', 'expect', 'cookie', 'dpop', 'txn-token', 'via'],
]);

/** Returns whether a header is one that only a proxy may set. */
function isOfProxies(name: string): boolean {
  return OF_PROXIES.test(name) || OF_HOPS.test(name);
}

/** Returns whether a header can be a parameter, or be forwarded because a service asks for it. */
export function canBeDeclared(name: string): boolean {
  return (
    /^[a-z0-9-]+$/.test(name) &&
    ![HOP_BY_HOP, METHOD_OVERRIDES, OURS].some((set) => set.has(name)) &&
    !isOfProxies(name)
  );
}

/** Headers of answers. In a request Node keeps the first of two, and says nothing of the second. */
const OF_ANSWERS: ReadonlySet<string> = new Set([
  ...['age', 'etag', 'expires', 'last-modified', 'location', 'retry-after', 'server', 'set-cookie'],
]);

/** Returns whether a hop that is trusted with it can say in this header who asks: it has no other meaning, and reaches no service. */
export function isIdentityHeader(name: string): boolean {
  const key = name.toLowerCase();
  return (
    /^[a-z0-9-]+$/.test(key) &&
    ![HOP_BY_HOP, METHOD_OVERRIDES, OURS, FORWARDED, PREFLIGHT, WEBSOCKET, SINGLE, OF_ANSWERS].some((set) =>
      set.has(key),
    ) &&
    !/^(?:content-|x-real-ip$|x-forwarded-(?:for|host|proto|port|server|prefix|uri)$|forwarded$|x-original-|x-rewrite-|x-middleware-|x-writ|writ)/.test(
      key,
    )
  );
}
