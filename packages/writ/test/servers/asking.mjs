// A server of 2025-11-25, spoken by hand: it says texts beside its answers, as a log message, as a question, or after the answer.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const log = (text) => send({ method: 'notifications/message', params: { level: 'info', data: text } });
const TOOLS = ['logs', 'asks', 'late', 'nothing'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
}));
const waiting = new Map();

async function call({ name, arguments: { text } }) {
  if (name === 'logs') log(text);
  if (name === 'asks') {
    const requestedSchema = { type: 'object', properties: {} };
    const answered = new Promise((resolve) => waiting.set('ask', resolve));
    send({ id: 'ask', method: 'elicitation/create', params: { message: text, requestedSchema } });
    await answered;
  }
  if (name === 'late') void sleep(100).then(() => log(text));
  return { content: [{ type: 'text', text: 'done' }] };
}

const RESULTS = {
  initialize: () => ({
    protocolVersion: '2025-11-25',
    capabilities: { tools: {}, logging: {} },
    serverInfo: { name: 'asking', version: '1' },
  }),
  'tools/list': () => ({ tools: TOOLS }),
  'tools/call': call,
  'logging/setLevel': () => ({}),
  ping: () => ({}),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === undefined) waiting.get(id)?.();
  else if (id !== undefined)
    void Promise.resolve(RESULTS[method]?.(params)).then((result) =>
      send(result === undefined ? { id, error: { code: -32601, message: 'no such method' } } : { id, result }),
    );
}
