// A real MCP server of 2026-07-28 whose calls become tasks (the Tasks extension). Over stdio, or over HTTP on a port that is given; it
// writes down what it did.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, ProtocolError, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const [, , journal, port] = process.argv;
const TASKS = 'io.modelcontextprotocol/tasks';
const did = (what) => appendFileSync(journal, `${what}\n`);
const tasks = new Map();
const names = ['slow', 'fails', 'breaks', 'asks', 'stays', 'liar', 'deep', 'quick', 'needs', 'unasked', 'noid'];
const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
const content = (text) => [{ type: 'text', text }];

function stateOf(id) {
  const task = tasks.get(id);
  if (task === undefined) throw new ProtocolError(-32_602, 'Task not found');
  task.polls += 1;
  const now = new Date().toISOString();
  const common = { taskId: id, createdAt: now, lastUpdatedAt: now, ttlMs: 60_000, pollIntervalMs: 10 };
  if (task.cancelled) return { ...common, status: 'cancelled' };
  if (task.name === 'liar') return { ...common, taskId: [...tasks.keys()][0], status: 'working' };
  if (task.name === 'stays' || task.polls === 1) return { ...common, status: 'working' };
  if (task.name === 'breaks') return { ...common, status: 'failed', error: { code: -32_603, message: 'it broke' } };
  if (task.name === 'asks' && task.answer === undefined) {
    const params = { message: 'sure?', requestedSchema: { type: 'object', properties: {} } };
    return { ...common, status: 'input_required', inputRequests: { sure: { method: 'elicitation/create', params } } };
  }
  let result = { content: content(task.answer ?? `did ${task.name} ${task.text}`), isError: task.name === 'fails' };
  if (task.name === 'deep') for (let i = 0; i < 300; i += 1) result = { content: [], inner: result };
  return { ...common, status: 'completed', result };
}

function made() {
  const server = new Server(
    { name: 'tasks', version: '1.0.0' },
    { capabilities: { tools: {}, extensions: { [TASKS]: {} } } },
  );
  const taskId = z.looseObject({ taskId: z.string() });
  server.setRequestHandler('tools/list', () => ({
    tools: names.map((name) => ({ name, description: name, inputSchema })),
  }));
  server.setRequestHandler('tools/call', ({ params: { name, arguments: input } }, { mcpReq }) => {
    const can = mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities']?.extensions?.[TASKS] !== undefined;
    did(`${name} ${can ? 'may be' : 'is no'} task`);
    if (name === 'needs' && !can)
      throw new ProtocolError(-32_021, 'Missing', { requiredCapabilities: { extensions: { [TASKS]: {} } } });
    if (name === 'quick' || (!can && name !== 'unasked')) return { content: content(`did ${name} at once`) };
    const id = randomUUID();
    tasks.set(id, { name, polls: 0, text: String(input?.text) });
    const now = new Date().toISOString();
    const handle = { taskId: id, status: 'working', createdAt: now, lastUpdatedAt: now, ttlMs: 60_000 };
    return { resultType: 'task', ...handle, ...(name === 'noid' ? { taskId: '' } : {}) };
  });
  server.setRequestHandler('tasks/get', { params: taskId }, ({ taskId: id }) => stateOf(id));
  server.setRequestHandler('tasks/update', { params: taskId }, ({ taskId: id }, { mcpReq }) => {
    did(`updated ${tasks.get(id)?.name}`);
    tasks.get(id).answer = JSON.stringify(mcpReq.inputResponses);
    return {};
  });
  server.setRequestHandler('tasks/cancel', { params: taskId }, ({ taskId: id }) => {
    did(`cancelled ${tasks.get(id)?.name}`);
    tasks.get(id).cancelled = true;
    return {};
  });
  return server;
}

if (port === undefined) serveStdio(made);
else {
  const handle = toNodeHandler(createMcpHandler(made));
  createServer((request, response) => handle(request, response)).listen(Number(port), '127.0.0.1', () =>
    process.stdout.write('up\n'),
  );
}
