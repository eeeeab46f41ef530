import { type EntityUid, parseUid, sameUid } from '@writ/cedar/uid';
import type { Carried, TraceContext } from '@writ/sdk/authzen';
import { decodeJwt } from 'jose';
import type { CallingClient } from './caller.js';

/** Version 00 of `traceparent` (W3C Trace Context, section 3.2), without the invalid ids of zeros. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Printable ASCII, as the section on `tracestate` (3.3) allows it. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads what a request over HTTP carries in its headers: the trace that it is part of, a transaction token, and the proof of
 * possession for it. Nothing else of them is passed on.
 *
 * @param at the method and the URL that a proof has to be for; undefined if the URL is not known
 */
export function carriedInHeaders(
  headers: Json | undefined,
  at: { readonly method: string; readonly url: string } | undefined,
): Carried {
  const { dpop, 'txn-token': token } = headers ?? {};
  return {
    trace: traceIn(headers),
    txnToken: token === undefined ? undefined : String(token),
    proof: dpop === undefined || at === undefined ? undefined : { proof: String(dpop), ...at },
  };
}

/** Returns the transaction that a token claims, not verified; undefined if the token is not readable. */
function transactionIn(txnToken: string): string | undefined {
  try {
    const { txn } = decodeJwt(txnToken.split('~')[0] ?? '');
    return typeof txn === 'string' ? txn : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the subject that a token claims, not verified; undefined if the token is not readable. */
function originatorIn(txnToken: string): EntityUid | undefined {
  try {
    return parseUid(decodeJwt(txnToken.split('~')[0] ?? '').sub ?? '');
  } catch {
    return undefined;
  }
}

/**
 * Returns a client with the originator that its token names. A client with a credential of its own, and the token of
 * a task that it was handed, works for that originator. The name counts only if the token is verified: a request for
 * another originator than that of its token is refused.
 */
export function workingFor(client: CallingClient, txnToken: string): CallingClient {
  if (client.agent !== undefined) return client;
  const named = originatorIn(txnToken);
  if (named === undefined || sameUid(named, client.originator)) return client;
  return { ...client, originator: named, agent: client.originator };
}

/**
 * Returns the client of a request that only its token names: the hop that passes it on has a credential of its own, and is not on the
 * path. Undefined if the token is not readable. The token is not verified here: a request for another originator than that of its
 * token is refused.
 */
export function namedBy(txnToken: string, task: string): CallingClient | undefined {
  const originator = originatorIn(txnToken);
  return originator === undefined ? undefined : { originator, agent: undefined, task };
}

/** Returns the trace of a carrier; undefined if it has no valid one. */
export function traceIn(carrier: Json | undefined): TraceContext | undefined {
  const { traceparent, tracestate } = carrier ?? {};
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}

/** Returns the task in which operations depend on each other. The token is not verified: it only orders those of one client. */
export function taskOf({ task }: Pick<CallingClient, 'task'>, { txnToken }: Carried): string {
  return JSON.stringify([task, txnToken === undefined ? null : (transactionIn(txnToken) ?? txnToken)]);
}
