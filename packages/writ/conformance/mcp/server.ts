import { setTimeout as sleep } from 'node:timers/promises';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  completable,
  createRequestStateCodec,
  fromJsonSchema,
  inputRequired,
  inputResponse,
  McpServer,
  ProtocolError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { keepErrors, TASKS, taskTools } from './tasks.js';

/** The server that MCP's conformance tests expect behind whatever they are run against, over stdio. */

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';
const NONE = z.object({});
const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });
const said = (value: string) => ({
  type: 'object' as const,
  properties: { [value]: { type: 'string' as const } },
  required: [value],
});
const states = createRequestStateCodec<string>({ key: 'conformance-of-the-gateway-in-front-of-this' });

const asked = {
  name: inputRequired.elicit({ message: 'What is your name?', requestedSchema: said('name') }),
  greeting: inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: 'Generate a greeting' } }],
    maxTokens: 50,
  }),
  roots: inputRequired.listRoots(),
};

function made(): McpServer {
  const server = new McpServer(
    { name: 'conformance', version: '1.0.0' },
    {
      capabilities: { resources: { subscribe: true }, logging: {}, extensions: { [TASKS]: {} } },
      requestState: { verify: states.verify },
    },
  );
  keepErrors(server);
  // In the revisions that have it; 2026-07-28 listens.
  for (const method of ['resources/subscribe', 'resources/unsubscribe'] as const)
    server.server.setRequestHandler(method, () => ({}));
  tools(server);
  questions(server);
  contents(server);
  taskTools(server);
  return server;
}

/** Registers tools without arguments. */
function plainTools(server: McpServer): (name: string, answer: (context: ServerContext) => unknown) => void {
  return (name, answer) => {
    server.registerTool(
      name,
      { description: name, inputSchema: NONE },
      async (_input, context) => answer(context) as never,
    );
  };
}

function tools(server: McpServer): void {
  const tool = plainTools(server);
  tool('test_simple_text', () => text('This is a simple text response for testing.'));
  tool('test_image_content', () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }));
  tool('test_audio_content', () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }));
  tool('test_embedded_resource', () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }));
  tool('test_multiple_content_types', () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ],
  }));
  tool('test_error_handling', () => ({
    ...text('This tool intentionally returns an error for testing'),
    isError: true,
  }));
  tool('test_tool_with_progress', async ({ mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {};
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await sleep(50);
    }
    return text('done');
  });
  tool('test_tool_with_logging', async ({ mcpReq }) => {
    for (const message of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.log('info', message);
      await sleep(50);
    }
    return text('done');
  });
  tool('test_missing_capability', ({ mcpReq }) => {
    const can = (mcpReq.envelope as Record<string, Record<string, unknown>> | undefined)?.[
      CLIENT_CAPABILITIES_META_KEY
    ];
    if (can?.sampling !== undefined) return text('it is there');
    return inputRequired({ inputRequests: { greeting: asked.greeting } });
  });
  tool('test_streaming_elicitation', ({ mcpReq }) =>
    inputResponse(mcpReq.inputResponses, 'user_name').kind === 'elicit'
      ? text('answered')
      : inputRequired({ inputRequests: { user_name: asked.name } }),
  );
  tool('test_logging_tool', async ({ mcpReq }) => {
    await mcpReq.log('info', 'at work');
    return text('done');
  });
  const shaped = (name: string, schema: object): void => {
    server.registerTool(name, { description: name, inputSchema: fromJsonSchema(schema as never) }, async () =>
      text('done'),
    );
  };
  const word = { type: 'string' };
  shaped('test_header', { type: 'object', properties: { region: { ...word, 'x-mcp-header': 'Region' } } });
  shaped('json_schema_2020_12_tool', {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: word, city: word } } },
    properties: {
      ...{ name: word, address: { $ref: '#/$defs/address' }, phone: word, email: word },
      contactMethod: { ...word, enum: ['phone', 'email'] },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  });
  let count = 0;
  tool('test_trigger_tool_change', () => {
    tool(`test_new_tool_${count++}`, () => text('new'));
    return text('another tool');
  });
  tool('test_trigger_prompt_change', () => {
    server.registerPrompt(`test_new_prompt_${count++}`, { description: 'new' }, () => ({ messages: [] }));
    return text('another prompt');
  });
}

