import type { ModelMessage, ToolSet } from 'ai';
import { type AnyWrit, assertElsewhere, callOfTool, guardOf, type ToolOptions } from '../tools/tool-call.js';

/** Options of tools of the Vercel AI SDK. */
export interface AiOptions extends ToolOptions {
  /** Whether the last message of the user is sent as the prompt; the caller needs the right to. */
  readonly sendPrompt?: boolean;
}

/**
 * Returns tools each of whose calls is decided before `execute`, which is the one place that cannot be skipped: a throw in
 * `onToolCallStart` does not stop a tool. Preliminary results are not handed on, only the last.
 *
 * @example
 * const result = await generateText({ model, prompt, tools: guardTools(writ, tools, { subject, agent: 'support-bot' }) });
 */
export function guardTools<Tools extends ToolSet>(writ: AnyWrit, tools: Tools, options: AiOptions): Tools {
  const all = Object.entries(tools).map(([name, tool]) => [name, guarded(writ, name, tool, options)]);
  return Object.fromEntries(all) as Tools;
}

function guarded(writ: AnyWrit, name: string, tool: ToolSet[string], options: AiOptions): ToolSet[string] {
  const execute = tool.execute as Execute | undefined;
  if (execute === undefined) {
    assertElsewhere(options, name);
    return tool;
  }
  const run: Execute = (input, given) => {
    const prompt = options.sendPrompt === true ? promptIn(given.messages) : undefined;
    return writ.guard(
      callOfTool(options, name, input, prompt),
      async (permitted, { signal }) => {
        const abortSignal = given.abortSignal === undefined ? signal : AbortSignal.any([signal, given.abortSignal]);
        return lastOf(await execute.call(tool, permitted, { ...given, abortSignal }));
      },
      guardOf(options),
    );
  };
  return { ...tool, execute: run } as ToolSet[string];
}

interface Given {
  readonly messages: ModelMessage[];
  readonly abortSignal?: AbortSignal;
}
type Execute = (input: unknown, given: Given) => unknown;

async function lastOf(output: unknown): Promise<unknown> {
  if (typeof output !== 'object' || output === null || !(Symbol.asyncIterator in output)) return output;
  let last: unknown;
  for await (const one of output as AsyncIterable<unknown>) last = one;
  return last;
}

function promptIn(messages: readonly ModelMessage[]): string | undefined {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  if (content === undefined || typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}
