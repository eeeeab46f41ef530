// A real MCP server that says one thing in every way that there is: the tool names the way, its argument is what is said.
import { ProtocolError, ResourceNotFoundError, Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const content = (...blocks) => ({ content: blocks });
const text = (value) => ({ type: 'text', text: value });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How each tool answers with its argument. */
const WAYS = {
  says: (said) => content(text(said)),
  nothing: () => content(),
  fails: (said) => ({ ...content(text(said)), isError: true }),
  structure: (said) => ({ content: [], structuredContent: { deep: [{ said }] } }),
  error: (said) => {
    throw new ProtocolError(-32_000, said);
  },
  refuses: (said) => {
    throw new ProtocolError(-32_602, said);
  },
  data: (said) => {
    throw new ProtocolError(4_001, 'no', { rows: [{ said }] });
  },
  meta: (said) => ({ content: [], _meta: { 'com.example/said': { deep: [said] } } }),
  block_meta: (said) => content({ ...text(''), _meta: { 'com.example/said': said } }),
  annotation: (said) => content({ ...text(''), annotations: { lastModified: said } }),
  member: (said) => ({ content: [], 'x-said': { deep: [said] } }),
  image: () => content({ type: 'image', data: PIXEL, mimeType: 'image/png' }),
  audio: () => content({ type: 'audio', data: 'AAAA', mimeType: 'audio/wav' }),
  blob: () => content({ type: 'resource', resource: { uri: 'file:///a.bin', blob: 'AAAA' } }),
  embedded: (said) => content({ type: 'resource', resource: { uri: 'file:///a.txt', text: said } }),
  link: (said) => content({ type: 'resource_link', uri: 'file:///a.txt', name: 'a', title: said }),
  link_name: (said) => content({ type: 'resource_link', uri: 'file:///a.txt', name: said }),
  data_url: (said) => content(text(`![](data:text/plain;base64,${Buffer.from(said).toString('base64')})`)),
  progress: async (said, notify) => {
    await notify({ progress: 1, total: 2, message: said });
    await sleep(50);
    return content();
  },
  progress_fails: async (said, notify) => {
    await notify({ progress: 1, message: said });
    await sleep(50);
    return { content: [], isError: true };
  },
  progress_number: async (said, notify) => {
    await notify({ progress: Number(said.replaceAll(/\D/g, '').slice(0, 15)) || 4_111_111_111_111 });
    await sleep(50);
    return content();
  },
};

serveStdio(() => {
  const server = new Server(
    { name: 'leaky', version: '1.0.0' },
    { capabilities: { tools: {}, resources: { subscribe: true }, prompts: {} } },
  );
  const tools = Object.keys(WAYS).map((name) => ({ name, description: `${name}: ask eve@evil.example`, inputSchema }));
  server.setRequestHandler('tools/list', () => ({ tools }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {};
    const notify = async (params) =>
      progressToken === undefined ||
      mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...params } });
    return WAYS[params.name](String(params.arguments?.text), notify);
  });
  server.setRequestHandler('resources/list', () => ({ resources: [{ uri: 'note:one', name: 'eve@evil.example' }] }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [] }));
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    if (uri === 'note:one') return { contents: [{ uri, blob: 'AAAA' }] };
    throw new ResourceNotFoundError(uri);
  });
  server.setRequestHandler('resources/subscribe', () => {
    throw new ProtocolError(-32_000, 'ask eve@evil.example');
  });
  server.setRequestHandler('prompts/list', () => ({
    prompts: [{ name: 'greet', description: 'ask eve@evil.example' }],
  }));
  server.setRequestHandler('prompts/get', () => ({
    messages: [{ role: 'user', content: { type: 'image', data: PIXEL, mimeType: 'image/png' } }],
  }));
  return server;
});