function questions(server: McpServer): void {
  const one = (
    name: string,
    key: string,
    request: ReturnType<typeof inputRequired.elicit> | typeof asked.greeting | typeof asked.roots,
    kind: 'elicit' | 'sampling' | 'roots',
  ): void => {
    server.registerTool(name, { description: name, inputSchema: NONE }, async (_input, { mcpReq }) => {
      const view = inputResponse(mcpReq.inputResponses, key);
      return (
        view.kind === kind
          ? text(`Hello, ${JSON.stringify(view)}!`)
          : inputRequired({ inputRequests: { [key]: request } })
      ) as never;
    });
  };
  one('test_input_required_result_elicitation', 'user_name', asked.name, 'elicit');
  const capital = inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }],
    maxTokens: 100,
  });
  one('test_input_required_result_sampling', 'capital_question', capital, 'sampling');
  one('test_input_required_result_list_roots', 'client_roots', asked.roots, 'roots');
  const tool = plainTools(server);
  const confirm = inputRequired.elicit({
    message: 'Please confirm',
    requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
  });
  for (const name of ['test_input_required_result_request_state', 'test_input_required_result_tampered_state'])
    tool(name, async ({ mcpReq }) => {
      const state = mcpReq.requestState<string>();
      if (state === name && inputResponse(mcpReq.inputResponses, 'confirm').kind === 'elicit') return text('state-ok');
      return inputRequired({ inputRequests: { confirm }, requestState: await states.mint(name) });
    });
  tool('test_input_required_result_multiple_inputs', async ({ mcpReq }) => {
    const kinds = ['user_name', 'greeting', 'client_roots'].map(
      (key) => inputResponse(mcpReq.inputResponses, key).kind,
    );
    if (mcpReq.requestState() === 'several' && kinds.join() === 'elicit,sampling,roots') return text('all answered');
    return inputRequired({
      inputRequests: { user_name: asked.name, greeting: asked.greeting, client_roots: asked.roots },
      requestState: await states.mint('several'),
    });
  });
  tool('test_input_required_result_multi_round', async ({ mcpReq }) => {
    const state = mcpReq.requestState<string>();
    if (state === 'second' && inputResponse(mcpReq.inputResponses, 'step2').kind === 'elicit')
      return text('both answered');
    if (state === 'first' && inputResponse(mcpReq.inputResponses, 'step1').kind === 'elicit') {
      const step2 = inputRequired.elicit({
        message: 'Step 2: What is your favorite color?',
        requestedSchema: said('color'),
      });
      return inputRequired({ inputRequests: { step2 }, requestState: await states.mint('second') });
    }
    const step1 = inputRequired.elicit({ message: 'Step 1: What is your name?', requestedSchema: said('name') });
    return inputRequired({ inputRequests: { step1 }, requestState: await states.mint('first') });
  });
  tool('test_input_required_result_capabilities', ({ mcpReq }) => {
    const can = (mcpReq.envelope as Record<string, Record<string, unknown>> | undefined)?.[
      'io.modelcontextprotocol/clientCapabilities'
    ];
    if (mcpReq.inputResponses !== undefined) return text('answered');
    const requests = {
      ...(can?.elicitation === undefined ? {} : { user_name: asked.name }),
      ...(can?.sampling === undefined ? {} : { greeting: asked.greeting }),
    };
    return Object.keys(requests).length === 0 ? text('nobody to ask') : inputRequired({ inputRequests: requests });
  });
  withArguments(server);
}

