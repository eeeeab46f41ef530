import { CLIENT_CAPABILITIES_META_KEY, METHOD_NOT_FOUND, ProtocolError } from '@modelcontextprotocol/server';
import { isObject } from '../../../lib/is-object.js';
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
 * Decides what a request is before any server of ours sees it: what concerns the gateway as a whole, what is not known, and which resources a
 * client may hear of (`subscriptions/listen` of 2026-07-28), until the client is gone.
 *
 * @returns undefined when there is nothing to decide
 * @throws {ProtocolError} when it may not go on
 */
export function admit(
  gateway: Gateway,
  { method, params, id }: Readonly<Record<string, unknown>>,
  { context, signal, resource, resourceUpdated }: Admission,
): Promise<void> | undefined {
  // An answer to what we asked, and a notification, ask for nothing. Most requests are of one thing, and decided with it.
  if (typeof method !== 'string' || id === undefined || !gateway.isDecidedAtOnce(method)) return undefined;
  const given = (params ?? {}) as Record<string, unknown>;
  if (kindOfMethod(method) === 'unknown')
    throw new ProtocolError(unknownMethodCode(given), `${method} is not permitted: the gateway does not know it`);
  const meta = given._meta as Record<string, unknown> | undefined;
  const notifications = isObject(given.notifications) ? given.notifications : {};
  // It is told of no task, and is not left to wait for that in the belief that it asked rightly.
  if ('taskIds' in notifications && !takesTasks(meta?.[CLIENT_CAPABILITIES_META_KEY]))
    throw needsTasks(`${method} for tasks`);
  const uris = method === 'subscriptions/listen' ? urisIn(notifications) : [];
  const asked = { ...callerIn(context, meta), signal: signal() };
  const admitted = gateway.admit(method, given, asked, resource());
  if (uris.length === 0) return admitted;
  const watchAll = async (): Promise<void> => {
    await admitted;
    for (const uri of uris) {
      const off = await gateway.contents.subscribe(uri, asked, () => resourceUpdated(uri));
      if (asked.signal.aborted) off();
      else asked.signal.addEventListener('abort', off, { once: true });
    }
  };
  return watchAll();
}

/** @throws {ProtocolError} if they are too many, or no list */
function urisIn({ resourceSubscriptions: uris = [] }: Readonly<Record<string, unknown>>): readonly string[] {
  if (Array.isArray(uris) && uris.length <= MAX_WATCHED) return uris.map(String);
  throw new ProtocolError(ERROR.mapping, `\`resourceSubscriptions\` is a list of at most ${MAX_WATCHED} URIs`);
}

/** COAZ-MCP has it denied; MCP 2026-07-28 has a code and a status of its own for it, and its clients go by that. */
function unknownMethodCode(params: Readonly<Record<string, unknown>>): number {
  return isModern(params) ? METHOD_NOT_FOUND : ERROR.denied;
}
