import { MappingError } from '../../errors.js';
import type { Dialect, HookEvent, ToolReader, ToolUse } from '../event.js';
import { idIn, objectIn, optionalId, optionalText, textIn } from '../members.js';
import { fetches, manyEdits, reads, searches, searchesWeb, shell, writes } from '../tools/readers.js';

type Json = Readonly<Record<string, unknown>>;

const TOOLS: Readonly<Record<string, ToolReader>> = {
  Bash: shell,
  Read: reads('file_path'),
  NotebookRead: reads('notebook_path'),
  LS: reads('path'),
  Glob: searches(['pattern'], 'path'),
  Grep: searches(['glob'], 'path'),
  Write: writes(['file_path'], 'content'),
  Edit: writes(['file_path'], 'new_string'),
  MultiEdit: manyEdits,
  NotebookEdit: writes(['notebook_path'], 'new_source'),
  WebFetch: fetches,
  WebSearch: searchesWeb,
};

/** Claude Code. Codex has the same events. */
export const CLAUDE: Dialect = {
  client: 'claude',
  read: readClaude,
  tools: TOOLS,
  asking: (command) => ({
    session_id: 'writ-doctor',
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_input: { command },
  }),
  stop: ({ kind, name }, reason) =>
    kind === 'before'
      ? {
          hookSpecificOutput: { hookEventName: name, permissionDecision: 'deny', permissionDecisionReason: reason },
        }
      : { decision: 'block', reason },
};

/** Reads an event of Claude Code, or of a client that has the same. @throws {MappingError} if it is another */
export function readClaude(event: Json): HookEvent {
  const name = idIn(event, 'hook_event_name');
  const session = idIn(event, 'session_id');
  switch (name) {
    case 'UserPromptSubmit':
      return { kind: 'prompt', session, name, prompt: textIn(event, 'prompt') };
    case 'PreToolUse':
      return { kind: 'before', session, name, use: useIn(event) };
    case 'PostToolUse':
      return { kind: 'after', session, name, use: useIn(event), result: event.tool_response, failed: false };
    case 'PostToolUseFailure':
      return { kind: 'after', session, name, use: useIn(event), result: event.error, failed: true };
    default:
      throw new MappingError(`${name} is no event that is decided on`);
  }
}

function useIn(event: Json): ToolUse {
  const name = idIn(event, 'tool_name');
  return {
    ...mcpTool(name),
    input: objectIn(event, 'tool_input'),
    cwd: optionalText(event, 'cwd'),
    id: optionalId(event, 'tool_use_id'),
  };
}

/** Returns the server and the tool of `mcp__server__tool`. @throws {MappingError} if it can be read in two ways */
function mcpTool(name: string): Pick<ToolUse, 'server' | 'tool'> {
  if (!name.startsWith('mcp__')) return { tool: name };
  const parts = name.split('__');
  const [, server = '', tool = ''] = parts;
  if (parts.length !== 3 || server === '' || tool === '')
    throw new MappingError(`${name} does not say which tool of which server it is`);
  return { server, tool };
}
