import { isObject } from '@writ/sdk/lib/is-object';
import { MappingError } from '../../errors.js';
import type { Dialect, HookEvent, ToolUse } from '../event.js';
import { idIn, objectIn, optionalText, textIn } from '../members.js';
import { fetchesNamed, reads, searches, searchesWeb, shell, writes } from '../tools/readers.js';

type Json = Readonly<Record<string, unknown>>;

/** Gemini CLI. Its calls have no id. */
export const GEMINI: Dialect = {
  client: 'gemini',
  read,
  tools: {
    run_shell_command: shell,
    read_file: reads('file_path', 'absolute_path'),
    list_directory: reads('dir_path', 'path'),
    glob: searches(['pattern'], 'dir_path', 'path'),
    search_file_content: searches(['include', 'include_pattern'], 'dir_path', 'path'),
    grep_search: searches(['include', 'include_pattern'], 'dir_path', 'path'),
    write_file: writes(['file_path'], 'content'),
    replace: writes(['file_path'], 'new_string'),
    web_fetch: fetchesNamed,
    google_web_search: searchesWeb,
  },
  asking: (command) => ({
    session_id: 'writ-doctor',
    hook_event_name: 'BeforeTool',
    tool_name: 'run_shell_command',
    tool_input: { command },
  }),
  stop: (_event, reason) => ({ decision: 'deny', reason }),
};

/** @throws {MappingError} if it is no event of Gemini CLI */
function read(event: Json): HookEvent {
  const name = idIn(event, 'hook_event_name');
  const session = idIn(event, 'session_id');
  switch (name) {
    case 'BeforeAgent':
      return { kind: 'prompt', session, name, prompt: textIn(event, 'prompt') };
    case 'BeforeTool':
      return { kind: 'before', session, name, use: useIn(event) };
    case 'AfterTool': {
      const { tool_response: response } = event;
      const { llmContent, error } = isObject(response) ? response : {};
      const result = llmContent ?? response;
      return { kind: 'after', session, name, use: useIn(event), result, failed: error !== undefined && error !== null };
    }
    default:
      throw new MappingError(`${name} is no event that is decided on`);
  }
}

function useIn(event: Json): ToolUse {
  const of = event.mcp_context;
  const named = isObject(of)
    ? { server: idIn(of, 'server_name'), tool: idIn(of, 'tool_name') }
    : { tool: idIn(event, 'tool_name') };
  return { ...named, input: objectIn(event, 'tool_input'), cwd: optionalText(event, 'cwd'), id: undefined };
}
