import { isObject } from '@writ/sdk/lib/is-object';
import { MappingError } from '../../errors.js';
import type { Action, ToolReader } from '../event.js';
import { optionalText, textIn } from '../members.js';

type Json = Readonly<Record<string, unknown>>;

const MAX_URLS = 20;

/** A tool that runs a command. With `tty`, somebody can type into it later, and nobody decides on that. */
export const shell: ToolReader = (input) => {
  const command = commandIn(input);
  return [{ action: input.tty === true ? 'interactive_shell' : 'shell', input: { command } }];
};

/** Returns the command as a text. A list of words is quoted, so that a shell reads the same words. */
function commandIn(input: Json): string {
  const { command } = input;
  if (!Array.isArray(command)) return textIn(input, 'command', 'cmd');
  if (command.length === 0 || !command.every((word) => typeof word === 'string'))
    throw new MappingError('command is no list of words');
  const [program, option, script] = command as string[];
  const isScript = command.length === 3 && /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh$/.test(program ?? '');
  if (isScript && (option === '-c' || option === '-lc')) return script as string;
  return (command as string[]).map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** A tool that reads one file or folder; without a path it reads the folder that the client is in. */
export function reads(...members: readonly string[]): ToolReader {
  return (input) => [{ action: 'read_file', input: {}, path: optionalText(input, ...members) ?? '.' }];
}

/** A tool that looks for files by a pattern, below a path. */
export function searches(patterns: readonly string[], ...members: readonly string[]): ToolReader {
  return (input) => {
    for (const name of patterns) {
      const pattern = optionalText(input, name) ?? '';
      if (/^[/~\\]|(?:^|[/\\{,])\.\.(?:[/\\},]|$)|^[A-Za-z]:/.test(pattern))
        throw new MappingError(`${name} leaves its folder; name the folder as path`);
    }
    return [{ action: 'read_file', input: {}, path: optionalText(input, ...members) ?? '.' }];
  };
}

/** A tool that writes one file. @param contents the members with what is written */
export function writes(paths: readonly string[], ...contents: readonly string[]): ToolReader {
  return (input) => [
    { action: 'write_file', input: { content: textIn(input, ...contents) }, path: textIn(input, ...paths) },
  ];
}

/** A tool that makes several changes in one file. */
export const manyEdits: ToolReader = (input) => {
  const { edits } = input;
  if (!Array.isArray(edits) || edits.length === 0) throw new MappingError('edits is no list of changes');
  const content = edits
    .map((edit: unknown) => {
      if (!isObject(edit)) throw new MappingError('edits is no list of changes');
      return textIn(edit, 'new_string');
    })
    .join('\n');
  return [{ action: 'write_file', input: { content }, path: textIn(input, 'file_path') }];
};

export const fetches: ToolReader = (input) => [{ action: 'fetch_url', input: { url: urlIn(textIn(input, 'url')) } }];

/** A tool that fetches what its prompt names: each address is an action of its own. */
export const fetchesNamed: ToolReader = (input) => {
  const words = textIn(input, 'prompt').split(/\s+/);
  const urls = words.filter((word) => word.includes('://'));
  if (urls.length === 0 || urls.length > MAX_URLS)
    throw new MappingError(`prompt names ${urls.length} addresses, and 1 to ${MAX_URLS} can be decided on`);
  return urls.map((url): Action => ({ action: 'fetch_url', input: { url: urlIn(url) } }));
};

function urlIn(text: string): string {
  const isWeb = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isWeb) throw new MappingError('an address is no URL of http or https');
  return text;
}

export const searchesWeb: ToolReader = (input) => [{ action: 'search_web', input: { query: textIn(input, 'query') } }];
