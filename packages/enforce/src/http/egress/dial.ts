import { promises as dns } from 'node:dns';
import { connect, type Socket } from 'node:net';
import type { Addresses } from './addresses.js';
import type { Destination } from './destination.js';

/** Returns all addresses of a name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** For how long a host is looked for. */
export interface DialLimits {
  readonly lookupMs: number;
  /** For each address. */
  readonly connectMs: number;
}

/** Why a host was not reached. */
interface DialFault {
  readonly code: 'egress_address' | 'egress_unreachable';
  readonly reason: string;
}

/** The addresses that are tried, one after the other. */
const MAX_TRIED = 4;
const MAX_ADDRESSES = 64;

export const lookupHere: Lookup = async (host) =>
  (await dns.lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * Looks a host up once, and connects to an address of that answer: a second answer could be another one. One address that is not
 * admitted is a refusal, whatever the others are.
 */
export async function dialled(
  { host, port }: Destination,
  addresses: Addresses,
  { lookup, limits, signal }: { readonly lookup: Lookup; readonly limits: DialLimits; readonly signal: AbortSignal },
): Promise<Socket | DialFault> {
  let found: readonly string[];
  try {
    found = await within(limits.lookupMs, lookup(host));
  } catch {
    return { code: 'egress_unreachable', reason: 'the name of the host could not be looked up' };
  }
  if (found.length === 0 || found.length > MAX_ADDRESSES)
    return { code: 'egress_unreachable', reason: 'the name of the host has no address that can be used' };
  if (!found.every((address) => addresses.admits(address)))
    return { code: 'egress_address', reason: 'the host has an address that is not public' };
  for (const address of found.slice(0, MAX_TRIED)) {
    if (signal.aborted) break;
    const socket = await connected(address, port, limits.connectMs, signal);
    if (socket !== undefined) return socket;
  }
  return { code: 'egress_unreachable', reason: 'the host could not be reached' };
}

function connected(address: string, port: number, ms: number, signal: AbortSignal): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, autoSelectFamily: false });
    const timer = setTimeout(() => fail(), ms);
    const end = (result: Socket | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', fail);
      resolve(result);
    };
    const fail = (): void => {
      socket.destroy();
      end(undefined);
    };
    signal.addEventListener('abort', fail, { once: true });
    // The listener stays: an error without one ends the process.
    socket.on('error', fail);
    socket.once('connect', () => end(socket));
  });
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
