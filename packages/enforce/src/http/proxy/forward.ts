import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { CanonicalRequest } from '../request/body.js';
import { answer, NO_ANSWER } from './answers.js';
import type { ProxyOutcome, ProxyPermit } from './permit.js';

/** Of one connection: they do not go through. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'proxy-authenticate',
]);

/** Returns the headers of a request with those of its permit, each of which replaces one of the request. */
export function requestHeaders({ rewritten }: CanonicalRequest, permit: Pick<ProxyPermit, 'headers'>): string[] {
  const own = new Map(Object.entries(permit.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return [...rewritten.headers.filter(([name]) => !own.has(name)), ...own].flat();
}

/** Returns the headers of an answer that are not of its connection. */
export function answerHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const nominated = new Set(
    [headers.connection ?? []]
      .flat()
      .flatMap((value) => value.toLowerCase().split(','))
      .map((name) => name.trim()),
  );
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !HOP_BY_HOP.has(name) && !nominated.has(name),
  );
  return Object.fromEntries(kept as [string, string | string[]][]);
}

/**
 * Forwards a request, and streams the answer back. The connection is cut when the permit is revoked, the caller leaves, or the
 * service stops. Never tried again: a second attempt would need a permit of its own.
 */
export async function forward(
  request: CanonicalRequest,
  permit: Pick<ProxyPermit, 'headers' | 'revoked'>,
  response: ServerResponse,
  dispatcher: Dispatcher,
): Promise<ProxyOutcome> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  response.once('close', leave);
  permit.revoked?.addEventListener('abort', leave, { once: true });
  if (permit.revoked?.aborted === true || response.destroyed) leave();
  let status: number | undefined;
  try {
    const { method, target, body } = request.rewritten;
    const received = await dispatcher.request({
      method: method as Dispatcher.HttpMethod,
      path: target,
      headers: requestHeaders(request, permit),
      body: body.length === 0 ? null : body,
      signal: left.signal,
    });
    status = received.statusCode;
    response.writeHead(status, answerHeaders(received.headers));
    await pipeline(received.body, response, { signal: left.signal });
    return { result: status < 400 ? 'completed' : 'failed', status };
  } catch {
    answer(response, NO_ANSWER);
    return { result: 'unknown', status };
  } finally {
    permit.revoked?.removeEventListener('abort', leave);
  }
}
