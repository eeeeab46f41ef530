import { type EntityUid, parseUid } from '@writ/cedar';
import { decodeJwt } from 'jose';
import type { Carried, TraceContext } from '../decide/request.js';

/** Where a transaction token stands in the `_meta` of an MCP request: there is no key of the standard's own for it. */
export const TOKEN_META = 'dev.writ/txn-token';

/** Where the text that a user asked stands in the `_meta` of an MCP request. */
const PROMPT_META = 'dev.writ/prompt';

/** Version 00 of `traceparent` (W3C Trace Context, section 3.2), and not the ids that mean nothing. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Printable ASCII, as the section on `tracestate` (3.3) allows it. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * What a call carries besides what is asked: the trace that it is part of, and a transaction token. The `_meta` of the MCP request
 * says it, or the HTTP headers. Nothing else of either is passed on.
 */
export function carriedIn(
  meta: Readonly<Record<string, unknown>> | undefined,
  headers: Readonly<Record<string, unknown>> | undefined,
  url: string | undefined,
): Carried {
  const dpop = headers?.dpop;
  const token = meta?.[TOKEN_META] ?? headers?.['txn-token'];
  return {
    trace: traceOf(meta) ?? traceOf(headers),
    // Whatever is in its place is a token, and believed or not.
    txnToken: token === undefined ? undefined : String(token),
    prompt: typeof meta?.[PROMPT_META] === 'string' ? meta[PROMPT_META] : undefined,
    proof: dpop === undefined || url === undefined ? undefined : { proof: String(dpop), method: 'POST', url },
  };
}

/** The transaction that a token says that it is of, not verified; undefined when it says nothing readable. */
export function transactionIn(txnToken: string): string | undefined {
  try {
    const { txn } = decodeJwt(txnToken.split('~')[0] ?? '');
    return typeof txn === 'string' ? txn : undefined;
  } catch {
    return undefined;
  }
}

/** For whom a token says that it is, not verified; undefined when it says nothing readable. */
export function originatorIn(txnToken: string): EntityUid | undefined {
  try {
    return parseUid(decodeJwt(txnToken.split('~')[0] ?? '').sub ?? '');
  } catch {
    return undefined;
  }
}

/** A trace; undefined when there is none, or what is there is not one. */
function traceOf(carrier: Readonly<Record<string, unknown>> | undefined): TraceContext | undefined {
  const { traceparent, tracestate } = carrier ?? {};
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}
