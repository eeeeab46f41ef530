import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  METHOD_NOT_FOUND,
  ProtocolError,
  Server,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { sameUid } from '@writ/cedar';
import { z } from 'zod';
import { carriedIn, originatorIn } from '../../carried.js';
import { JustificationNeeded } from '../../errors.js';
import type { Contents } from '../gateway/contents.js';
import type { Gateway } from '../gateway/gateway.js';
import { needsTasks, type Tasks, takesTasks } from '../gateway/tasks.js';
import type { CallingClient, McpCaller } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { GATEWAY_INFO } from '../protocol/gateway-info.js';
import { isObject } from '../protocol/message.js';
import { kindOfMethod } from '../protocol/methods.js';
import type { CallResult } from '../protocol/result.js';
import { isModern } from '../protocol/revision.js';
import { TASKS_EXTENSION } from '../protocol/task-handle.js';
import { askable, type UserInput } from '../protocol/user-input.js';
import { askForJustification, JUSTIFICATION, justificationIn } from './justification.js';
import { type Progress, progressOf } from './progress.js';

const MAX_WATCHED = 100;

/** Who calls, and the transaction token that its calls have when they come with none. */
export interface IdentifiedClient {
  readonly client: CallingClient;
  readonly txnToken: string | undefined;
}

/** What one request came with. */
export interface RequestContext extends IdentifiedClient {
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Where it was sent, for proofs that name it. */
  readonly url?: string;
  /** What a call that was made already came to. */
  readonly answered?: Promise<CallResult>;
}

/**
 * An MCP server for clients of the gateway. It has no method but those below.
 *
 * @param more what somebody else answers
 */
