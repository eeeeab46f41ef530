import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderValue } from '../protocol/messages.js';

/** The head of a request as Envoy shows it. */
export interface ShownHead {
  readonly method: string;
  readonly target: string;
  readonly scheme: 'http' | 'https';
  /** Names and values in turn, as `rawHeaders` of Node, with `host`. Names are in lower case. */
  readonly rawHeaders: readonly string[];
}

const PSEUDO = [':method', ':path', ':authority', ':scheme'] as const;

/**
 * Reads a list of headers of Envoy, of which `:method`, `:path`, `:authority` and `:scheme` are the head.
 *
 * @returns undefined if one of those is missing or there twice, or another one is there: Envoy was not shown the whole request
 */
export function readHead(list: readonly HeaderValue[]): ShownHead | undefined {
  const pseudo = new Map<string, string>();
  const rawHeaders: string[] = [];
  for (const { key = '', value = '', rawValue } of list) {
    // Bytes of a header are no text: Node reads them so too.
    const text = rawValue === undefined || rawValue.length === 0 ? value : rawValue.toString('latin1');
    if (!key.startsWith(':')) rawHeaders.push(key.toLowerCase(), text);
    else if (pseudo.has(key)) return undefined;
    else pseudo.set(key, text);
  }
  const [method, target, authority, scheme] = PSEUDO.map((name) => pseudo.get(name));
  if (pseudo.size !== PSEUDO.length || method === undefined || target === undefined) return undefined;
  if (authority === undefined || (scheme !== 'http' && scheme !== 'https')) return undefined;
  return { method, target, scheme, rawHeaders: ['host', authority, ...rawHeaders] };
}

/** Returns headers as Node reads them of a request. */
export function headersOf({ rawHeaders }: ShownHead): IncomingHttpHeaders {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i] as string, rawHeaders[i + 1] as string];
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

/**
 * Returns raw headers that say how the body is framed. Envoy leaves `transfer-encoding` out, and a request in HTTP/2 may have no length:
 * such a body is of any length, as a chunked one is.
 */
export function framedHeaders({ rawHeaders }: ShownHead, hasBody: boolean): readonly string[] {
  const says = (name: string): boolean => rawHeaders.some((one, i) => i % 2 === 0 && one === name);
  if (!hasBody || says('content-length') || says('transfer-encoding')) return rawHeaders;
  return [...rawHeaders, 'transfer-encoding', 'chunked'];
}
