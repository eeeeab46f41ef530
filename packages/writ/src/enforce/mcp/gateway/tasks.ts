import { ProtocolError } from '@modelcontextprotocol/server';
import { callerText, type Permit, requestBy } from '@writ/enforce';
import type { ListedAction } from '@writ/sdk/authzen';
import { table } from '../../../lib/table.js';
import { UpstreamError } from '../../errors.js';
import type { Upstream } from '../client/upstream.js';
import type { McpCaller } from '../protocol/caller.js';
import { ERROR, MISSING_CAPABILITY } from '../protocol/errors.js';
import { type CallResult, DECISION_META } from '../protocol/result.js';
import type { TaskHandles, TaskOf } from '../protocol/task-handle.js';
import { needsTasks } from '../protocol/tasks-extension.js';
import type { ContentsParts } from './contents.js';
import { refusal } from './denial.js';
import { answerOf, serverError, unsaidError } from './server-error.js';

type Json = Readonly<Record<string, unknown>>;
type Method = 'tasks/get' | 'tasks/update' | 'tasks/cancel';

interface TasksParts extends Omit<ContentsParts, 'seal'> {
  readonly handles: TaskHandles;
  /** Whether the schema has an action of that name. */
  readonly decides: (method: string) => boolean;
  /** Returns the actions that a call of a tool is decided as; undefined if that depends on its arguments. */
  readonly listed: (server: string, tool: string) => readonly ListedAction[] | undefined;
}

/** A call that became a task. */
interface BegunTask {
  readonly server: string;
  readonly tool: string;
  readonly permit: Permit;
}

/** The capability of a client that lets a server ask it that. */
const ASKED_WITH = table<string>({
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
});

/**
 * Calls that became tasks (MCP Tasks, the extension of 2026-07-28). A task belongs to its caller, who can use it only
 * while that could be permitted: by the actions `tasks/get`, `tasks/update` and `tasks/cancel` on `task::"<id>"` if
 * the schema has them, or else as a call of its tool. The result of a task is the outcome of its call.
 */
export class Tasks {
  constructor(private readonly parts: TasksParts) {}

  /** Whether any server has tasks. */
  get isOffered(): boolean {
    return this.parts.upstreams.some(({ contents }) => contents.tasks);
  }

  /** Returns the answer for a client whose call became a task. @throws {ProtocolError} if the task has no id */
  begun(upstream: Upstream, created: CallResult, { server, tool, permit }: BegunTask, caller: string): CallResult {
    const { taskId } = created;
    const { decisionId } = permit;
    if (typeof taskId !== 'string' || taskId === '')
      throw new ProtocolError(
        ERROR.decisionPoint,
        `${tool} was begun as a task that has no id; it may have been done`,
        { decisionId },
      );
    const { enforcer, handles } = this.parts;
    permit.onRevoked(() => {
      // No request is in flight whose abort would stop the task at the server.
      upstream.request('tasks/cancel', { taskId }, { takesTasks: true }).catch(() => undefined);
      void enforcer.continued(decisionId).done('unknown');
    });
    const handle = handles.sealed({ server, tool, taskId, decisionId }, caller);
    const shown = { ...stateOf(permit, created), taskId: handle, _meta: { [DECISION_META]: decisionId } };
    permit.leave();
    return shown;
  }

  /**
   * Returns the state of a task, and its result if it is completed. @throws {ProtocolError} if that is not permitted
   */
  async get(handle: string, caller: McpCaller): Promise<CallResult> {
    const task = await this.permitted('tasks/get', handle, caller);
    const state = await this.ask('tasks/get', task, {}, caller);
    const { status, result, error, inputRequests } = state;
    if (state.taskId !== task.taskId)
      throw new ProtocolError(ERROR.decisionPoint, `${task.server} answered for another task`);
    const permit = this.parts.enforcer.continued(task.decisionId);
    if (status === 'input_required') refuseUnaskable(inputRequests, caller);
    // Without its question a task cannot continue.
    if (status === 'input_required') permit.sent();
    const shown: CallResult = { ...stateOf(permit, state), taskId: handle };
    if (status === 'input_required' && shown.inputRequests === undefined)
      throw new ProtocolError(ERROR.decisionPoint, `${task.server} asks more than can be handed on`);
    if (status === 'failed' || status === 'cancelled') {
      const isFailed = status === 'failed';
      const result = isFailed ? { content: [], isError: true, error: error ?? null } : undefined;
      const why = { error: isFailed ? messageIn(error) : 'it was cancelled' };
      const ended = await permit.done(isFailed ? 'failed' : 'unknown', result, why);
      return ended.kind === 'accepted' ? { ...shown, ...(isFailed ? { error } : {}) } : { ...shown, ...UNSAID };
    }
    if (status !== 'completed') return shown;
    if (typeof result !== 'object' || result === null)
      throw new ProtocolError(ERROR.decisionPoint, `${task.server} says that it is completed, and gives no result`);
    return { ...shown, result: await this.parts.execution.complete(task.tool, permit, result as CallResult) };
  }