export function mcpServer(
  gateway: Gateway,
  contextOf: (context: ServerContext) => RequestContext,
  more: ServerCapabilities = {},
): Server {
  const { contents } = gateway;
  const { offers } = contents;
  const server: Server = new Server(
    { ...GATEWAY_INFO },
    {
      capabilities: {
        tools: { listChanged: true },
        ...(offers.resources
          ? { resources: { listChanged: true, ...(offers.subscriptions ? { subscribe: true } : {}) } }
          : {}),
        ...(offers.prompts ? { prompts: { listChanged: true } } : {}),
        ...(offers.completions ? { completions: {} } : {}),
        ...(gateway.tasks.isOffered ? { extensions: { [TASKS_EXTENSION]: {} } } : {}),
        ...more,
      },
    },
  );
  // Of a client of 2026-07-28 each request says it.
  const capabilitiesOf = ({ mcpReq }: ServerContext): ClientCapabilities | undefined =>
    (mcpReq.envelope as Record<string, ClientCapabilities> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ??
    server.getClientCapabilities();
  const askedBy = (meta: Record<string, unknown> | undefined, context: ServerContext): McpCaller => {
    const came = contextOf(context);
    const capabilities = capabilitiesOf(context);
    const input = inputOf(context, capabilities);
    return { ...callerIn(came, meta), signal: context.mcpReq.signal, input, takesTasks: takesTasks(capabilities) };
  };
  server.setRequestHandler('tools/list', async (request, context) => {
    const { client, carried } = askedBy(request.params?._meta, context);
    return { tools: await gateway.tools(client, carried) };
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const { answered } = contextOf(context);
    if (answered !== undefined) return (await answered) as never;
    const { name, arguments: input = {}, _meta: meta } = params;
    const { mcpReq } = context;
    const progress = progressOf(meta?.progressToken, (notification) => mcpReq.notify(notification));
    const call = { name, input, capabilities: capabilitiesOf(context), responses: mcpReq.inputResponses };
    return (await callTool(gateway, call, { ...askedBy(meta, context), ...progress })) as never;
  });
  if (offers.resources) {
    server.setRequestHandler('resources/list', async (request, context) => ({
      resources: await contents.resources(askedBy(request.params?._meta, context)),
    }));
    server.setRequestHandler('resources/templates/list', async (request, context) => ({
      resourceTemplates: await contents.templates(askedBy(request.params?._meta, context)),
    }));
    server.setRequestHandler('resources/read', async ({ params }, context) => {
      return (await contents.read(params.uri, askedBy(params._meta, context))) as never;
    });
  }
  if (offers.prompts) {
    server.setRequestHandler('prompts/list', async (request, context) => ({
      prompts: await contents.prompts(askedBy(request.params?._meta, context)),
    }));
    server.setRequestHandler('prompts/get', async ({ params }, context) => {
      return (await contents.prompt(params.name, params.arguments ?? {}, askedBy(params._meta, context))) as never;
    });
  }
  if (offers.completions)
    server.setRequestHandler('completion/complete', async ({ params }, context) => {
      return (await contents.complete(params, askedBy(params._meta, context))) as never;
    });
  if (gateway.tasks.isOffered) taskRequests(server, gateway.tasks, askedBy);
  if (offers.subscriptions) subscriptions(server, contents, askedBy);
  return server;
}

interface ToolCall {
  readonly name: string;
  readonly input: Record<string, unknown>;
  /** Of the client. */
  readonly capabilities: ClientCapabilities | undefined;
  /** What its user was asked and said. */
  readonly responses?: Record<string, unknown> | undefined;
}

/** Calls a tool for a client; what it answers may be a question to the client's user. @throws {ProtocolError} */
export async function callTool(
  gateway: Gateway,
  { name, input, capabilities, responses }: ToolCall,
  { client, ...asked }: McpCaller & Partial<Progress>,
): Promise<CallResult> {
  const justification = justificationIn(responses, capabilities);
  try {
    return await gateway.call(client, name, input, { ...asked, justification });
  } catch (error) {
    if (!(error instanceof JustificationNeeded)) throw error;
    return askForJustification(name, error.message);
  }
}

interface Admission {
  readonly came: RequestContext;
  /** Aborted when the client is gone. */
  readonly signal: () => AbortSignal;
  /** The gateway's resource identifier, as its clients know it. */
  readonly resource: () => string;
  /** Tells the client that a resource changed. */
  readonly told: (uri: string) => void;
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
  { came, signal, resource, told }: Admission,
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
  const asked = { ...callerIn(came, meta), signal: signal() };
  const admitted = gateway.admit(method, given, asked, resource());
  if (method !== 'subscriptions/listen') return admitted;
  const { resourceSubscriptions: uris = [] } = notifications;
  if (!Array.isArray(uris) || uris.length > MAX_WATCHED)
    throw new ProtocolError(ERROR.mapping, `\`resourceSubscriptions\` is a list of ${MAX_WATCHED} URIs at most`);
  const watchAll = async (): Promise<void> => {
    await admitted;
    for (const uri of uris.map(String)) {
      const off = await gateway.contents.subscribe(uri, asked, () => told(uri));
      if (asked.signal.aborted) off();
      else asked.signal.addEventListener('abort', off, { once: true });
    }
  };
  return watchAll();
}

/** COAZ-MCP has it denied; MCP 2026-07-28 has a code and a status of its own for it, and its clients go by that. */
function unknownMethodCode(params: Readonly<Record<string, unknown>>): number {
  return isModern(params) ? METHOD_NOT_FOUND : ERROR.denied;
}

/** `resources/subscribe` of the revisions that have connections: until it is called off, or the connection ends. */
function subscriptions(
  server: Server,
  contents: Contents,
  askedBy: (meta: Record<string, unknown> | undefined, context: ServerContext) => McpCaller,
): void {
  const watched = new Map<string, () => void>();
  const off = (uri: string): void => {
    watched.get(uri)?.();
    watched.delete(uri);
  };
  server.setRequestHandler('resources/subscribe', async ({ params: { uri, _meta: meta } }, context) => {
    // Where there is no connection there is nobody to tell.
    if (context.http !== undefined && context.sessionId === undefined)
      throw new ProtocolError(ERROR.mapping, 'subscribe in a session: begin with initialize');
    if (watched.size >= MAX_WATCHED) throw new ProtocolError(ERROR.mapping, `${MAX_WATCHED} are subscribed to already`);
    const end = await contents.subscribe(uri, askedBy(meta, context), () => {
      server.sendResourceUpdated({ uri }).catch(() => undefined);
    });
    off(uri);
    watched.set(uri, end);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', async ({ params: { uri } }) => {
    off(uri);
    return {};
  });
  server.onclose = () => {
    for (const uri of [...watched.keys()]) off(uri);
  };
}

const taskParams = z.looseObject({ taskId: z.string().min(1).max(8_192) });

/** The requests of the Tasks extension. */
function taskRequests(
  server: Server,
  tasks: Tasks,
  askedBy: (meta: Record<string, unknown> | undefined, context: ServerContext) => McpCaller,
): void {
  const asked = (context: ServerContext): McpCaller => askedBy(context.mcpReq._meta, context);
  server.setRequestHandler('tasks/get', { params: taskParams }, async ({ taskId }, context) => {
    return (await tasks.get(taskId, asked(context))) as never;
  });
  server.setRequestHandler('tasks/update', { params: taskParams }, async ({ taskId }, context) => {
    // The SDK takes them out of the parameters of any request.
    return (await tasks.update(taskId, context.mcpReq.inputResponses ?? {}, asked(context))) as never;
  });
  server.setRequestHandler('tasks/cancel', { params: taskParams }, async ({ taskId }, context) => {
    return (await tasks.cancel(taskId, asked(context))) as never;
  });
}

/** Who asks, and what comes with it. */
export function callerIn(
  { client, txnToken, headers, url }: RequestContext,
  meta: Record<string, unknown> | undefined,
): Omit<McpCaller, 'signal'> {
  const came = carriedIn(meta, headers, url);
  const carried = came.txnToken === undefined ? { ...came, txnToken } : came;
  return { client: workingFor(client, came.txnToken), carried };
}

/** What a server may ask the user of a client: in the answer (MCP 2026-07-28), or over the session that the client has. */
function inputOf({ mcpReq }: ServerContext, capabilities: ClientCapabilities | undefined): UserInput | undefined {
  const can = askable(capabilities);
  if (can === undefined) return undefined;
  const { [JUSTIFICATION]: _ours, ...responses } = mcpReq.inputResponses ?? {};
  const state: unknown = mcpReq.requestState();
  return {
    capabilities: can,
    ...(mcpReq.inputResponses === undefined ? {} : { responses }),
    ...(typeof state === 'string' ? { state } : {}),
  };
}

/**
 * A client that is known by a credential of its own, and comes with the token of a task that it was handed, works for whom the token
 * names. That name is believed only when the token is: a request for somebody else than its token is refused.
 */
function workingFor(client: CallingClient, txnToken: string | undefined): CallingClient {
  if (txnToken === undefined || client.agent !== undefined) return client;
  const named = originatorIn(txnToken);
  if (named === undefined || sameUid(named, client.originator)) return client;
  return { ...client, originator: named, agent: client.originator };
}
