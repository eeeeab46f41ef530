import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { tool as langchainTool } from '@langchain/core/tools';
import { tool as aiTool, generateText, jsonSchema, stepCountIs } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';
import { createAgent, fakeModel } from 'langchain';
import { guardTools as guardAi } from '../src/ai/index.js';
import { writHooks } from '../src/claude/index.js';
import { guardedFetch } from '../src/fetch/index.js';
import type { Writ } from '../src/index.js';
import { writMiddleware } from '../src/langchain/index.js';
import { guardTools as guardOpenAi } from '../src/openai-agents/index.js';

/** The inputs with which a tool ran, and what it does. */
export interface Tool {
  readonly ran: unknown[];
  run(input: unknown): unknown;
}
/** Calls the tool `write` once for each input, at the same time, as the model of a framework. @returns what the model received, as text */
type Drive = (writ: Writ, tool: Tool, inputs: readonly object[]) => Promise<string>;

export const OPTIONS = { subject: { type: 'User', id: 'ana' }, agent: 'bot' } as const;
const SCHEMA = { type: 'object' as const, properties: { n: { type: 'number' as const } }, required: ['n'] };
const runOf = (tool: Tool) => async (input: unknown) => {
  tool.ran.push(input);
  return tool.run(input);
};

const viaAi: Drive = async (writ, tool, inputs) => {
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
  const calls = inputs.map((input, i) => ({
    ...{ type: 'tool-call', toolCallId: `c${i}`, toolName: 'write', input: JSON.stringify(input) },
  }));
  let step = 0;
  const received: unknown[] = [];
  const model = new MockLanguageModelV3({
    doGenerate: async ({ prompt }) => {
      step += 1;
      received.push(prompt.filter(({ role }) => role === 'tool'));
      const content = step === 1 ? calls : [{ type: 'text', text: 'done' }];
      return { content, finishReason: { unified: step === 1 ? 'tool-calls' : 'stop' }, usage, warnings: [] } as never;
    },
  });
  const write = aiTool({ description: 'd', inputSchema: jsonSchema(SCHEMA), execute: runOf(tool) as never });
  const tools = guardAi(writ, { write }, OPTIONS);
  await generateText({ model, prompt: 'go', tools, stopWhen: stepCountIs(2) });
  return JSON.stringify(received);
};

const viaLangchain: Drive = async (writ, tool, inputs) => {
  const model = fakeModel()
    .respondWithTools(inputs.map((args, i) => ({ name: 'write', args: { ...args }, id: `c${i}` })))
    .respond(new AIMessage('done'));
  const run = runOf(tool);
  const write = langchainTool(async (input: unknown) => run(input), {
    name: 'write',
    description: 'd',
    schema: SCHEMA,
  });
  const agent = createAgent({ model, tools: [write], middleware: [writMiddleware(writ, OPTIONS)] });
  const { messages } = await agent.invoke({ messages: [new HumanMessage('go')] });
  return JSON.stringify(messages.filter(({ type }: { type: string }) => type === 'tool'));
};

/** As `invokeFunctionTool` of @openai/agents does it; `scripts` test the package itself where it is installed. */
const viaOpenAi: Drive = async (writ, tool, inputs) => {
  const run = runOf(tool);
  const write = {
    ...{ type: 'function', name: 'write' },
    invoke: async (_context: unknown, text: string): Promise<unknown> => run(JSON.parse(text)),
  };
  const [guarded] = guardOpenAi(writ, [write], OPTIONS);
  return JSON.stringify(await Promise.all(inputs.map((input) => guarded?.invoke({}, JSON.stringify(input)))));
};

/** As the SDK calls hooks: `deny` alone keeps a tool from running. */
const viaClaude: Drive = async (writ, tool, inputs) => {
  const { PreToolUse, PostToolUse, PostToolUseFailure } = writHooks(writ, OPTIONS);
  const run = runOf(tool);
  const all = inputs.map(async (input, i) => {
    const event = { tool_name: 'write', tool_input: input };
    const [before, after, failed] = [PreToolUse, PostToolUse, PostToolUseFailure].map((on) => on[0]?.hooks[0]);
    const said = await before?.({ ...event, hook_event_name: 'PreToolUse' }, `c${i}`);
    if ((said?.hookSpecificOutput as { permissionDecision?: string })?.permissionDecision === 'deny') return said;
    if (JSON.stringify(said) !== '{}') throw new Error('a permit says nothing');
    try {
      const tool_response = await run(input);
      await after?.({ ...event, hook_event_name: 'PostToolUse', tool_response }, `c${i}`);
      return tool_response;
    } catch (error) {
      await failed?.({ ...event, hook_event_name: 'PostToolUseFailure', error }, `c${i}`);
      return String(error);
    }
  });
  return JSON.stringify(await Promise.all(all));
};

const viaFetch: Drive = async (writ, tool, inputs) => {
  const run = runOf(tool);
  const send = (async (_url: string, { body }: { body: string }) => {
    const value = await run(JSON.parse(body));
    return new Response(typeof value === 'string' ? value : JSON.stringify(value));
  }) as never;
  const describe = () => ({ ...OPTIONS, action: 'write', resource: { type: 'Tool', id: 'write' } });
  const guarded = guardedFetch(writ, describe, { fetch: send });
  const all = inputs.map(async (input) => {
    const response = await guarded('http://a.example/', { method: 'POST', body: JSON.stringify(input) });
    return response.text();
  });
  return JSON.stringify(
    (await Promise.allSettled(all)).map((one) => ('value' in one ? one.value : String(one.reason))),
  );
};

export const ADAPTERS: Readonly<Record<string, Drive>> = {
  ai: viaAi,
  langchain: viaLangchain,
  'openai-agents': viaOpenAi,
  claude: viaClaude,
  fetch: viaFetch,
};
