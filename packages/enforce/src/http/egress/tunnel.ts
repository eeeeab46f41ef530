import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { serverNameIn } from './client-hello.js';

/** For how long a tunnel is kept. */
export interface TunnelLimits {
  /** Until the client has said which name it wants. */
  readonly helloMs: number;
  /** Without a byte on either side. */
  readonly idleMs: number;
  /** At the longest. */
  readonly longestMs: number;
}

/** The end of a tunnel. */
export interface TunnelEnd {
  /** `failed`: nothing was passed on. `unknown`: it was cut, or one side broke it off. */
  readonly result: 'completed' | 'failed' | 'unknown';
  readonly sent: number;
  readonly received: number;
  readonly why?: string | undefined;
}

/** The pieces in which the first message of TLS may arrive. */
const MAX_PIECES = 64;
const MAX_LISTENERS = 30;

/**
 * Passes on what either side sends, after the client's first message of TLS has named the host that the tunnel is for.
 *
 * @param signal cuts it
 */
export async function tunnelled(
  client: Duplex,
  server: Socket,
  {
    host,
    first,
    limits,
    signal,
  }: {
    readonly host: string;
    /** The bytes of the client that are read already. */
    readonly first: Buffer;
    readonly limits: TunnelLimits;
    readonly signal: AbortSignal;
  },
): Promise<TunnelEnd> {
  const cut = new AbortController();
  const stop = (why: string) => (): void => cut.abort(why);
  const timers = [setTimeout(stop('it was open for the longest time'), limits.longestMs)];
  const outside = (): void => cut.abort(String(signal.reason ?? 'it was cut'));
  signal.addEventListener('abort', outside, { once: true });
  if (signal.aborted) outside();
  const sizes = () => ({ sent: server.bytesWritten, received: server.bytesRead });
  try {
    const hello = await helloOf(client, first, limits.helloMs, cut.signal);
    if (hello === undefined)
      return { result: 'failed', ...sizes(), why: 'the client sent no TLS that begins with the name of a host' };
    if (hello.name.toLowerCase() !== host)
      return { result: 'failed', ...sizes(), why: 'the client named another host in TLS' };
    server.setTimeout(limits.idleMs, stop('nothing was sent for too long'));
    // Each direction listens on both.
    for (const one of [client, server]) one.setMaxListeners(MAX_LISTENERS);
    server.write(hello.bytes);
    await Promise.all([
      pipeline(client, server, { signal: cut.signal }),
      pipeline(server, client, { signal: cut.signal }),
    ]);
    return { result: 'completed', ...sizes() };
  } catch {
    return {
      result: 'unknown',
      ...sizes(),
      why: cut.signal.aborted ? String(cut.signal.reason) : 'a side broke it off',
    };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', outside);
    client.destroy();
    server.destroy();
  }
}

/** Calls back when a client is gone before both sides have ended in order. */
export function onLeft(client: Duplex, left: () => void): void {
  client.once('close', () => {
    if (!client.readableEnded || !client.writableFinished) left();
  });
}

/** Reads until the first message is whole. @returns undefined if it is no such message, or does not come in time */
function helloOf(
  client: Duplex,
  first: Buffer,
  ms: number,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly bytes: Buffer } | undefined> {
  return new Promise((resolve) => {
    let bytes = first;
    let pieces = 0;
    const end = (name?: string): void => {
      clearTimeout(timer);
      client.pause();
      client.off('data', add);
      client.off('end', fail);
      signal.removeEventListener('abort', fail);
      resolve(name === undefined ? undefined : { name, bytes });
    };
    const fail = (): void => end();
    const look = (): void => {
      const read = bytes.length === 0 ? 'more' : serverNameIn(bytes);
      if (read === 'other' || pieces > MAX_PIECES) fail();
      else if (read !== 'more') end(read.name);
    };
    const add = (piece: Buffer): void => {
      bytes = Buffer.concat([bytes, piece]);
      pieces += 1;
      look();
    };
    const timer = setTimeout(fail, ms);
    signal.addEventListener('abort', fail, { once: true });
    client.on('data', add);
    client.on('end', fail);
    if (signal.aborted) fail();
    else look();
  });
}
