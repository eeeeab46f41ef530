import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { ProxyOutcome, ProxyPermit } from '../enforced/permit.js';
import { NO_ANSWER, WITHHELD } from '../enforced/problems.js';
import { requestHeaders } from '../enforced/request-headers.js';
import type { CanonicalRequest } from '../request/body.js';
import { answerHeaders } from './answer-headers.js';
import { answer, finish } from './answers.js';
import type { Answering } from './incoming.js';
import { readWhole } from './read-whole.js';

/** Sends an answer that was read whole, as it may be handed on. */
function sendWhole(
  response: Answering,
  status: number,
  headers: Dispatcher.ResponseData['headers'],
  { was, is, isChanged }: { readonly was: Uint8Array; readonly is: Uint8Array; readonly isChanged: boolean },
): void {
  const kept = answerHeaders(headers, isChanged);
  if (is !== was) {
    // They are about the bytes of the service.
    for (const name of ['content-length', 'etag', 'content-md5', 'digest', 'content-digest', 'repr-digest'])
      delete kept[name];
    kept['content-length'] = String(is.length);
  }
  response.begin(status, kept);
  finish(response, is);
}

/**
 * Forwards a request, and streams the answer back. The connection is cut when the permit is revoked, the caller leaves, or the
 * service stops. Never tried again: a second attempt would need a permit of its own.
 */
export async function forward(
  request: CanonicalRequest,
  permit: Omit<ProxyPermit, 'permitted' | 'done'>,
  response: Answering,
  dispatcher: Dispatcher,
): Promise<ProxyOutcome> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  const { sink } = response;
  let isReceived = false;
  const close = (): void => {
    if (!isReceived || !response.isSent()) leave();
  };
  sink.once('close', close);
  permit.revoked?.addEventListener('abort', leave, { once: true });
  if (permit.revoked?.aborted === true || sink.destroyed) leave();
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
    received.body.once('end', () => {
      isReceived = true;
    });
    const result = status < 400 ? 'completed' : 'failed';
    const read = permit.accept === undefined ? undefined : await readWhole(received, method);
    if (permit.accept !== undefined && read?.isWhole === true) {
      const handedOn = await permit.accept({ status, bytes: read.bytes });
      if (handedOn === undefined) answer(response, WITHHELD);
      else
        sendWhole(response, status, received.headers, {
          was: read.bytes,
          is: handedOn,
          isChanged: permit.mustRead === true,
        });
      return { result, status };
    }
    if (permit.mustRead === true) {
      left.abort();
      answer(response, WITHHELD);
      return { result, status };
    }
    response.begin(status, answerHeaders(received.headers));
    if (sink.writableEnded) {
      await received.body.dump();
      return { result, status };
    }
    if (read !== undefined) sink.write(read.bytes);
    await pipeline(read === undefined ? received.body : Readable.from(read.rest), sink, { signal: left.signal });
    return { result, status };
  } catch {
    if (status !== undefined && isReceived && response.isSent())
      return { result: status < 400 ? 'completed' : 'failed', status };
    answer(response, NO_ANSWER);
    return { result: 'unknown', status };
  } finally {
    permit.revoked?.removeEventListener('abort', leave);
    // hot: every answer closes, and to abort then makes an error that nobody reads.
    sink.off('close', close);
  }
}
