// A real MCP server whose tools are those of a JSON file, as it is each time that somebody asks. Over stdio, or over HTTP on a port that
// is given; notes each call and the credential that it came with.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const [, , file, journal, port] = process.argv;
const note = (text) => appendFileSync(journal, `${text}\n`);

function made() {
  const server = new Server({ name: 'changing', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler('tools/list', () => ({ tools: JSON.parse(readFileSync(file, 'utf8')) }));
  server.setRequestHandler('tools/call', async (request, { mcpReq, http }) => {
    const { name, arguments: input } = request.params;
    note(`${name} ${JSON.stringify(input ?? {})} ${http?.req?.headers.get('authorization') ?? ''}`.trim());
    if (name === 'crash') process.exit(1);
    if (name === 'touch') await mcpReq.notify({ method: 'notifications/tools/list_changed' });
    return { content: [{ type: 'text', text: `did ${name}` }] };
  });
  return server;
}

if (port === undefined) serveStdio(made);
else {
  const handle = toNodeHandler(createMcpHandler(made));
  createServer((request, response) => {
    if (request.url === '/moved') {
      response.writeHead(307, { Location: `http://localhost:${port}/mcp` }).end();
      return;
    }
    handle(request, response);
  }).listen(Number(port), '127.0.0.1', () => process.stdout.write('up\n'));
}
