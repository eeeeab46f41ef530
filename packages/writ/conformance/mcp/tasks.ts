import { randomUUID } from 'node:crypto';
import {
  CLIENT_CAPABILITIES_META_KEY,
  fromJsonSchema,
  inputRequired,
  inputResponse,
  type McpServer,
  ProtocolError,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

/** The tools that the tests of the Tasks extension expect, and the tasks that their calls become. */

export const TASKS = 'io.modelcontextprotocol/tasks';

type Json = Record<string, unknown>;

interface Task {
  readonly createdAt: string;
  /** What is still asked of the user, by its key. */
  readonly asks: Map<string, unknown>;
  readonly answers: Json;
  /** What it comes to, once nothing is asked any more. */
  readonly come: (answers: Json) => Json;
  /** When it is done; milliseconds since the epoch. */
  readonly until: number;
  isCancelled: boolean;
}

const held = new Map<string, Task>();
const text = (said: string, more: Json = {}): Json => ({ content: [{ type: 'text', text: said }], ...more });
const confirmation = (message: string): unknown => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: { type: 'object', properties: { confirm: { type: 'boolean' } }, required: ['confirm'] },
  },
});

export function taskTools(server: McpServer): void {
  const tool = (name: string, answer: (input: Json, context: ServerContext) => Json): void => {
    const any = fromJsonSchema({ type: 'object', properties: ARGUMENTS[name] ?? {} } as never);
    server.registerTool(
      name,
      { description: name, inputSchema: any },
      async (input, context) => answer((input ?? {}) as Json, context) as never,
    );
  };
  tool('greet', ({ name }) => text(`Hello, ${String(name)}!`));
  tool('slow_compute', ({ seconds, label }, context) => {
    const done = (): Json => ({ result: text(`computed ${String(label)}`) });
    return takes(context) ? begun(Number(seconds), done) : text(`computed ${String(label)}`);
  });
  tool('failing_job', () => begun(0.2, () => ({ result: text('it failed', { isError: true }) })));
  tool('protocol_error_job', () => begun(0.2, () => ({ error: { code: -32_603, message: 'it broke' } })));
  tool('confirm_delete', ({ filename }) => {
    const asks = { confirm: confirmation(`delete ${String(filename)}?`) };
    return begun(0, () => ({ result: text(`deleted ${String(filename)}`) }), asks);
  });
  tool('multi_input', () => {
    const asks = { first: confirmation('the first?'), second: confirmation('the second?') };
    return begun(0, (answers) => ({ result: text(JSON.stringify(answers)) }), asks);
  });
  tool('test_tool_with_task', (_input, context) => {
    const view = inputResponse(context.mcpReq.inputResponses, 'user_name');
    if (view.kind === 'elicit') return begun(0, () => ({ result: text(`for ${JSON.stringify(view.content)}`) }));
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } };
    return inputRequired({
      inputRequests: { user_name: inputRequired.elicit({ message: 'What is your name?', requestedSchema }) },
    }) as never;
  });
  requests(server);
}

/** `McpServer` makes a result of whatever a tool throws; that a client needs a capability stays an error. */
export function keepErrors({ server }: McpServer): void {
  const set = server.setRequestHandler.bind(server) as (...given: unknown[]) => void;
  const keep = (method: string, ...rest: unknown[]): void => {
    const [answer] = rest as [(request: Json, context: ServerContext) => Promise<Json>];
    const checked = (request: Json, context: ServerContext): Promise<Json> => {
      if (NEEDING.has(String((request.params as Json).name))) needed(context);
      return answer(request, context);
    };
    if (method === 'tools/call') set(method, checked);
    else set(method, ...rest);
  };
  server.setRequestHandler = keep as typeof server.setRequestHandler;
}

const NEEDING: ReadonlySet<string> = new Set([
  ...['failing_job', 'protocol_error_job', 'confirm_delete', 'multi_input', 'test_tool_with_task'],
]);
const ARGUMENTS: Readonly<Record<string, object>> = {
  greet: { name: { type: 'string' } },
  slow_compute: { seconds: { type: 'integer' }, label: { type: 'string' } },
  confirm_delete: { filename: { type: 'string' } },
};

function requests({ server }: McpServer): void {
  const params = z.looseObject({ taskId: z.string() });
  server.setRequestHandler('tasks/get', { params }, ({ taskId }, context) => {
    needed(context);
    return stateOf(taskId, found(taskId)) as never;
  });
  server.setRequestHandler('tasks/update', { params }, ({ taskId }, context) => {
    needed(context);
    const { asks, answers } = found(taskId);
    for (const [key, answer] of Object.entries(context.mcpReq.inputResponses ?? {}))
      if (asks.delete(key)) answers[key] = answer;
    return {};
  });
  server.setRequestHandler('tasks/cancel', { params }, ({ taskId }, context) => {
    needed(context);
    const task = found(taskId);
    if (stateOf(taskId, task).status !== 'completed') task.isCancelled = true;
    return {};
  });
}

function begun(seconds: number, come: Task['come'], asks: Json = {}): Json {
  const [id, now] = [randomUUID(), Date.now()];
  const task: Task = {
    ...{ createdAt: new Date(now).toISOString(), asks: new Map(Object.entries(asks)), answers: {}, come },
    until: now + seconds * 1_000,
    isCancelled: false,
  };
  held.set(id, task);
  return { resultType: 'task', ...common(id, task), status: 'working' };
}

function common(taskId: string, { createdAt }: Task): Json {
  return { taskId, createdAt, lastUpdatedAt: new Date().toISOString(), ttlMs: 600_000, pollIntervalMs: 100 };
}

function stateOf(id: string, task: Task): Json {
  const here = common(id, task);
  if (task.isCancelled) return { ...here, status: 'cancelled' };
  if (task.asks.size > 0) return { ...here, status: 'input_required', inputRequests: Object.fromEntries(task.asks) };
  if (Date.now() < task.until) return { ...here, status: 'working' };
  const come = task.come(task.answers);
  return { ...here, status: come.error === undefined ? 'completed' : 'failed', ...come };
}

function found(id: string): Task {
  const task = held.get(id);
  if (task === undefined) throw new ProtocolError(-32_602, 'Task not found');
  return task;
}

function takes({ mcpReq }: ServerContext): boolean {
  const can = (mcpReq.envelope as Json | undefined)?.[CLIENT_CAPABILITIES_META_KEY] as
    | { extensions?: Json }
    | undefined;
  return can?.extensions?.[TASKS] !== undefined;
}

function needed(context: ServerContext): void {
  if (takes(context)) return;
  throw new ProtocolError(-32_021, 'this is for clients that have tasks', {
    requiredCapabilities: { extensions: { [TASKS]: {} } },
  });
}
