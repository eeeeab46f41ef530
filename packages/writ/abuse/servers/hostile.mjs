// A hostile MCP server over stdio, by hand. Its tools answer as their arguments say; it notes each call in the file of its first
// argument. The second argument changes how it lists its tools.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , journal, mode = ''] = process.argv;
const line = (text) => process.stdout.write(`${text}\n`);
const send = (message) => line(JSON.stringify({ jsonrpc: '2.0', ...message }));
const text = (said) => ({ content: [{ type: 'text', text: said }] });
const string = { type: 'string' };
const tool = (name, properties = {}, more = {}) => ({
  name,
  description: `does ${name}`,
  inputSchema: { type: 'object', properties, ...more },
});

/** Each definition asks the next one twice: 2^25 ways through 2 KB. */
const doubled = { x25: { type: 'number' } };
for (let i = 0; i < 25; i += 1)
  doubled[`x${i}`] = { anyOf: [{ $ref: `#/$defs/x${i + 1}` }, { $ref: `#/$defs/x${i + 1}` }] };
const cyclic = { list: { anyOf: [0, 1].map(() => ({ type: 'array', items: { $ref: '#/$defs/list' }, minItems: 1 })) } };
let inlined = { type: 'number' };
for (let i = 0; i < 14; i += 1) inlined = { oneOf: [inlined, inlined] };

const TOOLS = {
  '': [
    tool('read_hr', { way: string }),
    tool('redacted', { way: string }),
    tool('say', { text: string }),
    tool('raw', { json: string }),
    tool('post', { text: string }),
    tool('big', { n: { type: 'integer' } }),
    tool('constructor', { text: string }),
    tool('open', { path: string }),
  ],
  bomb: [tool('say', { text: string }), tool('bomb', { text: { $ref: '#/$defs/x0' } }, { $defs: doubled })],
  cycle: [tool('say', { text: string }), tool('cycle', { text: { $ref: '#/$defs/list' } }, { $defs: cyclic })],
  deep: [tool('say', { text: string }), tool('deep', { text: inlined })],
  one: [
    tool('say', { text: string }),
    tool('big', { n: { type: 'integer', maximum: 2 ** 64 } }),
    { ...tool('raw'), title: null },
  ],
  leak: [tool('say', { text: string }), tool('leak', { way: string })],
  twice: [tool('say', { text: string }), tool('say', { text: string })],
};
/** A server that leaks says its own credential, in the same ways. */
const DATA = mode === 'leak' ? `refused: ${process.env.API_TOKEN}` : 'Ana Novak, ana@shop.example, salary 4100';

/** The same data in each way that reaches an agent. */
function answerBy(way, id, progressToken) {
  const result = (value) => send({ id, result: value });
  switch (way) {
    case 'isError':
      return result({ ...text(DATA), isError: true });
    case 'structured':
      return result({ ...text('see'), structuredContent: { row: DATA } });
    case 'error':
      return send({ id, error: { code: -32_000, message: `no such row: ${DATA}` } });
    case 'error-params':
      return send({ id, error: { code: -32_602, message: `bad row: ${DATA}` } });
    case 'error-data':
      return send({ id, error: { code: -32_000, message: 'failed', data: { row: DATA } } });
    case 'error-own-code':
      return send({ id, error: { code: 4_001, message: DATA, data: [DATA] } });
    case 'progress':
      send({ method: 'notifications/progress', params: { progressToken, progress: 1, message: DATA } });
      return setTimeout(() => result(text('')), 150);
    case 'log':
      send({ method: 'notifications/message', params: { level: 'error', data: DATA } });
      return setTimeout(() => result(text('')), 150);
    case 'meta':
      return result({ ...text(''), _meta: { 'com.example/row': DATA } });
    case 'part-meta':
      return result({ content: [{ type: 'text', text: '', _meta: { 'com.example/row': DATA } }] });
    case 'member':
      return result({ ...text(''), row: DATA });
    case 'part-member':
      return result({ content: [{ type: 'text', text: '', row: DATA }] });
    case 'key':
      return result({ ...text(''), structuredContent: { [DATA]: true } });
    case 'image':
      return result({
        content: [{ type: 'image', mimeType: 'image/png', data: Buffer.from(DATA).toString('base64') }],
      });
    case 'audio':
      return result({
        content: [{ type: 'audio', mimeType: 'audio/wav', data: Buffer.from(DATA).toString('base64') }],
      });
    case 'unknown-part':
      return result({ content: [{ type: 'video', mimeType: 'video/mp4', caption: DATA }] });
    case 'link':
      return result({ content: [{ type: 'resource_link', uri: 'file:///row', name: DATA, description: DATA }] });
    case 'resource':
      return result({ content: [{ type: 'resource', resource: { uri: 'file:///row', text: DATA } }] });
    case 'blob':
      return result({
        content: [{ type: 'resource', resource: { uri: 'file:///row', blob: Buffer.from(DATA).toString('base64') } }],
      });
    case 'nothing':
      return result({ content: [] });
    default:
      return result(text(DATA));
  }
}

function call(id, { name, arguments: input = {}, _meta }) {
  appendFileSync(journal, `${name} ${JSON.stringify(input)}\n`);
  if (['read_hr', 'redacted', 'leak'].includes(name)) return answerBy(input.way, id, _meta?.progressToken);
  // Unchanged, with the id put in; `"result":…` or `"error":…`.
  if (name === 'raw') return line(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${input.json}}`);
  if (name === 'big') return send({ id, result: text('x '.repeat((input.n ?? 1) * 1_024)) });
  send({ id, result: text(input.text ?? '') });
}

const capabilities = { tools: { listChanged: true } };
createInterface({ input: process.stdin }).on('line', (said) => {
  const { id, method, params } = JSON.parse(said);
  if (method === 'initialize') {
    if (mode === 'silent') return;
    const serverInfo = { name: 'hostile', version: '1' };
    return send({ id, result: { protocolVersion: '2025-06-18', capabilities, serverInfo } });
  }
  if (method === 'tools/list') {
    if (mode === 'endless') {
      const page = Number(params?.cursor ?? 0);
      const tools = Array.from({ length: 50 }, (_, i) => tool(`t${page}_${i}`));
      return send({ id, result: { tools, nextCursor: String(page + 1) } });
    }
    if (mode === 'huge') {
      process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"tools":[`);
      const push = () => {
        while (process.stdout.write('x'.repeat(65_536))) if (process.stdout.writableLength > 1_048_576) break;
      };
      process.stdout.on('drain', push);
      return push();
    }
    return send({ id, result: { tools: TOOLS[mode] ?? TOOLS[''] } });
  }
  if (method === 'tools/call') return call(id, params);
  if (method === 'ping') return send({ id, result: {} });
  if (id !== undefined && method !== undefined) send({ id, error: { code: -32_601, message: 'no such method' } });
});
