/** Of one connection: they do not go through. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'http2-settings'],
]);

/**
 * Of the session between this side and the service: a cookie that the credential of the service was answered with would be that
 * credential in other hands. `Alt-Svc` would lead past the proxy.
 */
const OF_CREDENTIAL: ReadonlySet<string> = new Set([
  ...['set-cookie', 'set-cookie2', 'authentication-info', 'proxy-authentication-info', 'alt-svc'],
]);

/** Headers about an answer that have nothing of its contents. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['content-type', 'content-length', 'content-language', 'date', 'age', 'cache-control', 'expires', 'vary', 'allow'],
  ...['etag', 'last-modified', 'retry-after', 'accept-ranges', 'access-control-allow-origin'],
  ...['access-control-allow-credentials', 'access-control-expose-headers'],
]);

/**
 * Returns the headers of an answer that a caller receives.
 *
 * @param isChanged whether obligations are on the answer: a header could repeat what they take out of the body
 */
export function answerHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  isChanged = false,
): Record<string, string | string[]> {
  const nominated = new Set(
    [headers.connection ?? []]
      .flat()
      .flatMap((value) => value.toLowerCase().split(','))
      .map((name) => name.trim()),
  );
  const kept = Object.entries(headers).filter(
    ([name, value]) =>
      value !== undefined &&
      ![HOP_BY_HOP, OF_CREDENTIAL, nominated].some((set) => set.has(name)) &&
      (!isChanged || PLAIN.has(name)),
  );
  return Object.fromEntries(kept as [string, string | string[]][]);
}
