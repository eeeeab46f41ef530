// The office that the conformance tests act on: a real MCP server. It notes every call that reaches it in the file of its first argument.
import { appendFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const [, , journal] = process.argv;
const TOOLS = {
  read_document: { document: z.string() },
  read_customer: { customer: z.string() },
  list_staff: {},
  search_web: { query: z.string() },
  send_mail: { to: z.string(), body: z.string() },
  pay: { to: z.string(), amount: z.number().int() },
  publish: { text: z.string() },
  delete_all: {},
};
const ANSWERS = { read_customer: '{"name":"Eve","city":"Bern"}', list_staff: '["ana","ben"]' };

serveStdio(() => {
  const server = new McpServer({ name: 'office', version: '1.0.0' });
  for (const [name, shape] of Object.entries(TOOLS))
    server.registerTool(name, { inputSchema: z.object(shape) }, (input) => {
      appendFileSync(journal, `${name} ${JSON.stringify(input)}\n`);
      return { content: [{ type: 'text', text: ANSWERS[name] ?? 'done' }] };
    });
  return server;
});
