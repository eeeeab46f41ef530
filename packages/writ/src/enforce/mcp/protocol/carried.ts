import { type EntityUid, parseUid } from '@writ/cedar';
import type { Carried, TraceContext } from '@writ/sdk/authzen';
import { decodeJwt } from 'jose';

/** The key of a transaction token in the `_meta` of an MCP request. The standard has no key for it. */
export const TOKEN_META = 'dev.writ/txn-token';

/** The key of the text that a user wrote, in the `_meta` of an MCP request. */
const PROMPT_META = 'dev.writ/prompt';

/** The key of the id that the host gives its task, in the `_meta` of an MCP request. */
const TASK_META = 'dev.writ/task';
/** In characters. */
const MAX_TASK = 256;

/** Version 00 of `traceparent` (W3C Trace Context, section 3.2), without the invalid ids of zeros. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Printable ASCII, as the section on `tracestate` (3.3) allows it. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * Reads what a call carries in addition to its parameters: the trace that it is part of, and a transaction token.
 * They are in the `_meta` of the MCP request, or in the HTTP headers. Nothing else of either is passed on.
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
    // Any value under the key counts as a token, which is then verified.
    txnToken: token === undefined ? undefined : String(token),
    task: taskIn(meta?.[TASK_META]),
    prompt: typeof meta?.[PROMPT_META] === 'string' ? meta[PROMPT_META] : undefined,
    proof: dpop === undefined || url === undefined ? undefined : { proof: String(dpop), method: 'POST', url },
  };
}

function taskIn(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' && given.length <= MAX_TASK ? given : undefined;
}

/** Returns the transaction that a token claims, not verified; undefined if the token is not readable. */
export function transactionIn(txnToken: string): string | undefined {
  try {
    const { txn } = decodeJwt(txnToken.split('~')[0] ?? '');
    return typeof txn === 'string' ? txn : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the subject that a token claims, not verified; undefined if the token is not readable. */
export function originatorIn(txnToken: string): EntityUid | undefined {
  try {
    return parseUid(decodeJwt(txnToken.split('~')[0] ?? '').sub ?? '');
  } catch {
    return undefined;
  }
}

/** Returns the trace of a carrier; undefined if it has no valid one. */
function traceOf(carrier: Readonly<Record<string, unknown>> | undefined): TraceContext | undefined {
  const { traceparent, tracestate } = carrier ?? {};
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}
