import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  ProtocolError,
  Server,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { Contents } from '../gateway/contents.js';
import type { Gateway } from '../gateway/gateway.js';
import type { Tasks } from '../gateway/tasks.js';
import type { McpCaller } from '../protocol/caller.js';
import { ERROR } from '../protocol/errors.js';
import { GATEWAY_INFO } from '../protocol/gateway-info.js';
import { TASKS_EXTENSION, takesTasks } from '../protocol/tasks-extension.js';
import { askable, type UserInput } from '../protocol/user-input.js';
import { MAX_WATCHED } from './admission.js';
import { callTool } from './call-tool.js';
import { ExactAnswers } from './exact-answers.js';
import { JUSTIFICATION } from './justification.js';
import { progressOf } from './progress.js';
import { callerIn, type RequestContext } from './request-context.js';

/**
 * Returns an MCP server as clients of the gateway see it. It has no method but those below.
 *
 * @param extra capabilities that another handler serves
 */
export function mcpServer(
  gateway: Gateway,
  contextOf: (context: ServerContext) => RequestContext,
  extra: ServerCapabilities = {},
): Server {
  const { contents } = gateway;
  const { offers } = contents;
  const { notice } = gateway;
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
        ...extra,
      },
      ...(notice === undefined ? {} : { instructions: notice }),
    },
  );
  const exact = new ExactAnswers(server);
  // In MCP 2026-07-28 each request has the capabilities.
  const capabilitiesOf = ({ mcpReq }: ServerContext): ClientCapabilities | undefined =>
    (mcpReq.envelope as Record<string, ClientCapabilities> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ??
    server.getClientCapabilities();
  const callerOf = (meta: Record<string, unknown> | undefined, context: ServerContext): McpCaller => {
    const request = contextOf(context);
    const capabilities = capabilitiesOf(context);
    const input = inputOf(context, capabilities);
    return { ...callerIn(request, meta), signal: context.mcpReq.signal, input, takesTasks: takesTasks(capabilities) };
  };
  server.setRequestHandler('tools/list', async (request, context) => {
    return { tools: await gateway.tools.list(callerOf(request.params?._meta, context)) };
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const { answered } = contextOf(context);
    const { name, arguments: input = {}, _meta: meta } = params;
    const { mcpReq } = context;
    const progress = progressOf(meta?.progressToken, (notification) => mcpReq.notify(notification));
    const call = { name, input, capabilities: capabilitiesOf(context), responses: mcpReq.inputResponses };
    const made = () => answered ?? callTool(gateway, call, { ...callerOf(meta, context), ...progress });
    return (await exact.of(made, context)) as never;
  });
  if (offers.resources) {
    server.setRequestHandler('resources/list', async (request, context) => ({
      resources: await contents.resources(callerOf(request.params?._meta, context)),
    }));
    server.setRequestHandler('resources/templates/list', async (request, context) => ({
      resourceTemplates: await contents.templates(callerOf(request.params?._meta, context)),
    }));
    server.setRequestHandler('resources/read', async ({ params }, context) => {
      return (await exact.of(() => contents.read(params.uri, callerOf(params._meta, context)), context)) as never;
    });
  }
  if (offers.prompts) {
    server.setRequestHandler('prompts/list', async (request, context) => ({
      prompts: await contents.prompts(callerOf(request.params?._meta, context)),
    }));
    server.setRequestHandler('prompts/get', async ({ params }, context) => {
      const { name, arguments: input = {}, _meta: meta } = params;
      return (await exact.of(() => contents.prompt(name, input, callerOf(meta, context)), context)) as never;
    });
  }
  if (offers.completions)
    server.setRequestHandler('completion/complete', async ({ params }, context) => {
      return (await exact.of(() => contents.complete(params, callerOf(params._meta, context)), context)) as never;
    });
  if (gateway.tasks.isOffered) taskRequests(server, exact, gateway.tasks, callerOf);
  if (offers.subscriptions) subscriptions(server, contents, callerOf);
  return server;
}

/** Handles `resources/subscribe` of the revisions that have connections. A subscription ends with its connection. */
function subscriptions(
  server: Server,
  contents: Contents,
  callerOf: (meta: Record<string, unknown> | undefined, context: ServerContext) => McpCaller,
): void {
  const watched = new Map<string, () => void>();
  const off = (uri: string): void => {
    watched.get(uri)?.();
    watched.delete(uri);
  };
  server.setRequestHandler('resources/subscribe', async ({ params: { uri, _meta: meta } }, context) => {
    // Without a connection nobody can be notified.
    if (context.http !== undefined && context.sessionId === undefined)
      throw new ProtocolError(ERROR.mapping, 'subscribe in a session: begin with initialize');
    if (watched.size >= MAX_WATCHED) throw new ProtocolError(ERROR.mapping, `${MAX_WATCHED} are subscribed to already`);
    const end = await contents.subscribe(uri, callerOf(meta, context), () => {
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

/** Handles the requests of the Tasks extension. */
function taskRequests(
  server: Server,
  exact: ExactAnswers,
  tasks: Tasks,
  callerOf: (meta: Record<string, unknown> | undefined, context: ServerContext) => McpCaller,
): void {
  const caller = (context: ServerContext): McpCaller => callerOf(context.mcpReq._meta, context);
  server.setRequestHandler('tasks/get', { params: taskParams }, async ({ taskId }, context) => {
    return (await exact.of(() => tasks.get(taskId, caller(context)), context)) as never;
  });
  server.setRequestHandler('tasks/update', { params: taskParams }, async ({ taskId }, context) => {
    // The SDK removes them from the parameters of every request.
    const responses = context.mcpReq.inputResponses ?? {};
    return (await exact.of(() => tasks.update(taskId, responses, caller(context)), context)) as never;
  });
  server.setRequestHandler('tasks/cancel', { params: taskParams }, async ({ taskId }, context) => {
    return (await exact.of(() => tasks.cancel(taskId, caller(context)), context)) as never;
  });
}

/**
 * Returns the questions that a server may ask the user: in its answer (MCP 2026-07-28), or over the session of the
 * client.
 */
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