  /** Hands on the answers of the user. @throws {ProtocolError} if that is not permitted */
  async update(handle: string, inputResponses: Json, caller: McpCaller): Promise<CallResult> {
    const task = await this.permitted('tasks/update', handle, caller);
    await this.ask('tasks/update', task, { inputResponses }, caller);
    return {};
  }

  /** Cancels a task. @throws {ProtocolError} if that is not permitted */
  async cancel(handle: string, caller: McpCaller): Promise<CallResult> {
    const task = await this.permitted('tasks/cancel', handle, caller);
    await this.ask('tasks/cancel', task, {}, caller);
    return {};
  }

  private async permitted(method: Method, handle: string, caller: McpCaller): Promise<TaskOf> {
    if (caller.takesTasks !== true) throw needsTasks(method);
    const { client, carried } = caller;
    const task = this.parts.handles.opened(handle, callerText(client));
    if (task === undefined) throw new ProtocolError(ERROR.mapping, 'you have no such task');
    const { point, decides, enforcer, listed } = this.parts;
    const { subject, context } = requestBy(client);
    if (decides(method) || point.couldPermit === undefined) {
      const upstream = { server: task.server, tool: task.tool };
      const resource = { type: 'task', id: handle };
      const request = { subject, action: { name: method }, resource, context: { ...context, upstream } };
      const begun = await enforcer.begin({ name: method, requests: () => [request] }, caller);
      if (begun.kind !== 'permit') throw refusal(method, begun);
      // The result is that of the call.
      await begun.done('completed', null);
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

  private async ask(method: Method, task: TaskOf, params: Json, caller: McpCaller): Promise<CallResult> {
    const { server, taskId } = task;
    const upstream = this.parts.upstreams.find(({ name, contents }) => name === server && contents.tasks);
    if (upstream === undefined) throw new ProtocolError(ERROR.mapping, `no server here has tasks of ${server}`);
    const { signal, carried, input } = caller;
    try {
      return await upstream.request(method, { taskId, ...params }, { signal, carried, input, takesTasks: true });
    } catch (error) {
      if (ProtocolError.isInstance(error)) {
        const isTakenIn = this.parts.enforcer.continued(task.decisionId).handOn(answerOf(error));
        throw isTakenIn ? serverError(error, task.decisionId) : unsaidError(method, task.decisionId, error);
      }
      const how = error instanceof UpstreamError ? '; try again later' : '';
      throw new ProtocolError(ERROR.decisionPoint, `${server} did not answer ${method}${how}`);
    }
  }
}

/** Returns a state of a task for its client. All that it says is learned with the outcome, or is left out. */
function stateOf(permit: Permit, state: CallResult): CallResult {
  const plain = Object.entries(state).filter(([name, value]) => PLAIN[name]?.(value) === true);
  const { result: _1, error: _2, taskId: _3, ...rest } = state;
  const more = Object.entries(rest).filter(([name, value]) => PLAIN[name]?.(value) !== true);
  const isTakenIn = more.length === 0 || permit.handOn(Object.fromEntries(more));
  return Object.fromEntries(isTakenIn ? [...plain, ...more] : plain);
}

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isTime = (value: unknown): boolean => typeof value === 'string' && /^[0-9T:.Z+-]{10,35}$/.test(value);
const STATUSES: ReadonlySet<unknown> = new Set(['working', 'input_required', 'completed', 'failed', 'cancelled']);
/** The members of a state that say nothing but how far a task is. */
const PLAIN = table<(value: unknown) => boolean>({
  resultType: (value) => value === 'task' || value === 'complete',
  status: (value) => STATUSES.has(value),
  createdAt: isTime,
  lastUpdatedAt: isTime,
  ttlMs: (value) => value === null || isNumber(value),
  pollIntervalMs: isNumber,
});
const UNSAID = { error: { code: ERROR.decisionPoint, message: 'it failed; what its server said is withheld' } };

/** Refuses questions that the client does not declare that it can be asked. */
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
