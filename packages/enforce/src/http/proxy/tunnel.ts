import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import type { ProxyOutcome, ProxyPermit } from '../enforced/permit.js';
import { requestHeaders } from '../enforced/request-headers.js';
import type { CanonicalRequest } from '../request/body.js';
import { answerHeaders } from './answer-headers.js';

const MAX_LISTENERS = 30;

/**
 * Changes the connection of a request to the protocol of its operation, and passes on what either side sends, until one ends
 * or the permit is revoked.
 */
export async function tunnel(
  request: CanonicalRequest,
  permit: Pick<ProxyPermit, 'headers' | 'revoked'>,
  client: Duplex,
  head: Buffer,
  dispatcher: Dispatcher,
): Promise<ProxyOutcome> {
  // Undici sets both itself.
  const own = requestHeaders(request, permit).filter(([name]) => name !== 'connection' && name !== 'upgrade');
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  client.once('close', leave);
  permit.revoked?.addEventListener('abort', leave, { once: true });
  if (permit.revoked?.aborted === true || client.destroyed) leave();
  let isChanged = false;
  try {
    const { headers: answered, socket } = await dispatcher.upgrade({
      path: request.rewritten.target,
      method: 'GET',
      headers: own.flat(),
      protocol: request.operation?.upgrade ?? 'websocket',
      signal: gone.signal,
    });
    const lines = Object.entries(answerHeaders(answered)).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${one}`),
    );
    client.write(
      `HTTP/1.1 101 ${STATUS_CODES[101]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
    );
    isChanged = true;
    // Each direction listens on both.
    for (const one of [client, socket]) one.setMaxListeners(MAX_LISTENERS);
    if (head.length > 0) socket.write(head);
    const { signal } = gone;
    await Promise.all([pipeline(client, socket, { signal }), pipeline(socket, client, { signal })]);
    return { result: 'completed', status: 101 };
  } catch {
    if (!isChanged) refuseUpgrade(client, 502);
    return { result: 'unknown', status: isChanged ? 101 : undefined };
  } finally {
    permit.revoked?.removeEventListener('abort', leave);
    if (isChanged) client.destroy();
  }
}

/** Ends a connection that does not change, with an answer. @returns false: it takes no other request */
export function refuseUpgrade(client: Duplex, status: number): false {
  client.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
  return false;
}
