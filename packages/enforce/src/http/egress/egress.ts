import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DecisionId } from '@writ/sdk/authzen';
import type { Log } from '@writ/sdk/lib/log';
import type { Attempts } from '../../attempts/attempts.js';
import { clientContext, type OperationCaller } from '../../enforcer/caller.js';
import { carriedInHeaders, workingFor } from '../../enforcer/carried.js';
import type { Enforcer } from '../../enforcer/enforcer.js';
import type { Requests } from '../../enforcer/operation.js';
import type { Permit } from '../../enforcer/permit.js';
import { type Asking, type Identified, type Identify, unbarred } from '../enforced/identified.js';
import type { ProxyDenial } from '../enforced/permit.js';
import { denialOf } from '../enforced/refused.js';
import type { Addresses } from './addresses.js';
import { answerOn, NO_PROOFS, NO_TUNNELS } from './answer.js';
import { type Destination, destinationOf } from './destination.js';
import { type DialLimits, dialled, type Lookup, lookupHere } from './dial.js';
import { onLeft, type TunnelEnd, type TunnelLimits, tunnelled } from './tunnel.js';

/** The tunnels that are made now. It is replaced whole. */
export interface ServedEgress {
  readonly ports: ReadonlySet<number>;
  readonly addresses: Addresses;
}

interface EgressParts {
  readonly enforcer: Enforcer;
  /** Undefined if no tunnels are made. */
  readonly served: () => ServedEgress | undefined;
  readonly identify: Identify;
  readonly attempts: Pick<Attempts, 'add'>;
  readonly log: Log;
  /** Receives the end of each tunnel, with the bytes that it passed on. */
  readonly onEnd?: ((end: TunnelEnd & Destination & { readonly decision: DecisionId }) => void) | undefined;
  /** By default that of the operating system. */
  readonly lookup?: Lookup | undefined;
  readonly limits?: Partial<DialLimits & TunnelLimits & { readonly decideMs: number }> | undefined;
}

/** Serves a `CONNECT`. Resolves when the connection is over; never rejects because of the client or the host. */
export type Connect = (message: IncomingMessage, client: Duplex, first: Buffer) => Promise<void>;

/** The name of the action, and that of the upstream that revocations name. */
const [ACTION, UPSTREAM, HOST_TYPE] = ['connect', 'egress', 'Host'];
const DEFAULTS = {
  ...{ decideMs: 60_000, lookupMs: 5_000, connectMs: 5_000 },
  ...{ helloMs: 10_000, idleMs: 5 * 60_000, longestMs: 60 * 60_000 },
};

/**
 * Returns what makes tunnels to hosts outside (`CONNECT`). Each is decided on by its host and port alone: nothing inside of it is seen
 * but the name in the first message of TLS.
 */
export function egressBy(parts: EgressParts): Connect {
  const lookup = parts.lookup ?? lookupHere;
  return async (message, client, first) => {
    const limits = { ...DEFAULTS, ...parts.limits };
    const gone = new AbortController();
    onLeft(client, () => gone.abort('the client left'));
    const served = parts.served();
    if (served === undefined) return answerOn(client, NO_TUNNELS);
    const { url = '', rawHeaders } = message;
    const destination = destinationOf(url, rawHeaders, served.ports);
    if ('code' in destination)
      return answerOn(client, { status: 400, title: destination.reason, members: { code: destination.code } });
    if (message.headers.dpop !== undefined) return answerOn(client, NO_PROOFS);
    const found = await callerOf(parts, message);
    if ('permitted' in found) return answerOn(client, found);
    const permit = await decided(parts, destination, { ...found, signal: gone.signal }, limits.decideMs);
    if ('permitted' in permit) return answerOn(client, permit);
    permit.onRevoked(() => gone.abort('what permits it was revoked'));
    await permit.during(async () => {
      const server = await dialled(destination, served.addresses, { lookup, limits, signal: gone.signal });
      if ('code' in server) {
        const { code, reason } = server;
        await permit.done('not-executed', null, { error: reason });
        return answerOn(client, { status: code === 'egress_address' ? 403 : 502, title: reason, members: { code } });
      }
      const { host } = destination;
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      const end = await tunnelled(client, server, { host, first, limits, signal: gone.signal });
      parts.onEnd?.({ ...end, ...destination, decision: permit.decisionId });
      const { result, why, sent, received } = end;
      await permit.done(result, undefined, { ...(why === undefined ? {} : { error: why }), bytes: { sent, received } });
    });
  };
}

