import { CLIENT_CAPABILITIES_META_KEY, METHOD_NOT_FOUND, ProtocolError } from '@modelcontextprotocol/server';
import { isObject } from '@writ/sdk/lib/is-object';
import type { Gateway } from '../gateway/gateway.js';
import { ERROR } from '../protocol/errors.js';
import { kindOfMethod } from '../protocol/methods.js';
import { isModern } from '../protocol/revision.js';
import { needsTasks, takesTasks } from '../protocol/tasks-extension.js';
import { callerIn, type RequestContext } from './request-context.js';

export const MAX_WATCHED = 100;

interface Admission {
  readonly context: RequestContext;
  /** Aborted when the client is gone. */
  readonly signal: () => AbortSignal;
  /** The gateway's resource identifier, as its clients know it. */
  readonly resource: () => string;
  /** Notifies the client that a resource changed. */
  readonly resourceUpdated: (uri: string) => void;
}

/**
 * Decides a message by its method, before any transport handles it: requests about the gateway as a whole, unknown
 * methods, and subscriptions to resources (`subscriptions/listen` of 2026-07-28), which last until the client is
 * gone.
 *
 * @returns undefined if there is nothing to decide
 * @throws {ProtocolError} if the message is refused
 */
export function admit(
  gateway: Gateway,
  { method, params, id }: Readonly<Record<string, unknown>>,
  { context, signal, resource, resourceUpdated }: Admission,
): Promise<void> | undefined {
  // Answers and notifications request nothing. Most requests are about one thing, and are decided with it.
  if (typeof method !== 'string' || id === undefined || !gateway.isDecidedAtOnce(method)) return undefined;
  const given = (params ?? {}) as Record<string, unknown>;
  if (kindOfMethod(method) === 'unknown')
    throw new ProtocolError(unknownMethodCode(given), `${method} is not permitted: the gateway does not know it`);
  const meta = given._meta as Record<string, unknown> | undefined;
  const notifications = isObject(given.notifications) ? given.notifications : {};
  // Such a client would never be notified of a task, so it is refused instead of left to wait.
  if ('taskIds' in notifications && !takesTasks(meta?.[CLIENT_CAPABILITIES_META_KEY]))
    throw needsTasks(`${method} for tasks`);
  const uris = method === 'subscriptions/listen' ? urisIn(notifications) : [];
  const caller = { ...callerIn(context, meta), signal: signal() };
  const admitted = gateway.admit(method, given, caller, resource());
  if (uris.length === 0) return admitted;
  const watchAll = async (): Promise<void> => {
    await admitted;
    for (const uri of uris) {
      const off = await gateway.contents.subscribe(uri, caller, () => resourceUpdated(uri));
      if (caller.signal.aborted) off();
      else caller.signal.addEventListener('abort', off, { once: true });
    }
  };
  return watchAll();
}

/** @throws {ProtocolError} if they are too many, or no list */
function urisIn({ resourceSubscriptions: uris = [] }: Readonly<Record<string, unknown>>): readonly string[] {
  if (Array.isArray(uris) && uris.length <= MAX_WATCHED) return uris.map(String);
  throw new ProtocolError(ERROR.mapping, `\`resourceSubscriptions\` is a list of at most ${MAX_WATCHED} URIs`);
}

/**
 * Returns the code for an unknown method. COAZ-MCP denies it; MCP 2026-07-28 has a code and a status of its own,
 * which its clients use.
 */
function unknownMethodCode(params: Readonly<Record<string, unknown>>): number {
  return isModern(params) ? METHOD_NOT_FOUND : ERROR.denied;
}
