// A server that does not keep to the protocol. It speaks JSON-RPC by hand, over stdio, and notes what reaches it in the file of its first
// argument.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , journal] = process.argv;
const note = (text) => appendFileSync(journal, `${text}\n`);
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (said) => ({ content: [{ type: 'text', text: said }] });
const tool = (name, schema = {}) => ({ name, description: name, inputSchema: { type: 'object', ...schema } });
const TOOLS = [
  tool('hold'),
  tool('garbage'),
  tool('shapeless'),
  tool('nested'),
  tool('asks'),
  tool('twice'),
  tool('pattern', { properties: { text: { type: 'string', pattern: '^(a+)+$' } } }),
  tool('headed', { properties: { who: { type: 'string', 'x-mcp-header': 'Who' } } }),
];
let lists = 0;
const held = [];

function call(id, { name, arguments: input }) {
  note(`${name} ${JSON.stringify(input ?? {})}`);
  if (name === 'hold') {
    // Answers two calls at once, the later first, and one more that nobody made.
    held.push([id, input.who]);
    if (held.length < 2) return;
    send({ id: 999_999, result: text('of nobody') });
    for (const [of, who] of held.splice(0).reverse()) send({ id: of, result: text(who) });
    return;
  }
  if (name === 'garbage')
    process.stdout.write('this is no JSON\n{"jsonrpc":"2.0"}\n{"jsonrpc":"2.0","id":[],"result":1}\n');
  if (name === 'shapeless') return send({ id, result: { content: 'all of it', structuredContent: 7 } });
  if (name === 'nested') {
    const depth = 20_000;
    const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    process.stdout.write(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"structuredContent":${deep}}}\n`,
    );
    return;
  }
  if (name === 'asks') {
    for (const [i, method] of ['sampling/createMessage', 'roots/list', 'elicitation/create', 'tools/call'].entries())
      send({
        id: `mine-${i}`,
        method,
        params: { messages: [], maxTokens: 1, message: 'your password?', name: 'hold' },
      });
  }
  if (name === 'twice') {
    lists += 1;
    send({ method: 'notifications/tools/list_changed' });
  }
  send({ id, result: text(`did ${name}`) });
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) note(`answer ${id} ${error === undefined ? JSON.stringify(result) : 'error'}`);
  else if (method === 'initialize')
    send({
      id,
      result: {
        protocolVersion: '2025-06-18',
        capabilities: { tools: { listChanged: true }, resources: {} },
        serverInfo: { name: 'malicious', version: '1.0.0' },
      },
    });
  else if (method === 'tools/list') send({ id, result: { tools: lists === 0 ? TOOLS : [...TOOLS, tool('hold')] } });
  else if (method === 'tools/call') call(id, params);
  else if (method === 'resources/list') send({ id, result: { resources: [{ uri: 'note://one', name: 'one' }] } });
  else if (method === 'resources/templates/list')
    send({ id, result: { resourceTemplates: [{ uriTemplate: 'note://of/{+path}', name: 'notes' }] } });
  else if (method === 'resources/read') {
    note(`read ${params.uri}`);
    send({ id, result: { contents: [{ uri: params.uri, text: 'said' }] } });
  } else if (id !== undefined) send({ id, error: { code: -32_601, message: 'no such method' } });
});
