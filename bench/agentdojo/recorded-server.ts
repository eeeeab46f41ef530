import { readFileSync } from 'node:fs';
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { RecordedCall } from './recorded.js';

/**
 * An MCP server over stdio with the tools of a suite: `node recorded-server.js TOOLS NEXT`. It answers a call with the recorded
 * one in the file NEXT, which is written before the call is made.
 */

type Tool = { name: string; description: string; inputSchema: { type: 'object' } };

const [, , toolsFile = '', nextFile = ''] = process.argv;
const { tools } = JSON.parse(readFileSync(toolsFile, 'utf8')) as { tools: Tool[] };

function made(): Server {
  const server = new Server({ name: 'recorded', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({ tools }));
  server.setRequestHandler('tools/call', ({ params }) => {
    const { tool, outcome, result } = JSON.parse(readFileSync(nextFile, 'utf8')) as RecordedCall;
    if (tool !== params.name) throw new Error(`${params.name} was called, and ${tool} is recorded`);
    const text = typeof result === 'string' ? result : JSON.stringify(result);
    return { content: [{ type: 'text', text }], ...(outcome === 'failed' ? { isError: true } : {}) };
  });
  return server;
}

serveStdio(made);
