import { createServer } from 'node:http';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

/** An MCP server with one tool that says what it is told: over stdio, or over Streamable HTTP on the port that is given. */

const TOOL = {
  name: 'say',
  description: 'Says it.',
  inputSchema: { type: 'object' as const, properties: { text: { type: 'string' } }, required: ['text'] },
};

function made(): Server {
  const server = new Server({ name: 'says', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools: [TOOL] }));
  server.setRequestHandler('tools/call', ({ params }) => ({
    content: [{ type: 'text', text: String(params.arguments?.text) }],
  }));
  return server;
}

const [, , port] = process.argv;
if (port === undefined) serveStdio(made);
else {
  const handle = toNodeHandler(createMcpHandler(made));
  createServer((request, response) => void handle(request as NodeIncomingMessageLike, response)).listen(
    Number(port),
    '127.0.0.1',
    () => {
      process.stdout.write('up\n');
    },
  );
}
