import { appendFileSync } from 'node:fs';
import { inputRequired, ProtocolError, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

/** A server whose calls are one request and one answer, or nearly; it writes down what it did. */
const [journal] = process.argv.slice(2);
const did = (what) => appendFileSync(journal, `${what}\n`);
const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
const TOOLS = ['say', 'fails', 'refuses', 'asks', 'stays', 'forbidden', 'nothing'];

serveStdio(() => {
  const server = new Server({ name: 'plain', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: TOOLS.map((name) => ({ name, description: name, inputSchema })),
  }));
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: input } }, { mcpReq }) => {
    did(name);
    const content = [{ type: 'text', text: String(input?.text) }];
    if (name === 'fails') return { content, isError: true };
    if (name === 'refuses') throw new ProtocolError(-32_602, 'it has no such thing', { what: 'text' });
    if (name === 'nothing') return { content: [], structuredContent: { a: 1 } };
    if (name === 'asks')
      return inputRequired({
        inputRequests: {
          sure: inputRequired.elicit({ message: 'sure?', requestedSchema: { type: 'object', properties: {} } }),
        },
      });
    if (name === 'stays')
      await new Promise((resolve) => {
        mcpReq.signal.addEventListener('abort', () => resolve(did('was cancelled')));
      });
    return { content, _meta: { 'com.example/more': 1 } };
  });
  return server;
});
