/** How a URL begins. */
export const SCHEME = /^[a-z][a-z0-9+.-]{0,20}:\/\//;

/** The domain of an e-mail address or a URL; undefined when it has none. */
export function domainOf(value: string): string | undefined {
  const text = value.trim().toLowerCase();
  const mail = /^[^\s@/]+@([^\s@/:?#]+)$/.exec(text);
  if (mail !== null) return mail[1];
  const url = SCHEME.test(text)
    ? text
    : /^[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?([/?#]|$)/.test(text)
      ? `https://${text}`
      : undefined;
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}
