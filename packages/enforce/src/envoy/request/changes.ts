import type { ProxyPermit } from '../../http/enforced/permit.js';
import { requestHeaders } from '../../http/enforced/request-headers.js';
import type { CanonicalRequest } from '../../http/request/body.js';
import type { HeaderToSet } from '../protocol/messages.js';
import type { ShownHead } from './read-head.js';

/** The difference between a request as it was shown and as it is decided on. */
export interface HeadChanges {
  /** The target as it has to be; undefined if it is so. */
  readonly target: string | undefined;
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** Headers that Envoy frames the request with. Its route says the host, which is one of the service. */
const OF_ENVOY: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding']);

/** Returns the changes that make a head the one that was decided on. Nothing of the caller's is left that is not forwarded. */
export function headChanges(
  { rawHeaders, target }: ShownHead,
  request: CanonicalRequest,
  permit: Pick<ProxyPermit, 'headers'>,
): HeadChanges {
  const shown = new Map<string, string[]>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i] as string, rawHeaders[i + 1] as string];
    shown.set(name, [...(shown.get(name) ?? []), value]);
  }
  const wanted = new Map<string, string>();
  for (const [name, value] of requestHeaders(request, permit)) {
    const before = wanted.get(name);
    if (!OF_ENVOY.has(name)) wanted.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const isSo = ([name, value]: readonly [string, string]): boolean => {
    const [first, ...more] = shown.get(name) ?? [];
    return first === value && more.length === 0;
  };
  return {
    target: request.rewritten.target === target ? undefined : request.rewritten.target,
    set: new Map([...wanted].filter((one) => !isSo(one))),
    remove: [...shown.keys()].filter((name) => !OF_ENVOY.has(name) && !wanted.has(name)),
  };
}

/** Returns headers to be set. @param asBytes whether Envoy reads their values as bytes, as in ext_proc */
export function headersToSet(headers: Iterable<readonly [string, string]>, asBytes = false): HeaderToSet[] {
  return [...headers].map(([key, value]) => ({
    header: asBytes ? { key, rawValue: Buffer.from(value, 'latin1') } : { key, value },
    appendAction: 2,
  }));
}