/** What the tests of 2025-11-25 have. */
function withArguments(server: McpServer): void {
  const sampling = z.object({ prompt: z.string() });
  server.registerTool(
    'test_sampling',
    { description: 'samples', inputSchema: sampling },
    async ({ prompt }, { mcpReq }) => {
      const view = inputResponse(mcpReq.inputResponses, 'answer');
      if (view.kind === 'sampling') return text(`LLM response: ${JSON.stringify(view.result.content)}`);
      const content = { type: 'text' as const, text: prompt };
      const answer = inputRequired.createMessage({ messages: [{ role: 'user', content }], maxTokens: 100 });
      return inputRequired({ inputRequests: { answer } }) as never;
    },
  );
  const elicit = (
    name: string,
    key: string,
    message: (input: { message?: string }) => string,
    requestedSchema: object,
    shape: z.ZodObject,
  ): void => {
    server.registerTool(name, { description: name, inputSchema: shape }, async (input, { mcpReq }) => {
      const view = inputResponse(mcpReq.inputResponses, key);
      if (view.kind === 'elicit') {
        const content = JSON.stringify(acceptedContent(mcpReq.inputResponses, key) ?? {});
        const what = name === 'test_elicitation' ? 'User response' : 'Elicitation completed';
        return text(`${what}: action=${view.action}, content=${content}`);
      }
      const question = inputRequired.elicit({
        message: message(input as { message?: string }),
        requestedSchema: requestedSchema as never,
      });
      return inputRequired({ inputRequests: { [key]: question } }) as never;
    });
  };
  const user = {
    type: 'object',
    properties: {
      username: { type: 'string', description: "User's response" },
      email: { type: 'string', description: "User's email address" },
    },
    required: ['username', 'email'],
  };
  elicit('test_elicitation', 'user', ({ message }) => message ?? '', user, z.object({ message: z.string() }));
  const defaults = {
    type: 'object',
    properties: {
      name: { type: 'string', default: 'John Doe' },
      age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true },
    },
  };
  elicit('test_elicitation_sep1034_defaults', 'defaults', () => 'With defaults', defaults, NONE);
  const titled = [1, 2, 3].map((n) => ({ const: `value${n}`, title: `Choice ${n}` }));
  const enums = {
    type: 'object',
    properties: {
      untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
      titledSingle: { type: 'string', oneOf: titled },
      legacyEnum: {
        type: 'string',
        enum: ['opt1', 'opt2', 'opt3'],
        enumNames: ['Option One', 'Option Two', 'Option Three'],
      },
      untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
      titledMulti: { type: 'array', items: { anyOf: titled } },
    },
  };
  elicit('test_elicitation_sep1330_enums', 'enums', () => 'Choose', enums, NONE);
}

function contents(server: McpServer): void {
  const resource = (uri: string, mimeType: string, content: object): void => {
    server.registerResource(
      uri,
      uri,
      { description: uri, mimeType },
      async () => ({ contents: [{ uri, mimeType, ...content }] }) as never,
    );
  };
  resource('test://static-text', 'text/plain', { text: 'This is the content of the static text resource.' });
  resource('test://static-binary', 'image/png', { blob: PNG });
  resource('test://watched-resource', 'text/plain', { text: 'watched' });
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource(
    'template',
    template,
    { description: 'by id', mimeType: 'application/json' },
    async (uri, { id }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  );
  const user = (content: object) => ({ role: 'user' as const, content: content as { type: 'text'; text: string } });
  server.registerPrompt('test_simple_prompt', { description: 'simple' }, () => ({
    messages: [user({ type: 'text', text: 'This is a simple prompt for testing.' })],
  }));
  const starting = (value: string): string[] =>
    ['paris', 'park', 'party', 'plan'].filter((one) => one.startsWith(value));
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'with arguments',
      argsSchema: z.object({ arg1: completable(z.string(), starting), arg2: z.string() }),
    },
    ({ arg1, arg2 }) => ({
      messages: [user({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` })],
    }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'with a resource', argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri: uri }) => ({
      messages: [
        user({
          type: 'resource',
          resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        }),
        user({ type: 'text', text: 'Please process the embedded resource above.' }),
      ],
    }),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'with an image' }, () => ({
    messages: [
      user({ type: 'image', data: PNG, mimeType: 'image/png' }),
      user({ type: 'text', text: 'Please analyze the image above.' }),
    ],
  }));
  server.registerPrompt('test_input_required_result_prompt', { description: 'asks first' }, async ({ mcpReq }) => {
    const view = inputResponse(mcpReq.inputResponses, 'user_context');
    if (view.kind === 'elicit') return { messages: [user({ type: 'text', text: JSON.stringify(view.content) })] };
    const user_context = inputRequired.elicit({
      message: 'What context should the prompt use?',
      requestedSchema: said('context'),
    });
    return inputRequired({ inputRequests: { user_context } }) as never;
  });
}

// A state that was tampered with is an error of the protocol, and not of a tool.
process.on('unhandledRejection', (error) => {
  if (!ProtocolError.isInstance(error)) throw error;
});
serveStdio(made);
