import type { EntityUid } from './entity.js';

/** An AuthZEN subject or resource (Authorization API 1.0, section 5). */
export interface AuthzenEntity extends EntityUid {
  readonly properties?: Readonly<Record<string, unknown>>;
}

/**
 * An AuthZEN access evaluation request (Authorization API 1.0, section 6), with what Writ reads from its `context`:
 *
 * - `input`: the arguments of the operation
 * - `task`: the task that the call belongs to, as the enforcement point knows it
 * - `session`: the session that it is part of, as the enforcement point knows it
 * - `conversation`: what one task is of, within that name: an MCP session, or the id that a host gives its task
 * - `again`: the id of the decision on the same call before it waited
 * - `agent`: the agent at work for the subject
 * - `prompt`: what the user asked for; it is not recorded
 * - `suspended`: why the tool may not be called, as the enforcement point knows it
 * - `findings`: what is suspicious about the tool's definition
 * - `supported_obligations`: the types of obligation that the enforcement point can carry out
 */
export interface AccessRequest {
  readonly subject: AuthzenEntity;
  readonly action: { readonly name: string; readonly properties?: Readonly<Record<string, unknown>> };
  readonly resource: AuthzenEntity;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** The trace that a request is part of (W3C Trace Context). */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;

/** Returns the trace-id of a `traceparent`; undefined if it is not one. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}

/** The values that a request from outside carries along. */
export interface Carried {
  readonly trace?: TraceContext | undefined;
  /** A transaction token, not verified yet. */
  readonly txnToken?: string | undefined;
  /** Set if the call came without a token of its own: the kind of its task, as the settings of its client say. */
  readonly plain?: { readonly kind?: string | undefined } | undefined;
  /** The id that the host gives the task, as the agent's side says. */
  readonly task?: string | undefined;
  /** The user's prompt, as the agent's side says; used if the token has its hash. */
  readonly prompt?: string | undefined;
  /** A DPoP proof, not verified yet, and the method and URL of the request that it came with. */
  readonly proof?: { readonly proof: string; readonly method: string; readonly url: string } | undefined;
}
