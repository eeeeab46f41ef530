import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { ProxyOutcome, ProxyPermit } from '../enforced/permit.js';
import { NO_ANSWER, WITHHELD } from '../enforced/problems.js';
import { requestHeaders } from '../enforced/request-headers.js';
import type { CanonicalRequest } from '../request/body.js';
import { answer } from './answers.js';
import { readWhole } from './read-whole.js';

/** Of one connection: they do not go through. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'proxy-authenticate',
]);

/** Returns the headers of an answer that are not of its connection. */
export function answerHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  // hot: most services name nothing but `keep-alive` in it.
  const nominated =
    headers.connection === undefined || headers.connection === 'keep-alive' ? NOTHING : namesIn(headers.connection);
  const kept = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !HOP_BY_HOP.has(name) && !nominated.has(name),
  );
  return Object.fromEntries(kept as [string, string | string[]][]);
}

const NOTHING: ReadonlySet<string> = new Set();

/** Returns the names in a header that lists names. */
function namesIn(value: string | string[]): Set<string> {
  return new Set(
    [value]
      .flat()
      .flatMap((one) => one.toLowerCase().split(','))
      .map((name) => name.trim()),
  );
}

/** Sends an answer that was read whole, as it may be handed on. */
function sendWhole(
  response: ServerResponse,
  status: number,
  headers: Dispatcher.ResponseData['headers'],
  { method, was, is }: { readonly method: string; readonly was: Uint8Array; readonly is: Uint8Array },
): void {
  const kept = answerHeaders(headers);
  if (is !== was) {
    // They are about the bytes of the service.
    for (const name of ['content-length', 'etag', 'content-md5', 'digest', 'content-digest', 'repr-digest'])
      delete kept[name];
    kept['content-length'] = String(is.length);
  }
  response.writeHead(status, kept);
  response.end(method === 'HEAD' ? undefined : is);
}

/**
 * Forwards a request, and streams the answer back. The connection is cut when the permit is revoked, the caller leaves, or the
 * service stops. Never tried again: a second attempt would need a permit of its own.
 */
export async function forward(
  request: CanonicalRequest,
  permit: Omit<ProxyPermit, 'permitted' | 'done'>,
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
      headers: requestHeaders(request, permit).flat(),
      body: body.length === 0 ? null : body,
      signal: left.signal,
    });
    status = received.statusCode;
    const result = status < 400 ? 'completed' : 'failed';
    const read = permit.accept === undefined ? undefined : await readWhole(received, method);
    if (permit.accept !== undefined && read?.isWhole === true) {
      const handedOn = await permit.accept({ status, bytes: read.bytes });
      if (handedOn === undefined) answer(response, WITHHELD);
      else sendWhole(response, status, received.headers, { method, was: read.bytes, is: handedOn });
      return { result, status };
    }
    if (permit.mustRead === true) {
      left.abort();
      answer(response, WITHHELD);
      return { result, status };
    }
    response.writeHead(status, answerHeaders(received.headers));
    if (read !== undefined) response.write(read.bytes);
    await pipeline(read === undefined ? received.body : Readable.from(read.rest), response, { signal: left.signal });
    return { result, status };
  } catch {
    answer(response, NO_ANSWER);
    return { result: 'unknown', status };
  } finally {
    permit.revoked?.removeEventListener('abort', leave);
    // hot: every answer closes, and to abort then makes an error that nobody reads.
    response.off('close', leave);
  }
}
