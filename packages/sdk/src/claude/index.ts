import { BoundedCache } from '../lib/bounded-cache.js';
import { type AnyWrit, callOfTool, guardOf, refusalText, type ToolOptions } from '../tools/tool-call.js';

/** The part of an event of the Claude Agent SDK that is used. */
interface ToolEvent {
  readonly hook_event_name: string;
  readonly tool_name?: string;
  readonly tool_input?: unknown;
  readonly tool_response?: unknown;
  readonly error?: unknown;
}
type Hook = (event: ToolEvent, toolUseId: string | undefined) => Promise<Record<string, unknown>>;
type Permit = Awaited<ReturnType<AnyWrit['begin']>>;

/** The most calls that are under way. The outcome of the one that began longest ago is not reported then: it counts as done. */
const MAX_OPEN = 10_000;

/**
 * Returns hooks that decide each call of a tool before it runs, and report it after. `canUseTool` is no place for that: it is asked
 * only for calls that a person would confirm. A permit says nothing, and the settings of the agent still apply. A permit with an
 * obligation is a denial. A result is reported when the model has it already.
 *
 * @example
 * const messages = query({ prompt, options: { hooks: writHooks(writ, { subject, agent: 'coder' }) } });
 */
export function writHooks(writ: AnyWrit, options: ToolOptions) {
  const open = new BoundedCache<string, Permit>(MAX_OPEN);
  const before: Hook = async ({ tool_name: tool, tool_input: input }, id) => {
    try {
      if (tool === undefined || id === undefined) throw new Error('the event names no call');
      const permit = await writ.begin(callOfTool(options, tool, input), { ...guardOf(options), carriesOut: [] });
      // Without a permit of ours the event is no permit either.
      if (permit.answer.permitted !== true) throw new Error('there is no permit');
      open.set(id, permit);
      return {};
    } catch (error) {
      const reason = refusalText(String(tool), error);
      const decision = { permissionDecision: 'deny', permissionDecisionReason: reason };
      return { hookSpecificOutput: { hookEventName: 'PreToolUse', ...decision } };
    }
  };
  const after: Hook = async ({ hook_event_name: event, tool_response: response, error }, id = '') => {
    const permit = open.get(id);
    open.delete(id);
    try {
      if (event === 'PostToolUseFailure') await permit?.failed(new Error(String(error)));
      else await permit?.completed(response);
      return {};
    } catch (failure) {
      return { decision: 'block', reason: refusalText('a tool', failure) };
    }
  };
  const matcher = (hook: Hook) => [{ hooks: [hook], onFailure: 'block' as const }];
  return { PreToolUse: matcher(before), PostToolUse: matcher(after), PostToolUseFailure: matcher(after) };
}
