import { parseJson } from '@writ/cedar/json';
import { MappingError } from '../../errors.js';
import type { Dialect, HookEvent, ToolUse } from '../event.js';
import { idIn, objectIn, optionalId, optionalText, textIn } from '../members.js';
import { fetches, reads, searches, searchesWeb, shell, writes } from '../tools/readers.js';

type Json = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 64;

/** Cursor: one event for every tool, and older ones for some. */
export const CURSOR: Dialect = {
  client: 'cursor',
  read,
  tools: {
    Shell: shell,
    Read: reads('file_path', 'path'),
    LS: reads('path'),
    Grep: searches(['glob'], 'path'),
    Glob: searches(['pattern', 'glob_pattern'], 'path', 'target_directory'),
    Write: writes(['file_path', 'path'], 'content', 'contents'),
    StrReplace: writes(['file_path', 'path'], 'new_string'),
    WebFetch: fetches,
    WebSearch: searchesWeb,
  },
  asking: (command) => ({
    conversation_id: 'writ-doctor',
    hook_event_name: 'preToolUse',
    tool_name: 'Shell',
    tool_input: { command },
  }),
  stop: ({ kind }, reason) => {
    if (kind === 'prompt') return { continue: false, user_message: reason };
    if (kind === 'after') return { additional_context: reason };
    return { permission: 'deny', user_message: reason, agent_message: reason };
  },
};

/** @throws {MappingError} if it is no event of Cursor */
function read(event: Json): HookEvent {
  const name = idIn(event, 'hook_event_name');
  const session = idIn(event, 'conversation_id');
  const of = { session, name };
  switch (name) {
    case 'beforeSubmitPrompt':
      return { kind: 'prompt', ...of, prompt: textIn(event, 'prompt') };
    case 'preToolUse':
      return { kind: 'before', ...of, use: useIn(event) };
    case 'postToolUse':
      return { kind: 'after', ...of, use: useIn(event), result: event.tool_output, failed: false };
    case 'postToolUseFailure':
      return { kind: 'after', ...of, use: useIn(event), result: event.error_message ?? event.error, failed: true };
    case 'beforeShellExecution':
      return { kind: 'before', ...of, use: oneUse(event, 'Shell', { command: textIn(event, 'command') }) };
    case 'afterShellExecution': {
      const use = oneUse(event, 'Shell', { command: textIn(event, 'command') });
      return { kind: 'after', ...of, use, result: event.output, failed: false };
    }
    case 'beforeReadFile':
      return { kind: 'before', ...of, use: oneUse(event, 'Read', { file_path: textIn(event, 'file_path') }) };
    case 'beforeMCPExecution':
      return { kind: 'before', ...of, use: mcpUse(event) };
    case 'afterMCPExecution':
      return { kind: 'after', ...of, use: mcpUse(event), result: event.result_json, failed: false };
    default:
      throw new MappingError(`${name} is no event that is decided on`);
  }
}

function useIn(event: Json): ToolUse {
  const name = idIn(event, 'tool_name');
  // It does not say which server has the tool.
  const named = name.startsWith('MCP:') ? { server: 'cursor', tool: name.slice('MCP:'.length) } : { tool: name };
  const input = inputIn(event);
  return { ...named, input, cwd: optionalText(event, 'cwd') ?? rootOf(event), id: optionalId(event, 'tool_use_id') };
}

function oneUse(event: Json, tool: string, input: Json): ToolUse {
  return { tool, input, cwd: optionalText(event, 'cwd') ?? rootOf(event), id: undefined };
}

function mcpUse(event: Json): ToolUse {
  const tool = idIn(event, 'tool_name');
  return { server: 'cursor', tool, input: inputIn(event), cwd: undefined, id: undefined };
}

/** Returns the input, which some events have as JSON in a text. @throws {MappingError} if it is no object */
function inputIn(event: Json): Json {
  const { tool_input: input } = event;
  if (typeof input !== 'string') return objectIn(event, 'tool_input');
  try {
    return objectIn({ tool_input: parseJson(input, { mode: 'wire', maxDepth: MAX_DEPTH }) }, 'tool_input');
  } catch (error) {
    if (error instanceof MappingError) throw error;
    throw new MappingError('tool_input is no JSON with one reading');
  }
}

function rootOf({ workspace_roots: roots }: Json): string | undefined {
  const [root, ...more] = Array.isArray(roots) ? (roots as unknown[]) : [];
  return typeof root === 'string' && more.length === 0 ? root : undefined;
}
