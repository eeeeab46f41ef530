import type { CanonicalRequest } from '../request/body.js';
import type { ProxyPermit } from './permit.js';

/** Returns the headers of a request with those of its permit, each of which replaces one of the request. */
export function requestHeaders(
  { rewritten }: CanonicalRequest,
  permit: Pick<ProxyPermit, 'headers'>,
): (readonly [name: string, value: string])[] {
  const own = new Map(Object.entries(permit.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return [...rewritten.headers.filter(([name]) => !own.has(name)), ...own];
}
