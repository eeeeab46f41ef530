// A real MCP server whose tools fail in the ways that servers fail. Notes each call in the file of its first argument.
import { appendFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const [, , journal] = process.argv;
const note = (text) => appendFileSync(journal, `${text}\n`);

serveStdio(() => {
  const server = new McpServer({ name: 'fragile', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: z.looseObject({}) }, (input, { mcpReq }) => {
    note(`echo ${JSON.stringify(input)}`);
    if (mcpReq._meta?.traceparent !== undefined) note(`trace ${mcpReq._meta.traceparent}`);
    const token = mcpReq._meta?.['dev.writ/txn-token'];
    if (token !== undefined) note(`token ${token}`);
    return { content: [{ type: 'text', text: JSON.stringify(input) }] };
  });
  server.registerTool('crash', { inputSchema: z.object({}) }, () => {
    note('crash');
    process.exit(1);
  });
  server.registerTool('fail', { inputSchema: z.object({}) }, () => {
    note('fail');
    return { content: [{ type: 'text', text: 'no such thing' }], isError: true };
  });
  server.registerTool('slow', { inputSchema: z.object({}) }, async (_input, { mcpReq }) => {
    note('slow');
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 30_000);
      mcpReq.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        note('slow cancelled');
        resolve();
      });
    });
    return { content: [{ type: 'text', text: 'slow' }] };
  });
  return server;
});