async function callerOf(
  { identify, attempts, log }: EgressParts,
  message: IncomingMessage,
): Promise<(OperationCaller & Pick<Identified, 'barredFrom'>) | ProxyDenial> {
  const { headers, socket } = message;
  const note = (reason: 'unauthenticated' | 'unavailable'): void =>
    attempts.add({ at: 'proxy', operation: ACTION as string, reason, from: socket.remoteAddress });
  let found: Identified | undefined;
  try {
    found = await identify(askingOf(message));
  } catch (error) {
    log.error(error, 'no identity');
    note('unavailable');
    return { permitted: false, status: 503, title: 'the credential cannot be verified now; try again later' };
  }
  if (found === undefined) {
    note('unauthenticated');
    return {
      permitted: false,
      status: 407,
      title: 'send the key of a client or caller as Proxy-Authorization: Bearer, or as the password of Basic',
      headers: { 'proxy-authenticate': 'Basic realm="egress", Bearer realm="egress"' },
    };
  }
  const { client, txnToken, barredFrom } = found;
  const carried = carriedInHeaders(headers, undefined);
  if (carried.txnToken !== undefined) return { client: workingFor(client, carried.txnToken), carried, barredFrom };
  return { client, carried: { ...carried, txnToken, plain: { kind: client.kind } }, barredFrom };
}

/** Returns the parts that say who asks: the credential for the proxy counts, and that for the host does not. */
function askingOf({ headers, socket }: IncomingMessage): Asking {
  const { authorization: _ofHost, 'proxy-authorization': sent, ...others } = headers;
  return { headers: sent === undefined ? others : { ...others, authorization: bearerOf(sent) }, connection: socket };
}

/** Most clients have the credential from an address as `http://any:KEY@proxy`, and send it as Basic. */
function bearerOf(sent: string): string {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]{1,16384})$/i.exec(sent) ?? [];
  if (encoded === undefined) return sent;
  const [, password = ''] = /^[^:]*:(.*)$/.exec(Buffer.from(encoded, 'base64').toString('latin1')) ?? [];
  return `Bearer ${password}`;
}

async function decided(
  { enforcer, log }: EgressParts,
  { host, port }: Destination,
  by: OperationCaller & Pick<Identified, 'barredFrom'>,
  ms: number,
): Promise<Permit | ProxyDenial> {
  const requests: Requests = [
    {
      subject: by.client.originator,
      action: { name: ACTION as string },
      resource: { type: HOST_TYPE as string, id: host, properties: { port } },
      context: { upstream: { server: UPSTREAM, tool: ACTION }, ...clientContext(by.client) },
    },
  ];
  const begun = enforcer.begin({ name: ACTION as string, requests: () => unbarred(requests, by.barredFrom) }, by);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const made = await Promise.race([begun, late]).finally(() => clearTimeout(timer));
  if (made === undefined) {
    // A permit that comes later is not used, and ends nevertheless.
    begun
      .then((one) => (one.kind === 'permit' ? one.done('not-executed', null) : undefined))
      .catch((error: unknown) => log.error(error, 'a permit did not end'));
    return { permitted: false, status: 503, title: 'no decision was made in time' };
  }
  return made.kind === 'permit' ? made : denialOf(ACTION as string, made);
}
