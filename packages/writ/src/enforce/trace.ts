import type { TraceContext } from '../decide/request.js';

/** Version 00 of `traceparent` (W3C Trace Context, section 3.2), and not the ids that mean nothing. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Printable ASCII, as the section on `tracestate` (3.3) allows it. */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;

/**
 * The trace that a call is part of, from headers or from the `_meta` of an MCP request; undefined when there is none, or what
 * is there is not one. Nothing else of either is passed on.
 */
export function traceOf(carrier: Readonly<Record<string, unknown>> | undefined): TraceContext | undefined {
  const { traceparent, tracestate } = carrier ?? {};
  if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
  return typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? { traceparent, tracestate } : { traceparent };
}
