import { CallError } from '../app/errors.js';
import {
  type AnyWrit,
  assertElsewhere,
  callOfTool,
  guardOf,
  refusalText,
  type ToolOptions,
} from '../tools/tool-call.js';

/** The part of a tool of `@openai/agents` that is used. */
interface AgentTool {
  readonly type: string;
  readonly name: string;
}
type Invoke = (context: unknown, input: string, details?: unknown) => Promise<unknown>;

/**
 * Returns tools each of whose calls is decided in `invoke`, which every call of a function tool passes: a guardrail that returns `{}` lets
 * the tool run, and no guardrail can change its input. The model receives a refusal as the result of its call.
 *
 * @example
 * const agent = new Agent({ name: 'desk', tools: guardTools(writ, tools, { subject, agent: 'support-bot' }) });
 */
export function guardTools<Tool extends AgentTool>(
  writ: AnyWrit,
  tools: readonly Tool[],
  options: ToolOptions,
): Tool[] {
  return tools.map((tool) => {
    const { invoke } = tool as { readonly invoke?: Invoke };
    if (tool.type !== 'function' || invoke === undefined) {
      assertElsewhere(options, tool.name);
      return tool;
    }
    const guarded: Invoke = async (context, text, details) => {
      try {
        const call = callOfTool(options, tool.name, inputIn(tool.name, text));
        // The tool reads the value that was decided on, as it is written again.
        const run = (input: unknown) => invoke.call(tool, context, JSON.stringify(input), details);
        return await writ.guard(call, run, guardOf(options));
      } catch (error) {
        return refusalText(tool.name, error);
      }
    };
    return { ...tool, invoke: guarded };
  });
}

/** @throws {CallError} if it is not JSON */
function inputIn(tool: string, text: string): unknown {
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    throw new CallError(`the input of ${tool} is not JSON`);
  }
}
