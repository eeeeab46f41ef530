import { ProtocolError } from '@modelcontextprotocol/server';
import type { ListedAction } from '../../../decide/could-permit.js';
import { isPermitted } from '../../../decide/decision.js';
import { UpstreamError } from '../../errors.js';
import type { Upstream } from '../client/upstream.js';
import { callerText, type McpCaller, requestBy } from '../protocol/caller.js';
import { ERROR, MISSING_CAPABILITY } from '../protocol/errors.js';
import type { CallResult } from '../protocol/result.js';
import type { TaskHandles, TaskOf } from '../protocol/task-handle.js';
import { needsTasks } from '../protocol/tasks-extension.js';
import type { ContentsParts } from './contents.js';
import { denial } from './denial.js';

type Json = Readonly<Record<string, unknown>>;
type Method = 'tasks/get' | 'tasks/update' | 'tasks/cancel';

interface TasksParts extends Omit<ContentsParts, 'seal'> {
  readonly handles: TaskHandles;
  /** Whether the schema has an action of that name. */
  readonly decides: (method: string) => boolean;
  /** What a call of a tool is decided as; undefined when that depends on its arguments. */
  readonly listed: (server: string, tool: string) => readonly ListedAction[] | undefined;
}

/** Which capability of a client lets a server ask it that. */
const ASKED_WITH: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/**
 * Calls that became tasks (MCP Tasks, the extension of 2026-07-28). A task is its caller's, and goes on only while it could be permitted: by
 * the schema's `tasks/get`, `tasks/update` and `tasks/cancel` on `task::"<id>"`, or else as its tool could. What it came to is its call's outcome.
 */
export class Tasks {
  constructor(private readonly parts: TasksParts) {}

  /** Whether any server has them. */
  get isOffered(): boolean {
    return this.parts.upstreams.some(({ contents }) => contents.tasks);
  }

  /** What a client gets whose call became a task. @throws {ProtocolError} for one that no client could ask about */
  begun(upstream: Upstream, created: CallResult, of: Omit<TaskOf, 'taskId'>, caller: string): CallResult {
    const { taskId } = created;
    if (typeof taskId !== 'string' || taskId === '')
      throw new ProtocolError(
        ERROR.decisionPoint,
        `${of.tool} was begun as a task that has no id; it may have been done`,
        {
          decisionId: of.decisionId,
        },
      );
    const { point, execution } = this.parts;
    point.onRevoked?.(of.decisionId, () => {
      // It goes on at the server, and nobody is told of it by a request that ends.
      upstream.request('tasks/cancel', { taskId }, { takesTasks: true }).catch(() => undefined);
      void execution.report({ id: of.decisionId }, 'unknown');
    });
    return { ...created, taskId: this.parts.handles.sealed({ ...of, taskId }, caller) };
  }

  /** How far it is, and what it came to. @throws {ProtocolError} */
  async get(handle: string, asked: McpCaller): Promise<CallResult> {
    const task = await this.permitted('tasks/get', handle, asked);
    const state = await this.ask('tasks/get', task, {}, asked);
    const { status, result, error, inputRequests } = state;
    if (state.taskId !== task.taskId)
      throw new ProtocolError(ERROR.decisionPoint, `${task.server} answered for another task`);
    const { execution } = this.parts;
    const decision = { id: task.decisionId };
    if (status === 'failed') await execution.report(decision, 'failed', undefined, { error: messageIn(error) });
    if (status === 'cancelled') await execution.report(decision, 'unknown', undefined, { error: 'it was cancelled' });
    if (status === 'input_required') refuseUnaskable(inputRequests, asked);
    if (status !== 'completed') return { ...state, taskId: handle };
    if (typeof result !== 'object' || result === null)
      throw new ProtocolError(ERROR.decisionPoint, `${task.server} says that it is completed, and gives no result`);
    return { ...state, taskId: handle, result: await execution.complete(task.tool, decision, result as CallResult) };
  }

  /** Hands on what the user answered. @throws {ProtocolError} */
  async update(handle: string, inputResponses: Json, asked: McpCaller): Promise<CallResult> {
    const task = await this.permitted('tasks/update', handle, asked);
    await this.ask('tasks/update', task, { inputResponses }, asked);
    return {};
  }

  /** @throws {ProtocolError} */
  async cancel(handle: string, asked: McpCaller): Promise<CallResult> {
    const task = await this.permitted('tasks/cancel', handle, asked);
    await this.ask('tasks/cancel', task, {}, asked);
    return {};
  }

  private async permitted(method: Method, handle: string, asked: McpCaller): Promise<TaskOf> {
    if (asked.takesTasks !== true) throw needsTasks(method);
    const { client, carried } = asked;
    const task = this.parts.handles.opened(handle, callerText(client));
    if (task === undefined) throw new ProtocolError(ERROR.mapping, 'you have no such task');
    const { point, decides, decide, listed, execution } = this.parts;
    const { subject, context } = requestBy(client);
    if (decides(method) || point.couldPermit === undefined) {
      const upstream = { server: task.server, tool: task.tool };
      const resource = { type: 'task', id: handle };
      const request = { subject, action: { name: method }, resource, context: { ...context, upstream } };
      const { decision, asked: waits, release } = await decide(request, asked);
      release?.();
      if (!isPermitted(decision)) throw denial(method, decision, waits);
      await execution.report(decision, 'completed');
      return task;
    }
    const actions = listed(task.server, task.tool) ?? [{ action: method, resource: { type: 'task' } }];
    const could = await point.couldPermit(requestBy(client), actions, carried);
    if (could.length === 0 || could.includes(false))
      throw new ProtocolError(
        ERROR.denied,
        `${method} was not permitted: ${task.tool} is not permitted to you any more`,
        {
          decisionId: task.decisionId,
        },
      );
    return task;
  }

  private async ask(method: Method, task: TaskOf, params: Json, asked: McpCaller): Promise<CallResult> {
    const { server, taskId } = task;
    const upstream = this.parts.upstreams.find(({ name, contents }) => name === server && contents.tasks);
    if (upstream === undefined) throw new ProtocolError(ERROR.mapping, `no server here has tasks of ${server}`);
    const { signal, carried, input } = asked;
    try {
      return await upstream.request(method, { taskId, ...params }, { signal, carried, input, takesTasks: true });
    } catch (error) {
      if (ProtocolError.isInstance(error)) {
        const code =
          error.code === ERROR.mapping || error.code === MISSING_CAPABILITY ? error.code : ERROR.decisionPoint;
        throw new ProtocolError(code, error.message, code === MISSING_CAPABILITY ? error.data : undefined);
      }
      const how = error instanceof UpstreamError ? '; try again later' : '';
      throw new ProtocolError(ERROR.decisionPoint, `${server} did not answer ${method}${how}`);
    }
  }
}

/** A server asks its client nothing that the client does not say that it can be asked. */
function refuseUnaskable(requests: unknown, { input }: McpCaller): void {
  for (const { method } of Object.values((requests ?? {}) as Record<string, { readonly method?: unknown }>)) {
    const capability = ASKED_WITH[String(method)];
    if (capability !== undefined && input?.capabilities[capability] !== undefined) continue;
    throw new ProtocolError(MISSING_CAPABILITY, `the task asks its user something with ${String(method)}`, {
      requiredCapabilities: capability === undefined ? {} : { [capability]: {} },
    });
  }
}

function messageIn(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'it failed';
}
